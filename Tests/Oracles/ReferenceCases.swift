import Foundation

/// Reference projections beside the repository, `../shared/reference`, where the machine has them.
public enum ReferenceCases {
  public static let folder = URL(filePath: #filePath).appending(path: "../../../../shared/reference")
    .standardizedFileURL
  public static var areHere: Bool { FileManager.default.fileExists(atPath: path(of: "cases.json")) }

  /// Reference gradients, beside them.
  public static let gradients = folder.deletingLastPathComponent().appending(path: "gradients")
  public static var gradientsAreHere: Bool {
    FileManager.default.fileExists(atPath: gradients.appending(path: "gradients.json").path)
  }

  public static func path(of file: String) -> String { folder.appending(path: file).path }

  public struct Case: Decodable, Sendable, CustomStringConvertible {
    public struct Volume: Decodable, Sendable {
      public let file: String
      public let representation: String?
      public let padScale: Double?
      public let bFactorByElement: Double?
    }

    public struct Image: Decodable, Sendable {
      public let shape: [Int]
      public let paddedShape: [Int]
      public let pixelSize: Double
      public let voltageInKilovolts: Double?
    }

    /// Those of all methods.
    public struct Options: Decodable, Sendable {
      public let outputsIntegral: Bool?
      public let correctionMask: String?
      public let eps: Double?
      public let useErrorFunctions: Bool?
      public let shape: [Int]?
      public let nBatches: Int?
      public let antialias: Bool?
      public let upsampleFactor: Int?
    }

    public struct Expected: Decodable, Sendable {
      public let file: String
      public let dtype: String
    }

    public let name: String
    public let method: String
    public let outputsRealSpace: Bool?
    public let volume: Volume?
    public let rotationMatrix: [[Double]]?
    public let image: Image?
    public let options: Options?
    public let coordinatesZyx: [[Double]]?
    public let expected: Expected
    public let maxAbsErrorOverMaxAbs: Double

    public var description: String { name }
    public var isSpline: Bool { volume?.representation == "FourierVoxelSplineVolume" }

    /// The expected array; real numbers have no imaginary part.
    public func readExpected() throws -> [ComplexNumber] {
      let numbers = try doubles(expected.file)
      return expected.dtype == "complex128"
        ? stride(from: 0, to: numbers.count, by: 2).map { ComplexNumber(numbers[$0], numbers[$0 + 1]) }
        : numbers.map { ComplexNumber($0, 0) }
    }
  }

  /// In the listing's order; none where it is not there.
  public static let all: [Case] = {
    struct Listing: Decodable { let cases: [Case] }
    guard areHere else { return [] }
    do {
      return try decoded("cases.json", as: Listing.self).cases
    } catch {
      // No cases would be no tests, and pass.
      fatalError("\(path(of: "cases.json")): \(error)")
    }
  }()

  public static func all(of methods: String...) -> [Case] { all.filter { methods.contains($0.method) } }

  public struct Atoms: Decodable, Sendable {
    public let positions: [[Double]]
    public let atomicNumbers: [Int]
    public let amplitudes: [[Double]]
    public let variances: [[Double]]
  }

  public static func atoms(_ file: String) throws -> Atoms { try decoded(file, as: Atoms.self) }

  public static func doubles(_ file: String) throws -> [Double] {
    try Data(contentsOf: folder.appending(path: file)).withUnsafeBytes { bytes in
      (0..<bytes.count / 8).map { bytes.loadUnaligned(fromByteOffset: 8 * $0, as: Double.self) }
    }
  }

  /// Depth, rows and columns of a map, and its voxels: of mode 2 without extended header, as all maps of the cases are.
  public static func map(_ file: String) throws -> (shape: [Int], values: [Float]) {
    try Data(contentsOf: folder.appending(path: file)).withUnsafeBytes { bytes in
      let shape = (0..<3).map { Int(bytes.loadUnaligned(fromByteOffset: 4 * (2 - $0), as: Int32.self)) }
      return (
        shape,
        (0..<shape.reduce(1, *)).map { bytes.loadUnaligned(fromByteOffset: 1024 + 4 * $0, as: Float.self) }
      )
    }
  }

  /// Names as the files have them, `pad_scale`, are Swift's, `padScale`.
  private static func decoded<Value: Decodable>(_ file: String, as _: Value.Type) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Value.self, from: Data(contentsOf: folder.appending(path: file)))
  }
}
