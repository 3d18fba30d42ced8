import ExitPlane
import ExitPlaneIO

/// What `exitplane info` says of a file: lines for people, members for programs.
struct FileReport {
  let kind: String
  private(set) var lines: [(name: String, text: String)] = []
  private(set) var members: [(name: String, value: JSONValue)] = []

  init(kind: String, text: String) {
    self.kind = kind
    lines = [("kind", text)]
    members = [("kind", .string(kind))]
  }

  mutating func say(_ name: String, _ text: String) { lines.append((name, text)) }

  mutating func state(_ name: String, _ value: JSONValue) { members.append((name, value)) }

  /// A name, the numbers of a vector and their unit.
  static func vector(_ v: SIMD3<Double>, places: Int, separator: String = ", ") -> String {
    [v.x, v.y, v.z].map { rounded($0, places: places) }.joined(separator: separator)
  }

  /// The first of many names.
  static func names(_ names: [String], most: Int = 20) -> String {
    guard !names.isEmpty else { return "none" }
    let shown = names.prefix(most).joined(separator: ", ")
    return names.count > most ? "\(shown) and \(names.count - most) more" : shown
  }
}

extension JSONValue {
  static func vector(_ v: SIMD3<Double>) -> JSONValue { .array([.number(v.x), .number(v.y), .number(v.z)]) }

  static func strings(_ values: [String]) -> JSONValue { .array(values.map { .string($0) }) }

  /// The number that a header's single precision stands for in decimals.
  static func single(_ value: Float) -> JSONValue { .number(Double("\(value)") ?? Double(value)) }

  static func range(_ range: ClosedRange<Float>) -> JSONValue {
    .object([("minimum", .single(range.lowerBound)), ("maximum", .single(range.upperBound))])
  }

  static func optional(_ value: Double?) -> JSONValue { value.map { .number($0) } ?? .null }
}
