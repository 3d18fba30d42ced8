import CKernels

/// What a loss changes with the pixels on which Gaussians are summed: the way back of `GaussianCanvas`, whose margins
/// it has. They are zero.
final class GaussianCotangent<Scalar: GridScalar>: @unchecked Sendable {
  let shape: GridShape
  private let pitch: Int
  private let pixels: AlignedBuffer<Scalar>

  init(_ shape: GridShape) throws {
    self.shape = shape
    pitch = shape.columns + 2 * Int(EP_GAUSSIAN_LANES)
    pixels = try AlignedBuffer(count: shape.rows * pitch, of: "an image of \(shape)")
  }

  /// Copies the cotangent of an image of another shape, origin onto origin; pixels that it lacks count for nothing.
  func copy(from source: UnsafePointer<Scalar>, _ from: GridShape) {
    let rows = Overlap(from.rows, shape.rows)
    let columns = Overlap(from.columns, shape.columns)
    if rows.count < shape.rows || columns.count < shape.columns {
      pixels.pointer.update(repeating: 0, count: pixels.count)
    }
    for row in 0..<rows.count {
      let line = pixels.pointer + (rows.target + row) * pitch + Int(EP_GAUSSIAN_LANES) + columns.target
      line.update(
        from: source + (rows.source + row) * from.columns + columns.source, count: columns.count)
    }
  }

  /// All rows, as the kernel takes them.
  var band: ep_gaussian_band {
    ep_gaussian_band(
      origin: UnsafeMutableRawPointer(pixels.pointer + Int(EP_GAUSSIAN_LANES)), pitch: pitch,
      columns: Int32(shape.columns), firstRow: 0, endRow: Int32(shape.rows))
  }

  /// Scratch that the kernel takes for windows of any width.
  func makeScratch() throws -> AlignedBuffer<Scalar> {
    try AlignedBuffer(
      count: 3 * (shape.columns + shape.rows + 4 * Int(EP_GAUSSIAN_LANES)), of: "lines of \(shape)")
  }
}

/// One of the images, or one plane of a map, from which a gradient is gathered.
struct GaussianLook<Scalar: GridScalar>: Sendable {
  let cotangent: GaussianCotangent<Scalar>
  /// As for drawing.
  let view: ep_gaussian_view
  /// Of a distorted image, whose view is of points that are turned already.
  let rotation: Rotation

  /// What a look's pixel coordinates gather: `Σ g (x, y, z, 1)` over the positions, by the coordinates' axes.
  struct Sums: Sendable {
    var column = SIMD4<Double>(repeating: 0)
    var row = SIMD4<Double>(repeating: 0)
  }
}
