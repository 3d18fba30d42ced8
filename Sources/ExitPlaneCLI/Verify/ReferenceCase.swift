import ExitPlane
import ExitPlaneIO
import FoundationEssentials

/// A folder of reference cases: `cases.json` and the files it names.
struct ReferenceFolder {
  let path: String
  let cases: [ReferenceCase]

  init(path: String) throws {
    self.path = path
    let file = "\(path)/cases.json"
    let bytes = try readFile(file)
    struct Listing: Decodable { let cases: [ReferenceCase] }
    do {
      cases = try referenceDecoder().decode(Listing.self, from: Data(bytes)).cases
    } catch {
      throw ExitPlaneError.file(
        file, found: "it is not a list of reference cases (\(error))",
        need: "need a JSON object whose `cases` each name a method and an expected array")
    }
    guard !cases.isEmpty else {
      throw ExitPlaneError.file(file, found: "it lists no cases", need: "need one or more")
    }
  }

  /// The path of a file that a case names.
  func file(_ relative: String) -> String { "\(path)/\(relative)" }

  /// An expected array: little-endian doubles, complex ones as real and imaginary parts in turn.
  func readExpected(_ expected: ReferenceCase.Expected) throws -> [Double] {
    let path = file(expected.file)
    let bytes = try readFile(path)
    let count = expected.scalarCount
    guard let count, bytes.count == 8 * count else {
      throw ExitPlaneError.file(
        path, found: "it has \(bytes.count) bytes",
        need: "need \(count.map { "\(8 * $0)" } ?? "a sensible number") for shape \(expected.shape)")
    }
    return (0..<count).map { index in
      var pattern: UInt64 = 0
      for byte in (0..<8).reversed() { pattern = pattern << 8 | UInt64(bytes[8 * index + byte]) }
      return Double(bitPattern: pattern)
    }
  }
}

extension ReferenceFolder {
  /// The atoms of a case: positions in Å, a list of Gaussians each.
  struct Atoms: Decodable {
    let positions: [[Double]]
    let atomicNumbers: [Int]
    let amplitudes: [[Double]]
    let variances: [[Double]]
  }

  func readAtoms(_ relative: String) throws -> Atoms {
    let bytes = try readFile(file(relative))
    do {
      return try referenceDecoder().decode(Atoms.self, from: Data(bytes))
    } catch {
      throw ExitPlaneError.file(
        file(relative), found: "it is not a list of atoms (\(error))",
        need: "need a JSON object with positions, atomic_numbers, amplitudes and variances")
    }
  }
}

/// One case: what goes in, what must come out, how closely.
struct ReferenceCase: Decodable {
  struct Volume: Decodable {
    let file: String
    let representation: String?
    let padScale: Double?
    let bFactorByElement: Double?
  }

  struct Image: Decodable {
    let shape: [Int]
    let paddedShape: [Int]
    let pixelSize: Double
    let voltageInKilovolts: Double?
  }

  struct Expected: Decodable {
    let file: String
    let shape: [Int]
    let dtype: String

    var isComplex: Bool { dtype == "complex128" }
    /// Nil for a shape that is none, or of more bytes than can be counted.
    var scalarCount: Int? {
      var count = isComplex ? 2 : 1
      for length in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: length)
        guard !overflow, length >= 0 else { return nil }
        count = product
      }
      return count <= Int.max / 8 ? count : nil
    }
  }

  let name: String
  let method: String
  let outputsRealSpace: Bool?
  let volume: Volume?
  let rotationMatrix: [[Double]]?
  let image: Image?
  let options: [String: OptionValue]?
  let coordinatesZyx: [[Double]]?
  let phiThetaPsiDegrees: [[Double]]?
  let eulerVectorDegrees: [[Double]]?
  let atomicNumbers: [Int]?
  let expected: Expected
  let maxAbsErrorOverMaxAbs: Double
}

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
  private let name: String

  init(_ reference: ReferenceCase) {
    unread = reference.options ?? [:]
    name = reference.name
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

/// Reads the names that cases are written with, `pad_scale`, as Swift's, `padScale`; keys of options, which are
/// data, stay as they are.
private func referenceDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}
