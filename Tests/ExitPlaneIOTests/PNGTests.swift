import CPNG
import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("PNG")
struct PNGTests {
  @Test("8-bit samples come back from libpng's reader", arguments: [(1, 1), (3, 7), (200, 131)])
  func eightBits(rows: Int, columns: Int) throws {
    let samples = (0..<rows * columns).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let file = try encodePNG(samples, shape: GridShape(rows: rows, columns: columns))
    let picture = try decodePNG(file, UInt8.self, format: PNG_FORMAT_GRAY)
    #expect(picture.rows == rows)
    #expect(picture.columns == columns)
    #expect(picture.samples == samples)
    // The header's bit depth and colour type: 8, grayscale.
    #expect(Array(file[24...25]) == [8, 0])
  }

  @Test("16-bit samples come back from libpng's reader", arguments: [(1, 1), (3, 7), (200, 131)])
  func sixteenBits(rows: Int, columns: Int) throws {
    let samples = (0..<rows * columns).map { UInt16(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    let file = try encodePNG(samples, shape: GridShape(rows: rows, columns: columns))
    let picture = try decodePNG(file, UInt16.self, format: PNG_FORMAT_LINEAR_Y)
    #expect(picture.samples == samples)
    #expect(Array(file[24...25]) == [16, 0])
  }

  @Test("samples that do not fill the shape are refused")
  func wrongCount() {
    #expect(throws: ExitPlaneError.invalid("number of samples", got: "5", need: "6 for 2 × 3")) {
      try encodePNG([UInt8](repeating: 0, count: 5), shape: GridShape(rows: 2, columns: 3))
    }
  }
}

@Suite("Contact sheets")
struct ContactSheetTests {
  @Test("tiles stand row by row with gutters between")
  func layout() throws {
    let shape = try GridShape(rows: 100, columns: 120)
    let images = try (0..<5).map { index in
      try RealImage(shape: shape, values: [Float](repeating: Float(index), count: shape.count))
    }
    let sheet = try decodePNG(ContactSheet(columns: 3).png(of: images), UInt8.self, format: PNG_FORMAT_GRAY)
    #expect(sheet.rows == 2 * 102 + 2)
    #expect(sheet.columns == 3 * 122 + 2)
    for (row, column, grey) in [
      (2, 2, 0), (101, 121, 0), (50, 124, 63), (50, 246, 127), (104, 2, 191), (203, 243, 255),
    ] {
      #expect(sheet.samples[row * sheet.columns + column] == grey, "row \(row), column \(column)")
    }
    // Gutters, and the place of the sixth image, which is missing.
    for (row, column) in [(0, 0), (102, 50), (50, 122), (150, 300), (205, 367)] {
      #expect(sheet.samples[row * sheet.columns + column] == 96, "row \(row), column \(column)")
    }
  }

  @Test("an image's first row is at the top, its first column at the left")
  func orientation() throws {
    let shape = try GridShape(square: 96)
    var image = try RealImage(shape: shape, values: [Double](repeating: 0, count: shape.count))
    for row in 0..<24 {
      for column in 0..<48 { image[row, column] = 1 }
    }
    let sheet = try decodePNG(ContactSheet(columns: 1).png(of: [image]), UInt8.self, format: PNG_FORMAT_GRAY)
    #expect(sheet.samples[(2 + 10) * sheet.columns + 2 + 10] == 255)
    #expect(sheet.samples[(2 + 10) * sheet.columns + 2 + 80] == 0)
    #expect(sheet.samples[(2 + 80) * sheet.columns + 2 + 10] == 0)
  }

