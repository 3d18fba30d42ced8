import Foundation
import Testing

/// The reference cases of one method, read from `../shared/reference` beside the repository.
enum NonuniformReferenceCases {
  static let folder = URL(filePath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appending(path: "../shared/reference").standardizedFileURL

  static var areMissing: Bool {
    !FileManager.default.fileExists(atPath: folder.appending(path: "cases.json").path)
  }

  struct Case: Decodable, Sendable, CustomTestStringConvertible {
    struct Volume: Decodable, Sendable {
      let file: String
      let bFactorByElement: Double?
    }
    struct Image: Decodable, Sendable {
      let shape: [Int]
      let paddedShape: [Int]
      let pixelSize: Double
    }
    struct Options: Decodable, Sendable {
      let antialias: Bool?
      let upsampleFactor: Int?
      let shape: [Int]?
      let eps: Double?
    }
    struct Expected: Decodable, Sendable {
      let file: String
    }
    let name: String
    let method: String
    let outputsRealSpace: Bool?
    let volume: Volume?
    let rotationMatrix: [[Double]]?
    let image: Image?
    let options: Options?
    let expected: Expected
    let maxAbsErrorOverMaxAbs: Double

    var testDescription: String { name }
  }

  static func of(method: String) -> [Case] {
    // The options of other methods are of other kinds: only the cases asked for are decoded in full.
    struct Either: Decodable {
      let value: Case?
      init(from decoder: any Decoder) throws {
        value = try? Case(from: decoder)
      }
    }
    struct Listing: Decodable { let cases: [Either] }
    guard let data = try? Data(contentsOf: folder.appending(path: "cases.json")),
      let listing = try? caseDecoder().decode(Listing.self, from: data)
    else { return [] }
    return listing.cases.compactMap(\.value).filter { $0.method == method }
  }

  static func doubles(_ file: String) throws -> [Double] {
    try Data(contentsOf: folder.appending(path: file)).withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }

  /// The voxels of a cubic map of floats without extended header, and its size.
  static func map(_ file: String) throws -> (size: Int, values: [Float]) {
    try Data(contentsOf: folder.appending(path: file)).withUnsafeBytes { bytes in
      let size = Int(bytes.loadUnaligned(as: Int32.self))
      return (
        size,
        (0..<size * size * size).map { bytes.loadUnaligned(fromByteOffset: 1024 + 4 * $0, as: Float.self) }
      )
    }
  }

  struct Atoms: Decodable {
    let positions: [[Double]]
    let atomicNumbers: [Int]
  }

  static func atoms(_ file: String) throws -> Atoms {
    try caseDecoder().decode(Atoms.self, from: Data(contentsOf: folder.appending(path: file)))
  }

  /// The largest difference over the largest expected value.
  static func error<Scalar: BinaryFloatingPoint>(_ got: [Scalar], _ want: [Double], complex: Bool) -> Double {
    guard got.count == want.count else { return .infinity }
    return peak(zip(got, want).map { Double($0) - $1 }, complex) / peak(want, complex)
  }

  private static func peak(_ values: [Double], _ complex: Bool) -> Double {
    var largest = 0.0
    for i in stride(from: 0, to: values.count, by: complex ? 2 : 1) {
      let imaginary = complex ? values[i + 1] : 0
      largest = max(largest, (values[i] * values[i] + imaginary * imaginary).squareRoot())
    }
    return largest
  }
}

/// Reads names as cases are written, `pad_scale`, as Swift's, `padScale`.
private func caseDecoder() -> JSONDecoder {
  let decoder = JSONDecoder()
  decoder.keyDecodingStrategy = .convertFromSnakeCase
  return decoder
}
