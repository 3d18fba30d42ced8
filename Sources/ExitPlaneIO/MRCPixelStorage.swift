import ExitPlane

/// Puts pixels into a file as its mode holds them, and tells what they are once stored: a header's extremes must
/// be found in its data.
struct MRCPixelStorage: Sendable {
  let path: String
  let shape: GridShape
  let mode: MRCOutputMode
  /// "image" or "section", for messages.
  let noun: String
  /// Puts bytes at a place in the file.
  let write: @Sendable (UnsafeRawBufferPointer, _ offset: Int) throws -> Void

  private static let chunk = 16384

  /// Stores an image of `shape.count` pixels in the place of number `index`.
  ///
  /// - Throws: `.invalidValue` for a pixel that is not finite in the file's mode; what `write` throws.
  func store<Scalar: GridScalar>(
    _ image: UnsafeBufferPointer<Scalar>, at index: Int
  ) throws -> MRCStatistics {
    let raw = UnsafeRawBufferPointer(image)
    let stored =
      if Scalar.self == Float.self {
        try store(singles: raw.bindMemory(to: Float.self), firstPixel: index * shape.count)
      } else {
        try store(doubles: raw.bindMemory(to: Double.self), firstPixel: index * shape.count)
      }
    guard stored.isFinite else { throw unstorable(image, index: index) }
    return stored
  }

  // `firstPixel` counts from the first image.

  private func store(singles: UnsafeBufferPointer<Float>, firstPixel: Int) throws -> MRCStatistics {
    guard mode == .float32 else { return try store(asHalves: singles, firstPixel: firstPixel) }
    // The memory of every machine Swift runs on is little-endian, like the file.
    try writeBytes(UnsafeRawBufferPointer(singles), firstPixel: firstPixel)
    return MRCStatistics(singles)
  }

  private func store(asHalves singles: UnsafeBufferPointer<Float>, firstPixel: Int) throws -> MRCStatistics {
    try withUnsafeTemporaryAllocation(of: UInt16.self, capacity: Self.chunk) { halves in
      try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk) { rounded in
        var total = MRCStatistics()
        for start in stride(from: 0, to: singles.count, by: Self.chunk) {
          let count = min(Self.chunk, singles.count - start)
          for pixel in 0..<count {
            let half = MRCHalf.half(singles[start &+ pixel])
            halves[pixel] = half
            rounded[pixel] = MRCHalf.single(half)
          }
          try writeBytes(
            UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: halves[..<count])),
            firstPixel: firstPixel + start)
          total.join(MRCStatistics(UnsafeBufferPointer(rebasing: rounded[..<count])))
        }
        return total
      }
    }
  }

  private func store(doubles: UnsafeBufferPointer<Double>, firstPixel: Int) throws -> MRCStatistics {
    try withUnsafeTemporaryAllocation(of: Float.self, capacity: Self.chunk) { singles in
      var total = MRCStatistics()
      for start in stride(from: 0, to: doubles.count, by: Self.chunk) {
        let count = min(Self.chunk, doubles.count - start)
        for pixel in 0..<count { singles[pixel] = Float(doubles[start &+ pixel]) }
        total.join(
          try store(
            singles: UnsafeBufferPointer(rebasing: singles[..<count]), firstPixel: firstPixel + start))
      }
      return total
    }
  }

  private func writeBytes(_ bytes: UnsafeRawBufferPointer, firstPixel: Int) throws {
    try write(bytes, MRCHeader.byteCount + firstPixel * mode.mode.bytesPerSample)
  }

  /// What to say of the first pixel that the file's mode cannot hold.
  private func unstorable<Scalar: GridScalar>(
    _ image: UnsafeBufferPointer<Scalar>, index: Int
  ) -> ExitPlaneError {
    let limit = mode == .float16 ? MRCHalf.overflowThreshold : .infinity
    let pixel = image.firstIndex { !(Float($0).magnitude < limit) } ?? 0
    let place = "pixel (y \(pixel / shape.columns), x \(pixel % shape.columns))"
    return .invalid(
      "\(noun) \(index + 1) of \(path), \(place),", got: "\(image[pixel])",
      need: mode == .float16 ? "finite and within ±65504 for half precision" : "finite in single precision")
  }
}