  @Test(
    "large images are averaged in blocks and small ones enlarged",
    arguments: [
      (400, 134), (193, 97), (192, 192), (96, 96), (95, 190), (10, 100), (1, 96),
    ])
  func scaling(side: Int, tile: Int) throws {
    // A chequerboard that averages to one half in every even block.
    let shape = try GridShape(square: side)
    let values = (0..<shape.count).map { Float(($0 / side + $0 % side) % 2) }
    let image = try RealImage(shape: shape, values: values)
    let sheet = try decodePNG(ContactSheet(columns: 4).png(of: [image]), UInt8.self, format: PNG_FORMAT_GRAY)
    #expect(sheet.rows == tile + 4)
    #expect(sheet.columns == tile + 4)
  }

  @Test("a block is its mean, also where the edge cuts it short")
  func blockMean() throws {
    let shape = try GridShape(rows: 1, columns: 385)
    var values = [Float](repeating: 0, count: 385)
    // Blocks of three, the last of a single pixel.
    values.replaceSubrange(0..<6, with: [1, 2, 3, 4, 4, 4])
    values[384] = 4
    let image = try RealImage(shape: shape, values: values)
    let sheet = try decodePNG(
      ContactSheet(columns: 1, contrast: .tile).png(of: [image]), UInt8.self, format: PNG_FORMAT_GRAY)
    let row = sheet.samples[2 * sheet.columns..<3 * sheet.columns].dropFirst(2).dropLast(2)
    #expect(row.count == 129)
    #expect(row.first == 127)
    #expect(row.last == 255)
  }

  @Test("a few extreme pixels do not hide the rest")
  func robustContrast() throws {
    let shape = try GridShape(square: 100)
    var values = (0..<shape.count).map { Float($0) / Float(shape.count) }
    (values[17], values[18]) = (1e9, -1e9)
    let sheet = try decodePNG(
      ContactSheet(columns: 1).png(of: [RealImage(shape: shape, values: values)]), UInt8.self,
      format: PNG_FORMAT_GRAY)
    let middle = sheet.samples[(2 + 50) * sheet.columns + 2]
    #expect((125...130).contains(middle))
  }

  @Test("contrast is common to the sheet or each tile's own")
  func contrast() throws {
    let shape = try GridShape(square: 96)
    let images = try [Float(1), 10].map { scale in
      try RealImage(shape: shape, values: (0..<shape.count).map { scale * Float($0 % 96) })
    }
    func brightest(_ contrast: ContactSheet.Contrast) throws -> UInt8? {
      let sheet = try decodePNG(
        ContactSheet(columns: 2, contrast: contrast).png(of: images), UInt8.self, format: PNG_FORMAT_GRAY)
      return sheet.samples[10 * sheet.columns + 2..<10 * sheet.columns + 98].max()
    }
    #expect(try brightest(.tile) == 255)
    #expect(try brightest(.sheet) == 25)
  }

