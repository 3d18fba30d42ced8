import ExitPlane

/// A value of JSON (RFC 8259), to be written: an object's members keep their order.
package enum JSONValue {
  case null
  case bool(Bool)
  case integer(Int)
  /// Null where it is not finite, which JSON cannot say.
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([(name: String, value: JSONValue)])
}

extension JSONValue: CustomStringConvertible {
  /// On one line, in ASCII where the strings are.
  package var description: String {
    switch self {
    case .null: "null"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .number(let value): Self.text(of: value)
    case .string(let value): Self.quoted(value)
    case .array(let values): "[" + values.map(\.description).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { Self.quoted($0.name) + ":" + $0.value.description }.joined(separator: ",") + "}"
    }
  }

  /// To the 15 digits that arithmetic leaves: 1.4 rather than 1.3999999999999997, and 2 rather than 2.0.
  private static func text(of value: Double) -> String {
    guard value.isFinite else { return "null" }
    var scale = 1.0
    while abs(value) * scale < 1e14, scale < 1e22 { scale *= 10 }
    let plain = (value * scale).rounded() / scale
    let text = "\(abs(plain - value) <= 1e-15 * abs(value) ? plain : value)"
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      // What acts on a terminal is escaped, so that a file cannot act there.
      case _ where !scalar.isOnlySeen:
        for unit in String(scalar).utf16 {
          let digits = String(unit, radix: 16)
          result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        }
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
