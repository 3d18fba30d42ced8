/// Copies an image into one of another shape, origin onto origin; what the target has beyond it is zero.
///
/// - Parameter components: scalars a pixel.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
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

  init(_ from: Int, _ to: Int) { self.init(from, to, about: originOffset(from)) }

  /// - Parameter centre: the sample of the first axis that becomes the origin of the second; it may lie outside, and
  ///   then perhaps nothing is shared.
  init(_ from: Int, _ to: Int, about centre: Int) {
    let offset = originOffset(to) - centre
    source = max(0, -offset)
    target = max(0, offset)
    count = max(0, min(from - source, to - target))
  }
}

extension RealImage {
  /// The image in another shape, cropped or padded about the origin.
  ///
  /// - Parameters:
  ///   - shape: the new one.
  ///   - centre: the pixel that becomes the origin; this image's origin by default. It may lie outside, within
  ///     `±GridShape.largestAxis`.
  ///   - fill: what pixels beyond this image are.
  public func resized(
    to shape: GridShape, about centre: (row: Int, column: Int)? = nil, fill: Scalar = 0
  ) -> RealImage {
    let centre = centre ?? (originOffset(self.shape.rows), originOffset(self.shape.columns))
    let rows = Overlap(self.shape.rows, shape.rows, about: centre.row)
    let columns = Overlap(self.shape.columns, shape.columns, about: centre.column)
    if rows.count == self.shape.rows, columns.count == self.shape.columns, shape == self.shape { return self }
    var result = RealImage(shape: shape, unchecked: Array(repeating: fill, count: shape.count))
    for row in 0..<rows.count where columns.count > 0 {
      let from = (rows.source + row) * self.shape.columns + columns.source
      let to = (rows.target + row) * shape.columns + columns.target
      result.values.replaceSubrange(to..<to + columns.count, with: values[from..<from + columns.count])
    }
    return result
  }

  /// The sum of the pixels on the rim, one pixel wide, and how many they are.
  public var rimSum: (sum: Double, count: Int) {
    var sum = 0.0
    for row in 0..<shape.rows {
      let line = values[row * shape.columns..<(row + 1) * shape.columns]
      if row == 0 || row == shape.rows - 1 {
        sum = line.reduce(sum) { $0 + Double($1) }
      } else {
        sum += Double(line[line.startIndex])
        if shape.columns > 1 { sum += Double(line[line.endIndex - 1]) }
      }
    }
    let inner = max(0, shape.rows - 2) * max(0, shape.columns - 2)
    return (sum, shape.count - inner)
  }
}
