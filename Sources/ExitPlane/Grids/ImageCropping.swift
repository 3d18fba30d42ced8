/// Copies an image into one of another shape, origin onto origin; what the target has beyond it is zero.
///
/// - Parameter components: scalars a pixel.
func cropOrPad<Scalar: GridScalar>(
  _ source: UnsafePointer<Scalar>, _ from: GridShape, into target: UnsafeMutablePointer<Scalar>,
  _ to: GridShape, components: Int = 1
) {
  let rows = Overlap(from.rows, to.rows)
  let columns = Overlap(from.columns, to.columns)
  if rows.count < to.rows || columns.count < to.columns {
    target.update(repeating: 0, count: components * to.count)
  }
  for row in 0..<rows.count {
    let line = (rows.target + row) * to.columns + columns.target
    let sourceLine = (rows.source + row) * from.columns + columns.source
    (target + components * line).update(
      from: source + components * sourceLine, count: components * columns.count)
  }
}

/// The samples that an axis of one length shares with one of another, origin onto origin.
struct Overlap {
  let source: Int
  let target: Int
  let count: Int

  init(_ from: Int, _ to: Int) {
    let offset = originOffset(to) - originOffset(from)
    source = max(0, -offset)
    target = max(0, offset)
    count = min(from - source, to - target)
  }
}

extension RealImage {
  /// The image in another shape, cropped or padded with zeros about the origin.
  public func resized(to shape: GridShape) -> RealImage {
    guard shape != self.shape else { return self }
    var result = RealImage(shape: shape, unchecked: Array(repeating: 0, count: shape.count))
    values.withUnsafeBufferPointer { source in
      result.values.withUnsafeMutableBufferPointer { target in
        if let from = source.baseAddress, let to = target.baseAddress {
          cropOrPad(from, self.shape, into: to, shape)
        }
      }
    }
    return result
  }
}
