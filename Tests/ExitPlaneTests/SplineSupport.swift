import ComplexModule
import Foundation
import Oracles
import Testing

@testable import ExitPlane

/// A cube of white noise, the hardest input there is: every frequency counts.
func noiseCube<Scalar: GridScalar>(
  _ n: Int, voxelSize: Double = 1, seed: UInt64, as _: Scalar.Type = Scalar.self
) throws -> (map: RealVoxelGridVolume<Scalar>, values: [Double]) {
  var generator = SeededGenerator(seed: seed)
  let values = (0..<n * n * n).map { _ in Scalar(generator.uniform()) }
  let map = try RealVoxelGridVolume(
    depth: n, rows: n, columns: n, voxelSizeInAngstroms: voxelSize, values: values)
  return (map, values.map { Double($0) })
}

func inOracleTerms<Scalar: GridScalar>(_ values: [Complex<Scalar>]) -> [ComplexNumber] {
  values.map { ComplexNumber(Double($0.real), Double($0.imaginary)) }
}

/// The largest difference over the largest magnitude.
func worstError(_ got: [ComplexNumber], _ want: [ComplexNumber]) -> Double {
  guard got.count == want.count else { return .infinity }
  let peak = want.map(\.magnitude).max() ?? 0
  return zip(got, want).map { ($0 - $1).magnitude }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) } / peak
}

func worstError<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double]) -> Double {
  worstError(got.map { ComplexNumber(Double($0), 0) }, want.map { ComplexNumber($0, 0) })
}

/// The root of the mean square difference over that of the values wanted.
func rmsError(_ got: [ComplexNumber], _ want: [ComplexNumber]) -> Double {
  guard got.count == want.count else { return .infinity }
  func power(_ values: [ComplexNumber]) -> Double {
    values.reduce(0) { $0 + $1.re * $1.re + $1.im * $1.im }
  }
  return (power(zip(got, want).map { $0 - $1 }) / power(want)).squareRoot()
}

/// `Rᵀ (x, y, z)` for a matrix by rows.
func turnedBack(_ r: [[Double]], _ x: Double, _ y: Double, _ z: Double = 0) -> (
  x: Double, y: Double, z: Double
) {
  func component(_ i: Int) -> Double { r[0][i] * x + r[1][i] * y + r[2][i] * z }
  return (component(0), component(1), component(2))
}

/// Reference projections beside the repository, where the machine has them.
enum ReferenceCases {
  static let folder = URL(fileURLWithPath: #filePath).appendingPathComponent("../../../../shared/reference")
    .standardized
  static var areHere: Bool { FileManager.default.fileExists(atPath: folder.path + "/cases.json") }

  struct Case: Sendable, CustomTestStringConvertible {
    let name: String
    let method: String
    let map: String
    let padScale: Double
    let isSpline: Bool
    let rotation: [[Double]]
    let paddedShape: [Int]
    let pixelSize: Double
    let kilovolts: Double
    let outputsRealSpace: Bool
    let outputsIntegral: Bool
    let hasCorrectionMask: Bool
    let coordinates: [[Double]]
    let isComplex: Bool
    let expectedFile: String
    let tolerance: Double
    var testDescription: String { name }

    func expected() throws -> [ComplexNumber] {
      let data = try Data(contentsOf: folder.appendingPathComponent(expectedFile))
      let numbers = data.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
      return isComplex
        ? stride(from: 0, to: numbers.count, by: 2).map { ComplexNumber(numbers[$0], numbers[$0 + 1]) }
        : numbers.map { ComplexNumber($0, 0) }
    }

    /// Mode 2, as all maps of the cases are.
    func readMap<Scalar: GridScalar>(as _: Scalar.Type) throws -> RealVoxelGridVolume<Scalar> {
      let data = try Data(contentsOf: folder.appendingPathComponent(map))
      let shape = data.withUnsafeBytes { bytes in
        (0..<3).map { Int(bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Int32.self)) }
      }
      let voxels = data.dropFirst(1024).withUnsafeBytes { bytes in
        (0..<shape.reduce(1, *)).map { bytes.loadUnaligned(fromByteOffset: 4 * $0, as: Float.self) }
      }
      return try RealVoxelGridVolume(
        depth: shape[2], rows: shape[1], columns: shape[0], voxelSizeInAngstroms: pixelSize,
        values: voxels.map { Scalar($0) })
    }
  }

  static func all(of methods: String...) -> [Case] {
    guard areHere, let data = try? Data(contentsOf: folder.appendingPathComponent("cases.json")),
      let json = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
      let cases = json["cases"] as? [[String: Any]]
    else { return [] }
    return cases.compactMap { entry in
      guard let method = entry["method"] as? String, methods.contains(method),
        let volume = entry["volume"] as? [String: Any], let expected = entry["expected"] as? [String: Any]
      else { return nil }
      let image = entry["image"] as? [String: Any] ?? [:]
      let options = entry["options"] as? [String: Any] ?? [:]
      return Case(
        name: entry["name"] as? String ?? "", method: method, map: volume["file"] as? String ?? "",
        padScale: volume["pad_scale"] as? Double ?? 1,
        isSpline: volume["representation"] as? String == "FourierVoxelSplineVolume",
        rotation: entry["rotation_matrix"] as? [[Double]] ?? [],
        paddedShape: image["padded_shape"] as? [Int] ?? [], pixelSize: image["pixel_size"] as? Double ?? 1,
        kilovolts: image["voltage_in_kilovolts"] as? Double ?? 300,
        outputsRealSpace: entry["outputs_real_space"] as? Bool ?? false,
        outputsIntegral: options["outputs_integral"] as? Bool ?? true,
        hasCorrectionMask: options["correction_mask"] != nil,
        coordinates: entry["coordinates_zyx"] as? [[Double]] ?? [],
        isComplex: expected["dtype"] as? String == "complex128",
        expectedFile: expected["file"] as? String ?? "",
        tolerance: entry["max_abs_error_over_max_abs"] as? Double ?? 0)
    }
  }
}
