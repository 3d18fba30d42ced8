import ExitPlane

/// The value of an option: a flag, a number, a list of numbers or a word.
enum OptionValue: Decodable {
  case flag(Bool)
  case number(Double)
  case numbers([Double])
  case word(String)
  case null

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let numbers = try? container.decode([Double].self) {
      self = .numbers(numbers)
    } else {
      self = .word(try container.decode(String.self))
    }
  }
}

/// A case's options, each of which must be asked for: one that no method reads would silently change
/// what is compared.
struct ReferenceOptions {
  private var unread: [String: OptionValue]

  init(_ options: [String: OptionValue]?) {
    unread = options ?? [:]
  }

  private mutating func take<Value>(_ key: String, _ read: (OptionValue) -> Value?) throws -> Value? {
    guard let value = unread.removeValue(forKey: key) else { return nil }
    if case .null = value { return nil }
    guard let result = read(value) else {
      throw ExitPlaneError(.unsupported, "option \(key) is \(value)")
    }
    return result
  }

  mutating func flag(_ key: String) throws -> Bool? {
    try take(key) { if case .flag(let value) = $0 { value } else { nil } }
  }

  mutating func number(_ key: String) throws -> Double? {
    try take(key) { if case .number(let value) = $0 { value } else { nil } }
  }

  mutating func integer(_ key: String) throws -> Int? {
    try take(key) { if case .number(let value) = $0 { Int(exactly: value) } else { nil } }
  }

  mutating func shape(_ key: String) throws -> GridShape? {
    let lengths = try take(key) {
      if case .numbers(let value) = $0 { value.compactMap(Int.init(exactly:)) } else { nil }
    }
    return try lengths.map(GridShape.init(lengths:))
  }

  mutating func word(_ key: String) throws -> String? {
    try take(key) { if case .word(let value) = $0 { value } else { nil } }
  }

  func requireNoneLeft() throws {
    guard unread.isEmpty else {
      throw ExitPlaneError(
        .unsupported, "option \(unread.keys.sorted().joined(separator: ", ")) is not supported")
    }
  }
}

extension GridShape {
  /// Rows and columns, as cases list them.
  init(lengths: [Int]) throws {
    guard lengths.count == 2 else {
      throw ExitPlaneError.invalid("image shape", got: "\(lengths)", need: "two lengths")
    }
    try self.init(rows: lengths[0], columns: lengths[1])
  }
}
