import CZlib
import ExitPlane

/// MRC files compressed with gzip.
enum MRCGzip {
  static func isGzip(_ bytes: [UInt8]) -> Bool {
    // 8, deflate, is the only method there is. As a column count these bytes would be over 500,000.
    bytes.count >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8
  }

  /// Inflates a whole file.
  ///
  /// The header, inflated first, says how much memory to take; more than deflate could have pressed
  /// into the file is refused before any is taken.
  ///
  /// - Throws: `.malformedFile` when the compressed data are damaged or cut short, or hold more or less
  ///   than their header says.
  static func inflate(_ compressed: OpenFile) throws -> (header: MRCHeader, memory: MappedMemory) {
    let path = compressed.path
    let stream = try InflateStream(compressed)
    return try withUnsafeTemporaryAllocation(byteCount: MRCHeader.byteCount, alignment: 8) { headerBytes in
      let found = try stream.read(into: headerBytes)
      let header = try MRCHeader(
        parsing: UnsafeRawBufferPointer(rebasing: headerBytes[..<found]), path: path)
      let expected = header.fileByteCount
      // Deflate's best is 258 bytes from 2 bits.
      guard expected / 1032 <= compressed.byteCount else {
        throw ExitPlaneError.file(
          path, found: "its header describes more data than the compressed file can hold",
          need: "the file is truncated or its header is damaged")
      }
      let memory: MappedMemory
      do throws(SystemError) {
        memory = try MappedMemory(zeroed: expected)
      } catch {
        throw ExitPlaneError.file(
          path, kind: .unreadableFile, found: "\(expected) bytes of memory for its data: \(error.clause)",
          need: "free some memory")
      }
      memory.mutableBytes.copyMemory(from: UnsafeRawBufferPointer(headerBytes))
      let rest = UnsafeMutableRawBufferPointer(rebasing: memory.mutableBytes[MRCHeader.byteCount...])
      let actual = try MRCHeader.byteCount + stream.read(into: rest)
      let isLonger = actual == expected ? try stream.read(into: headerBytes) > 0 : false
      guard actual == expected, !isLonger else {
        throw MRCFile.wrongLength(
          path, expected: expected, actual: isLonger ? "more" : "\(actual)", isTruncated: !isLonger)
      }
      return (header, memory)
    }
  }
}

/// The bytes behind a gzip file's compressed ones, in order.
private final class InflateStream {
  private static let inputByteCount = 1 << 18

  private let file: OpenFile
  /// At one address for its whole life: zlib keeps a pointer back to it.
  private let state: UnsafeMutablePointer<z_stream>
  private let input: UnsafeMutableRawBufferPointer
  /// Of the file, from its start.
  private var readCount = 0
  private var isFinished = false

  init(_ file: OpenFile) throws {
    self.file = file
    input = .allocate(byteCount: Self.inputByteCount, alignment: 16)
    state = .allocate(capacity: 1)
    state.initialize(to: z_stream())
    // 15 bits of window, and 16 for gzip's wrapping rather than zlib's own.
    guard inflateInit2_(state, 15 + 16, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size)) == Z_OK else {
      state.deallocate()
      input.deallocate()
      throw ExitPlaneError.file(
        file.path, kind: .unreadableFile, found: "zlib does not start", need: "check its installation")
    }
  }

  deinit {
    inflateEnd(state)
    state.deallocate()
    input.deallocate()
  }

  /// Fills `output`, or as much of it as there is; returns the number of bytes.
  func read(into output: UnsafeMutableRawBufferPointer) throws -> Int {
    // zlib counts in 32 bits.
    let largestCall = 1 << 30
    var done = 0
    while done < output.count, !isFinished {
      if state.pointee.avail_in == 0, readCount < file.byteCount { try readInput() }
      let room = min(output.count - done, largestCall)
      state.pointee.next_out = output.baseAddress.map { ($0 + done).assumingMemoryBound(to: UInt8.self) }
      state.pointee.avail_out = UInt32(room)
      let code = CZlib.inflate(state, Z_NO_FLUSH)
      done += room - Int(state.pointee.avail_out)
      let isAtEnd = state.pointee.avail_in == 0 && readCount == file.byteCount
      switch code {
      case Z_OK:
        break
      case Z_STREAM_END:
        // Parallel compressors write several gzip members one after another.
        isFinished = isAtEnd
        if !isFinished { inflateReset(state) }
      case Z_BUF_ERROR where isAtEnd:
        throw damaged("they end too early")
      default:
        throw damaged(state.pointee.msg.map { String(cString: $0) } ?? "zlib error \(code)")
      }
    }
    return done
  }

  private func readInput() throws {
    let part = UnsafeMutableRawBufferPointer(rebasing: input[..<min(input.count, file.byteCount - readCount)])
    try file.read(into: part, at: readCount)
    readCount += part.count
    state.pointee.next_in = part.baseAddress?.assumingMemoryBound(to: UInt8.self)
    state.pointee.avail_in = UInt32(part.count)
  }

  private func damaged(_ reason: String) -> ExitPlaneError {
    .file(
      file.path, found: "the gzip data are damaged: \(reason)",
      need: "copy the file again; gzip -t says when it is whole")
  }
}
