import ExitPlane

/// Turns stored samples into numbers.
struct MRCDecoder: Sendable {
  let mode: MRCMode
  let hasUnsignedBytes: Bool
  let isByteSwapped: Bool

  init(_ header: MRCHeader) {
    mode = header.mode
    hasUnsignedBytes = header.hasUnsignedBytes
    isByteSwapped = header.isBigEndian == (1.littleEndian == 1)
  }

  /// Whether numbers of this type are the stored bytes as they are.
  func keepsBytes<Scalar: GridScalar>(as _: Scalar.Type) -> Bool {
    Scalar.self == Float.self && mode == .float32 && !isByteSwapped
  }

  /// Fills `destination` from as many samples at `source`, which need not be aligned.
  func decode<Scalar: GridScalar>(
    _ source: UnsafeRawPointer, into destination: UnsafeMutableBufferPointer<Scalar>
  ) {
    // The loops are compiled for each of the two scalars here; generic code on the way would cost a call
    // a sample.
    let raw = UnsafeMutableRawBufferPointer(destination)
    if Scalar.self == Float.self {
      decodeSamples(source, into: raw.bindMemory(to: Float.self))
    } else {
      decodeSamples(source, into: raw.bindMemory(to: Double.self))
    }
  }

  @inline(__always)
  private func decodeSamples<Scalar: BinaryFloatingPoint>(
    _ source: UnsafeRawPointer, into destination: UnsafeMutableBufferPointer<Scalar>
  ) {
    switch mode {
    case .int8 where hasUnsignedBytes:
      convert(source, UInt8.self, destination) { Scalar($0) }
    case .int8:
      convert(source, Int8.self, destination) { Scalar($0) }
    case .int16:
      convert(source, Int16.self, destination) { Scalar($0) }
    case .uint16:
      convert(source, UInt16.self, destination) { Scalar($0) }
    case .float16:
      convert(source, UInt16.self, destination) { Scalar(MRCHalf.single($0)) }
    case .float32:
      convert(source, UInt32.self, destination) { Scalar(Float(bitPattern: $0)) }
    }
  }

  @inline(__always)
  private func convert<Raw: FixedWidthInteger & BitwiseCopyable, Scalar>(
    _ source: UnsafeRawPointer, _: Raw.Type, _ destination: UnsafeMutableBufferPointer<Scalar>,
    _ value: (Raw) -> Scalar
  ) {
    guard let output = destination.baseAddress else { return }
    let stride = MemoryLayout<Raw>.stride
    if isByteSwapped {
      for index in 0..<destination.count {
        output[index] = value(source.loadUnaligned(fromByteOffset: index &* stride, as: Raw.self).byteSwapped)
      }
    } else {
      for index in 0..<destination.count {
        output[index] = value(source.loadUnaligned(fromByteOffset: index &* stride, as: Raw.self))
      }
    }
  }
}
