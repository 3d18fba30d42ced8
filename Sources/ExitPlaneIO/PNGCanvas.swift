/// Grey lines, letters and pictures on a plain ground.
struct GreyCanvas {
  let width: Int
  let height: Int
  private(set) var samples: [UInt8]

  private static let dot = 2
  private static let advance = (BitmapFont.width + 1) * dot
  /// Of a line of text, in samples.
  static let lineHeight = BitmapFont.height * dot

  init(width: Int, height: Int, ground: UInt8 = 255) {
    (self.width, self.height) = (width, height)
    samples = Array(repeating: ground, count: width * height)
  }

  /// How wide a text is, without the blank column after its last letter.
  static func width(of text: String) -> Int { max(0, text.count * advance - dot) }

  /// Puts one sample, which must lie on the canvas.
  mutating func put(_ sample: UInt8, row: Int, column: Int) { samples[row * width + column] = sample }

  /// A rectangle's rim, one sample wide, which must lie on the canvas.
  mutating func frame(top: Int, left: Int, rows: Int, columns: Int, grey: UInt8) {
    for column in left..<left + columns {
      put(grey, row: top, column: column)
      put(grey, row: top + rows - 1, column: column)
    }
    for row in top..<top + rows {
      put(grey, row: row, column: left)
      put(grey, row: row, column: left + columns - 1)
    }
  }

  /// A straight line with soft edges, over what is there.
  mutating func line(from a: (Double, Double), to b: (Double, Double), grey: UInt8, width: Double = 1) {
    let (dx, dy) = (b.0 - a.0, b.1 - a.1)
    let length = (dx * dx + dy * dy).squareRoot()
    let reach = width / 2 + 1
    let rows = max(0, Int(min(a.1, b.1) - reach))...max(0, min(height - 1, Int(max(a.1, b.1) + reach)))
    let columns = max(0, Int(min(a.0, b.0) - reach))...max(0, min(self.width - 1, Int(max(a.0, b.0) + reach)))
    for row in rows {
      for column in columns {
        let (px, py) = (Double(column) - a.0, Double(row) - a.1)
        let along = length > 0 ? max(0, min(length, (px * dx + py * dy) / length)) : 0
        let (nx, ny) = length > 0 ? (px - along * dx / length, py - along * dy / length) : (px, py)
        let cover = max(0, min(1, width / 2 + 0.5 - (nx * nx + ny * ny).squareRoot()))
        let old = Double(samples[row * self.width + column])
        samples[row * self.width + column] = UInt8(min(old, old + cover * (Double(grey) - old)))
      }
    }
  }

  mutating func text(_ text: String, centre: Int, middle: Int) {
    self.text(text, left: centre - text.count * Self.advance / 2, middle: middle)
  }

  mutating func text(_ text: String, right: Int, middle: Int) {
    self.text(text, left: right - text.count * Self.advance, middle: middle)
  }

  mutating func text(_ text: String, left: Int, middle: Int, grey: UInt8 = 40) {
    // Capitals take rows 2 to 8 of the font's 11.
    let top = middle - 5 * Self.dot
    for (place, character) in text.enumerated() {
      for dot in BitmapFont.dots(of: character) {
        for offset in 0..<Self.dot * Self.dot {
          let row = top + dot.y * Self.dot + offset / Self.dot
          let column = left + place * Self.advance + dot.x * Self.dot + offset % Self.dot
          if (0..<height).contains(row), (0..<width).contains(column) { samples[row * width + column] = grey }
        }
      }
    }
  }
}