  @Test("captions stand below larger tiles, in cells wide enough for them")
  func captions() throws {
    func sheet(
      rows: Int, columns: Int, _ captions: [ContactSheet.Caption]
    ) throws -> (rows: Int, columns: Int, samples: [UInt8]) {
      let shape = try GridShape(rows: rows, columns: columns)
      let images = try captions.indices.map { index in
        try RealImage(shape: shape, values: (0..<shape.count).map { Float($0 + index) })
      }
      return try decodePNG(
        ContactSheet(columns: 2).png(of: images, captions: captions), UInt8.self, format: PNG_FORMAT_GRAY)
    }
    // Tiles of 2 × 128, gutters of 12, two lines of 22 dots and 6 between.
    let square = try sheet(
      rows: 128, columns: 128,
      [.init("1", detail: "1.50 µm", line: "10 20 -30°"), .init("2", line: "0 0 0°"), .init("3 +x")])
    #expect(square.columns == 2 * 268 + 12 && square.rows == 2 * (256 + 50 + 12) + 12)
    func text(_ rows: Range<Int>, _ columns: Range<Int>) -> Set<UInt8> {
      Set(rows.flatMap { row in columns.map { square.samples[row * square.columns + $0] } })
    }
    // The heading is brighter than the rest, and what is written stays out of the gutters.
    #expect(text(274..<296, 12..<100) == [72, 255])
    #expect(text(274..<296, 150..<268) == [72, 220])
    #expect(text(296..<318, 12..<268) == [72, 220])
    #expect(text(296..<328, 268..<280) == [72] && text(0..<11, 0..<500) == [72])
    // A frame parts an image from the ground, whatever its own grey.
    #expect(text(11..<12, 11..<269) == [140] && text(268..<269, 11..<269) == [140])
    #expect(text(11..<269, 11..<12) == [140] && text(11..<269, 268..<269) == [140])
    // The fourth cell is empty.
    #expect(text(330..<640, 280..<540) == [72])
    // A narrow image stands in the middle of a cell as wide as its caption: 14 letters of 12 dots, less the last gap.
    let narrow = try sheet(rows: 128, columns: 8, [.init("1", line: "-120 170 -100°")])
    #expect(narrow.columns == 166 + 24 && narrow.rows == 256 + 50 + 24)
    let middle = Array(narrow.samples[100 * 190..<101 * 190])
    #expect(middle[..<86].allSatisfy { $0 == 72 } && middle[104...].allSatisfy { $0 == 72 })
    // Without a second line there is no room for one.
    #expect(try sheet(rows: 32, columns: 32, [.init("1")]).rows == 192 + 28 + 24)
    #expect(throws: ExitPlaneError.self) {
      try ContactSheet(columns: 1).png(
        of: [RealImage<Float>(shape: GridShape(square: 2), values: [1, 2, 3, 4])], captions: [])
    }
  }

  @Test("every sign of a caption has a glyph of its own")
  func glyphs() {
    let signs = "0123456789.,:-+/()°µÅxyz abcdefghijklmnopqrstuvw"
    var seen = Set<String>()
    for sign in signs {
      let dots = BitmapFont.dots(of: sign)
      #expect(dots.isEmpty == (sign == " "), "\(sign)")
      #expect(
        dots.allSatisfy { (0..<BitmapFont.width).contains($0.x) && (0..<BitmapFont.height).contains($0.y) })
      #expect(seen.insert("\(dots)").inserted, "\(sign)")
    }
  }

  @Test("what cannot be shown is refused with a reason")
  func refusals() throws {
    let small = try RealImage<Float>(shape: GridShape(square: 1), values: [1])
    let other = try RealImage<Float>(shape: GridShape(rows: 1, columns: 2), values: [1, 2])
    let broken = try RealImage<Float>(shape: GridShape(square: 1), values: [.nan])
    #expect(throws: ExitPlaneError.self) { try ContactSheet(columns: 0) }
    let sheet = try ContactSheet(columns: 2)
    #expect(throws: ExitPlaneError.self) { try sheet.png(of: [RealImage<Float>]()) }
    #expect(throws: ExitPlaneError.self) { try sheet.png(of: [broken]) }
    let error = #expect(throws: ExitPlaneError.self) { try sheet.png(of: [small, other]) }
    #expect(
      error?.description == "images of 1 × 1 and of 1 × 2 are to share a sheet; give it images of one shape")
  }
}

/// By libpng's simplified reader.
private func decodePNG<Sample: FixedWidthInteger>(
  _ file: [UInt8], _: Sample.Type, format: some BinaryInteger
) throws -> (rows: Int, columns: Int, samples: [Sample]) {
  var picture = png_image()
  picture.version = png_uint_32(PNG_IMAGE_VERSION)
  defer { png_image_free(&picture) }
  // The reader keeps the pointer between its two calls.
  return try file.withUnsafeBytes { bytes in
    try #require(png_image_begin_read_from_memory(&picture, bytes.baseAddress, bytes.count) != 0)
    picture.format = png_uint_32(format)
    let (rows, columns) = (Int(picture.height), Int(picture.width))
    var samples = [Sample](repeating: 0, count: rows * columns)
    try #require(png_image_finish_read(&picture, nil, &samples, 0, nil) != 0)
    return (rows, columns, samples)
  }
}
