import ExitPlane
import ExitPlaneIO
import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A folder of reference cases: `cases.json`, `gradients.json` or both, and the files they name.
struct ReferenceFolder {
  let path: String
  let cases: [ReferenceCase]
  let gradients: [GradientCase]

  init(path: String) throws {
    self.path = path
    let files = ["cases.json", "gradients.json"].map { "\(path)/\($0)" }
    // Where neither is there, the first is the one that is missing.
    if files.allSatisfy({ access($0, F_OK) != 0 }) { try requireFiles([files[0]]) }
    cases = try Self.listing(files[0], of: ReferenceCase.self, each: "name a method and an expected array")
    gradients = try Self.listing(
      files[1], of: GradientCase.self, each: "name a method, inputs, a cotangent and expected arrays")
  }

  private struct Listing<Case: Decodable>: Decodable { let cases: [Case] }

  /// The cases of a file; none where it is not there.
  private static func listing<Case: Decodable>(_ file: String, of _: Case.Type, each: String) throws -> [Case]
  {
    guard access(file, F_OK) == 0 else { return [] }
    let listing: Listing<Case> = try decoded(
      file, as: "a list of reference cases", need: "need a JSON object whose `cases` each \(each)")
    guard !listing.cases.isEmpty else {
      throw ExitPlaneError.file(file, found: "it lists no cases", need: "need one or more")
    }
    return listing.cases
  }

  /// A JSON file whose names are written as `pad_scale` for Swift's `padScale`; keys of options, inputs and expected
  /// arrays, which are data, stay as they are.
  private static func decoded<Value: Decodable>(_ file: String, as what: String, need: String) throws -> Value
  {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    do {
      return try decoder.decode(Value.self, from: Data(readFile(file)))
    } catch let error as DecodingError {
      throw ExitPlaneError.file(file, found: "it is not \(what): \(error.sentence)", need: need)
    }
  }
}

extension ReferenceFolder {
  /// The path of a file that a case names.
  func file(_ relative: String) -> String { "\(path)/\(relative)" }

  /// Every file that results go to and every file that is read, relative to the folder; outputs with the listing and
  /// the case that name them.
  var files: (outputs: [(listing: String, name: String, file: String)], inputs: [String]) {
    var outputs: [(listing: String, name: String, file: String)] = []
    var inputs: [String] = []
    for reference in cases {
      outputs.append(("cases.json", reference.name, reference.expected.file))
      inputs += [reference.volume?.file].compactMap(\.self)
    }
    for gradient in gradients {
      let arrays =
        gradient.expected.sorted { $0.key < $1.key }.map(\.value) + [gradient.image].compactMap(\.self)
      outputs += arrays.map { ("gradients.json", gradient.name, $0.file) }
      inputs += gradient.inputs.values.map(\.file) + [gradient.cotangent.file]
    }
    return (outputs, inputs + outputs.map(\.file) + ["cases.json", "gradients.json"])
  }

  /// - Throws: `.malformedFile` where the file has not as many numbers as the array's shape asks.
  func read(_ array: StoredArray) throws -> [Double] {
    let path = file(array.file)
    let bytes = try readFile(path)
    let count = array.scalarCount
    guard let count, bytes.count == 8 * count else {
      throw ExitPlaneError.file(
        path, found: "it has \(bytes.count) bytes",
        need: "need \(count.map { "\(8 * $0)" } ?? "a sensible number") for shape \(array.shape)")
    }
    return [Double](littleEndian: bytes)
  }

  /// The atoms of a case: positions in Å, a list of Gaussians each.
  struct Atoms: Decodable {
    let positions: [[Double]]
    let atomicNumbers: [Int]
    let amplitudes: [[Double]]
    let variances: [[Double]]
  }

  func readAtoms(_ relative: String) throws -> Atoms {
    try Self.decoded(
      file(relative), as: "a list of atoms",
      need: "need a JSON object with positions, atomic_numbers, amplitudes and variances")
  }
}

extension DecodingError {
  /// What is wrong and where: "cases[3].cotangent is missing".
  fileprivate var sentence: String {
    func place(_ path: [any CodingKey]) -> String {
      path.reduce(into: "") { text, key in
        text += key.intValue.map { "[\($0)]" } ?? (text.isEmpty ? "" : ".") + key.stringValue
      }
    }
    switch self {
    case .keyNotFound(let key, let context): return "\(place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
    case .typeMismatch(let type, let context): return "\(place(context.codingPath)) is not a \(type)"
    case .dataCorrupted(let context):
      let reason = context.underlyingError.map { "\($0)" } ?? context.debugDescription
      return place(context.codingPath).isEmpty ? reason : "\(place(context.codingPath)): \(reason)"
    @unknown default: return "\(self)"
    }
  }
}
