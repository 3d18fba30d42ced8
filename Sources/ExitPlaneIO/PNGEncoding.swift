import CPNG
import ExitPlane

/// A grayscale PNG file of 8-bit samples, 0 black to 255 white.
///
/// - Parameters:
///   - samples: `shape.count` of them, row-major, the top row first.
///   - shape: of the picture.
/// - Throws: `.invalidValue` when the number of samples does not fit the shape, `.unsupported` when libpng
///   cannot encode the picture.
public func encodePNG(_ samples: [UInt8], shape: GridShape) throws -> [UInt8] {
  try encode(samples, shape: shape, format: png_uint_32(PNG_FORMAT_GRAY))
}

/// A grayscale PNG file of 16-bit samples.
///
/// Samples are in proportion to light, and the file says so (`gAMA` of 1): a viewer shows 32768 brighter
/// than it shows 128 of the 8-bit kind.
///
/// - Parameters:
///   - samples: `shape.count` of them, row-major, the top row first.
///   - shape: of the picture.
/// - Throws: As for 8-bit samples.
public func encodePNG(_ samples: [UInt16], shape: GridShape) throws -> [UInt8] {
  try encode(samples, shape: shape, format: png_uint_32(PNG_FORMAT_LINEAR_Y))
}

private func encode<Sample: FixedWidthInteger>(
  _ samples: [Sample], shape: GridShape, format: png_uint_32
) throws -> [UInt8] {
  guard samples.count == shape.count else {
    throw ExitPlaneError.invalid(
      "number of samples", got: "\(samples.count)", need: "\(shape.count) for \(shape)")
  }
  var picture = png_image()
  picture.version = png_uint_32(PNG_IMAGE_VERSION)
  picture.width = png_uint_32(shape.columns)
  picture.height = png_uint_32(shape.rows)
  picture.format = format
  defer { png_image_free(&picture) }

  // The most that libpng's header allows for a file of n bytes of filtered rows, and rounded up.
  let rowBytes = shape.rows * (1 + shape.columns * MemoryLayout<Sample>.size)
  let room = rowBytes + rowBytes / 8 + rowBytes / 64 + 1024
  var size = png_alloc_size_t(room)
  var isWritten = false
  let file = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
    isWritten = png_image_write_to_memory(&picture, buffer.baseAddress, &size, 0, samples, 0, nil) != 0
    count = isWritten ? Int(size) : 0
  }
  guard isWritten else {
    let reason = withUnsafeBytes(of: picture.message) {
      String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
    }
    throw ExitPlaneError(.unsupported, "a picture of \(shape) pixels cannot be written as PNG: \(reason)")
  }
  return file
}
