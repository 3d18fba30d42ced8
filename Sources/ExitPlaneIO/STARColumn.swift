/// One column of a STAR table: the text of its values, all in one run of bytes.
///
/// A string a value would cost many times its text; this costs the text and eight bytes a value, and
/// keeps bytes that are not UTF-8 as they are.
public struct STARColumn: Hashable, Sendable {
  /// Without the leading underscore: "rlnAngleRot".
  public let name: String
  private(set) var text: [UInt8] = []
  /// Where in `text` each value ends; it begins where the one before it ends.
  private(set) var ends: [Int] = []

  /// A column without rows, to be appended to.
  public init(name: String) {
    self.name = name
  }

  /// A value a row.
  public init(name: String, values: some Sequence<String>) {
    self.init(name: name)
    for value in values { append(value) }
  }

  /// The same value in every row.
  public init(name: String, repeating value: String, count: Int) {
    self.init(name: name, values: repeatElement(value, count: count))
  }

  init(name: String, text: [UInt8], ends: [Int]) {
    self.name = name
    self.text = text
    self.ends = ends
  }

  /// The number of rows.
  public var count: Int { ends.count }

  /// The value of a row, from 0, as it stands in the file without quotes.
  public subscript(row: Int) -> String {
    String(decoding: bytes(row), as: UTF8.self)
  }

  func bytes(_ row: Int) -> ArraySlice<UInt8> {
    text[(row == 0 ? 0 : ends[row - 1])..<ends[row]]
  }

  /// Adds a row.
  public mutating func append(_ value: some StringProtocol) {
    text.append(contentsOf: value.utf8)
    ends.append(text.count)
  }

  /// With six decimals, as RELION writes.
  public mutating func append(_ number: Double) {
    text.appendFixed(number)
    ends.append(text.count)
  }

  func renamed(_ name: String) -> STARColumn { STARColumn(name: name, text: text, ends: ends) }

  /// The values at some rows, in their order.
  func selecting(_ rows: some Sequence<Int>) -> STARColumn {
    var selected = STARColumn(name: name)
    for row in rows {
      selected.text.append(contentsOf: bytes(row))
      selected.ends.append(selected.text.count)
    }
    return selected
  }
}

extension [UInt8] {
  /// Decimal digits, filled up with zeros in front to `minimumDigits`.
  mutating func appendInteger(_ value: Int, minimumDigits: Int = 1) {
    if value < 0 { append(UInt8(ascii: "-")) }
    let magnitude = UInt64(value.magnitude)
    appendDigits(magnitude, count: Swift.max(minimumDigits, Self.digitCount(magnitude)))
  }

  /// A number with six decimals, filled up with blanks in front to `width`: 1e-6° moves nothing in an
  /// image by more than 1e-8 of its width.
  ///
  /// Past 9·10¹² in size, where that many digits say more than the number knows, the shortest text that
  /// reads back the same is written.
  mutating func appendFixed(_ value: Double, width: Int = 0) {
    let millionths = (value * 1e6).rounded()
    guard millionths.magnitude < 9e18 else {
      append(contentsOf: value.description.utf8)
      return
    }
    let (whole, fraction) = UInt64(millionths.magnitude).quotientAndRemainder(dividingBy: 1_000_000)
    let digits = Self.digitCount(whole)
    let isNegative = millionths < 0
    let padding = width - (digits + 7 + (isNegative ? 1 : 0))
    if padding > 0 { append(contentsOf: repeatElement(UInt8(ascii: " "), count: padding)) }
    if isNegative { append(UInt8(ascii: "-")) }
    appendDigits(whole, count: digits)
    append(UInt8(ascii: "."))
    appendDigits(fraction, count: 6)
  }

  private mutating func appendDigits(_ value: UInt64, count digits: Int) {
    append(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits))
    var rest = value
    var index = count
    while rest > 0 {
      index -= 1
      self[index] += UInt8(rest % 10)
      rest /= 10
    }
  }

  private static func digitCount(_ value: UInt64) -> Int {
    var (digits, rest) = (1, value / 10)
    while rest > 0 { (digits, rest) = (digits + 1, rest / 10) }
    return digits
  }
}
