import ExitPlane

/// Many images side by side in one picture, for people to look at.
public struct ContactSheet: Sendable {
  public enum Contrast: Sendable {
    /// One grey scale for all, so that brightness can be compared.
    case sheet
    /// A grey scale of its own for every image.
    case tile
  }

  private let columns: Int
  private let contrast: Contrast
  /// Pixels between tiles and round the sheet, and their grey.
  private static let gutter = 2
  private static let gutterSample: UInt8 = 96
  /// The fractions of pixels that are let go black and white, so that a few extremes do not hide the rest.
  private static let clippedFractions = (dark: 0.005, bright: 0.005)
  /// Images whose longer side is outside this are enlarged, or averaged in blocks, by the least whole factor
  /// that brings it in.
  private static let tileSide = 96...192

  /// - Throws: `.invalidValue` when there is not at least one column.
  public init(columns: Int, contrast: Contrast = .sheet) throws {
    guard columns >= 1 else {
      throw ExitPlaneError.invalid("number of columns", got: "\(columns)", need: "at least 1")
    }
    self.columns = columns
    self.contrast = contrast
  }

  /// The images as a PNG file, row by row from the top left, each with its own first row at the top.
  ///
  /// - Throws: `.invalidValue` when there is no image, a pixel is not finite, or the sheet would be too
  ///   large; `.mismatch` when the images' shapes differ.
  public func png<Scalar: GridScalar>(of images: [RealImage<Scalar>]) throws -> [UInt8] {
    guard let shape = images.first?.shape else {
      throw ExitPlaneError.invalid("number of images on a sheet", got: "0", need: "at least 1")
    }
    if let other = images.first(where: { $0.shape != shape }) {
      throw ExitPlaneError.mismatch(
        "images of \(shape) and of \(other.shape) are to share a sheet", "give it images of one shape")
    }
    let tiles = images.map { scaled($0) }
    let tile = tiles[0]
    let rows = (images.count - 1) / columns + 1
    let sheet = try GridShape(
      rows: rows * (tile.rows + Self.gutter) + Self.gutter,
      columns: min(columns, images.count) * (tile.columns + Self.gutter) + Self.gutter)

    let greyScales = try self.greyScales(of: tiles)
    var samples = [UInt8](repeating: Self.gutterSample, count: sheet.count)
    for (index, tile) in tiles.enumerated() {
      let top = Self.gutter + index / columns * (tile.rows + Self.gutter)
      let left = Self.gutter + index % columns * (tile.columns + Self.gutter)
      for row in 0..<tile.rows {
        for column in 0..<tile.columns {
          let value = tile.values[row * tile.columns + column]
          samples[(top + row) * sheet.columns + left + column] = greyScales[index].sample(of: value)
        }
      }
    }
    return try encodePNG(samples, shape: sheet)
  }

  private struct Tile {
    let rows: Int
    let columns: Int
    let values: [Float]
  }

  /// The image with every pixel repeated, or every block of pixels averaged.
  private func scaled<Scalar: GridScalar>(_ image: RealImage<Scalar>) -> Tile {
    let side = max(image.shape.rows, image.shape.columns)
    let shrink = max(1, (side - 1) / Self.tileSide.upperBound + 1)
    let enlarge = max(1, min((Self.tileSide.lowerBound - 1) / side + 1, Self.tileSide.upperBound / side))
    let rows = (image.shape.rows - 1) / shrink + 1
    let columns = (image.shape.columns - 1) / shrink + 1
    var values: [Float] = []
    values.reserveCapacity(rows * columns * enlarge * enlarge)
    for row in 0..<rows * enlarge {
      for column in 0..<columns * enlarge {
        // A block at the edge may be cut short: it is the mean of what there is.
        let (firstRow, firstColumn) = (row / enlarge * shrink, column / enlarge * shrink)
        let blockRows = firstRow..<min(firstRow + shrink, image.shape.rows)
        let blockColumns = firstColumn..<min(firstColumn + shrink, image.shape.columns)
        var sum = 0.0
        for y in blockRows {
          for x in blockColumns { sum += Double(image[y, x]) }
        }
        values.append(Float(sum / Double(blockRows.count * blockColumns.count)))
      }
    }
    return Tile(rows: rows * enlarge, columns: columns * enlarge, values: values)
  }

  private struct GreyScale {
    let black: Float
    let white: Float

    func sample(of value: Float) -> UInt8 {
      guard white > black else { return 128 }
      return UInt8(255 * max(0, min(1, (value - black) / (white - black))))
    }
  }

  private func greyScales(of tiles: [Tile]) throws -> [GreyScale] {
    switch contrast {
    case .sheet:
      let one = try greyScale(of: tiles.flatMap(\.values))
      return tiles.map { _ in one }
    case .tile:
      return try tiles.map { try greyScale(of: $0.values) }
    }
  }

  private func greyScale(of values: [Float]) throws -> GreyScale {
    guard let wrong = values.first(where: { !$0.isFinite }) else {
      let sorted = values.sorted()
      let last = Double(sorted.count - 1)
      return GreyScale(
        black: sorted[Int(last * Self.clippedFractions.dark)],
        white: sorted[Int(last * (1 - Self.clippedFractions.bright))])
    }
    throw ExitPlaneError.invalid("pixel", got: "\(wrong)", need: "finite to be shown")
  }
}
