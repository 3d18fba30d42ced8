import ExitPlane

/// Many images side by side in one picture, for people to look at.
public struct ContactSheet: Sendable {
  /// Which images share a grey scale.
  public enum Contrast: Sendable {
    /// One grey scale for all, so that brightness can be compared.
    case sheet
    /// A grey scale of its own for every image.
    case tile
  }

  /// What is written below an image: letters, digits and signs of `BitmapFont`, others left blank.
  public struct Caption: Sendable, Hashable {
    /// On the left of the first line.
    public var heading: String
    /// On its right.
    public var detail: String
    /// On the second line, which is left out where no image has one.
    public var line: String

    /// A tile's lines, the heading foremost.
    public init(_ heading: String, detail: String = "", line: String = "") {
      self.heading = heading
      self.detail = detail
      self.line = line
    }

    fileprivate var width: Int {
      let gap = heading.isEmpty || detail.isEmpty ? "" : "  "
      return max(GreyCanvas.width(of: heading + gap + detail), GreyCanvas.width(of: line))
    }
  }

  private let columns: Int
  private let contrast: Contrast

  private struct Layout {
    /// Pixels between tiles and round the sheet, and their grey.
    let gutter: Int
    let ground: UInt8
    /// Images whose longer side is outside this are enlarged, or averaged in blocks, by the least whole factor
    /// that brings it in.
    let tileSide: ClosedRange<Int>
    /// Of pixels that are let go black, and as many white, so that a few extremes do not hide the rest.
    let clippedFraction: Double

    static let bare = Layout(gutter: 2, ground: 96, tileSide: 96...192, clippedFraction: 0.005)
    static let captioned = Layout(gutter: 12, ground: 72, tileSide: 192...256, clippedFraction: 0.001)
  }

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
    try png(of: images, captions: [], .bare)
  }

  /// The same with a caption below each image, and larger.
  ///
  /// - Throws: as without captions; `.mismatch` when there are not as many captions as images.
  public func png<Scalar: GridScalar>(
    of images: [RealImage<Scalar>], captions: [Caption]
  ) throws -> [UInt8] {
    guard captions.count == images.count else {
      throw ExitPlaneError.mismatch(
        "\(captions.count) captions are for \(images.count) images", "give one for each image")
    }
    return try png(of: images, captions: captions, .captioned)
  }

  private func png<Scalar: GridScalar>(
    of images: [RealImage<Scalar>], captions: [Caption], _ layout: Layout
  ) throws -> [UInt8] {
    guard let shape = images.first?.shape else {
      throw ExitPlaneError.invalid("number of images on a sheet", got: "0", need: "at least 1")
    }
    if let other = images.first(where: { $0.shape != shape }) {
      throw ExitPlaneError.mismatch(
        "images of \(shape) and of \(other.shape) are to share a sheet", "give it images of one shape")
    }
    let tiles = images.map { scaled($0, to: layout.tileSide) }
    let tile = tiles[0]
    let lines = captions.isEmpty ? 0 : captions.contains { !$0.line.isEmpty } ? 2 : 1
    // A narrow image stands in the middle of a cell that its caption fits in.
    let cell = (
      width: max(tile.columns, captions.map(\.width).max() ?? 0),
      height: tile.rows + (lines == 0 ? 0 : lines * GreyCanvas.lineHeight + 6)
    )
    let rows = (images.count - 1) / columns + 1
    let sheet = try GridShape(
      rows: rows * (cell.height + layout.gutter) + layout.gutter,
      columns: min(columns, images.count) * (cell.width + layout.gutter) + layout.gutter)

    let greyScales = try self.greyScales(of: tiles, clipping: layout.clippedFraction)
    var canvas = GreyCanvas(width: sheet.columns, height: sheet.rows, ground: layout.ground)
    for (index, tile) in tiles.enumerated() {
      let top = layout.gutter + index / columns * (cell.height + layout.gutter)
      let left = layout.gutter + index % columns * (cell.width + layout.gutter)
      let margin = (cell.width - tile.columns) / 2
      for row in 0..<tile.rows {
        for column in 0..<tile.columns {
          canvas.put(
            greyScales[index].sample(of: tile.values[row * tile.columns + column]), row: top + row,
            column: left + margin + column)
        }
      }
      guard lines > 0 else { continue }
      canvas.frame(
        top: top - 1, left: left + margin - 1, rows: tile.rows + 2, columns: tile.columns + 2, grey: 140)
      draw(captions[index], at: (top + tile.rows + 6, left, cell.width), on: &canvas)
    }
    return try encodePNG(canvas.samples, shape: sheet)
  }

  private func draw(
    _ caption: Caption, at place: (top: Int, left: Int, width: Int), on canvas: inout GreyCanvas
  ) {
    let middle = place.top + GreyCanvas.lineHeight / 2
    canvas.text(caption.heading, left: place.left, middle: middle, grey: 255)
    canvas.text(
      caption.detail, left: place.left + place.width - GreyCanvas.width(of: caption.detail), middle: middle,
      grey: 220)
    canvas.text(caption.line, left: place.left, middle: middle + GreyCanvas.lineHeight, grey: 220)
  }

  private struct Tile {
    let rows: Int
    let columns: Int
    let values: [Float]
  }

  /// The image with every pixel repeated, or every block of pixels averaged.
  private func scaled<Scalar: GridScalar>(
    _ image: RealImage<Scalar>, to tileSide: ClosedRange<Int>
  ) -> Tile {
    let side = max(image.shape.rows, image.shape.columns)
    let shrink = max(1, (side - 1) / tileSide.upperBound + 1)
    let enlarge = max(1, min((tileSide.lowerBound - 1) / side + 1, tileSide.upperBound / side))
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

  private func greyScales(of tiles: [Tile], clipping part: Double) throws -> [GreyScale] {
    switch contrast {
    case .sheet:
      let one = try greyScale(of: tiles.flatMap(\.values), clipping: part)
      return tiles.map { _ in one }
    case .tile:
      return try tiles.map { try greyScale(of: $0.values, clipping: part) }
    }
  }

  private func greyScale(of values: [Float], clipping part: Double) throws -> GreyScale {
    guard let wrong = values.first(where: { !$0.isFinite }) else {
      let sorted = values.sorted()
      let last = Double(sorted.count - 1)
      return GreyScale(
        black: sorted[Int(last * part)],
        white: sorted[Int(last * (1 - part))])
    }
    throw ExitPlaneError.invalid("pixel", got: "\(wrong)", need: "finite to be shown")
  }
}
