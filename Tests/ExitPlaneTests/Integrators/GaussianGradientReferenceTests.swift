import Foundation
import Testing

@testable import ExitPlane

/// Vector-Jacobian products by automatic differentiation of the definition; see ../shared/gradients/generate.py.
@Suite("Gradients of Gaussian mixtures: reference cases")
struct GaussianGradientReferenceTests {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../../../../shared/gradients").standardizedFileURL
  static let hasReference = FileManager.default.fileExists(
    atPath: folder.appending(path: "gradients.json").path)

  private struct Cases: Decodable { let cases: [Case] }

  private struct Case: Decodable {
    let name: String
    let method: String
    let rotationMatrix: [[Double]]
    let shiftInAngstroms: [Double]
    let options: Options
    let imagePlane: Plane
    let tolerance: Double
    let inputs: [String: Numbers]
    let cotangent: Numbers
    let expected: [String: Numbers]
  }

  private struct Options: Decodable {
    let useErrorFunctions: Bool?
    let accuracy: Double?
    let shape: [Int]?
  }

  private struct Plane: Decodable {
    let shape: [Int]
    let pixelSize: Double
  }

  private struct Numbers: Decodable {
    let file: String
    let shape: [Int]

    var values: [Double] {
      get throws {
        try Data(contentsOf: GaussianGradientReferenceTests.folder.appending(path: file)).withUnsafeBytes {
          Array($0.bindMemory(to: Double.self))
        }
      }
    }
  }

  @Test("in both precisions", .enabled(if: hasReference, "no ../shared/gradients here"))
  func cases() throws {
    let data = try Data(contentsOf: Self.folder.appending(path: "gradients.json"))
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let cases = try decoder.decode(Cases.self, from: data).cases
      .filter { $0.method == "GaussianMixtureProjection" }
    #expect(cases.count == 4)
    for entry in cases {
      try check(entry, Double.self, accuracy: try #require(entry.options.accuracy), entry.tolerance)
      try check(entry, Float.self, accuracy: 1e-7, 1e-5)
    }
  }

  private func check<Scalar: GridScalar>(
    _ entry: Case, _: Scalar.Type, accuracy: Double, _ tolerance: Double
  ) throws {
    func shape(_ sides: [Int]) throws -> GridShape { try GridShape(rows: sides[0], columns: sides[1]) }
    func input(_ name: String) throws -> Numbers { try #require(entry.inputs[name]) }
    let positions = try input("positions").values
    let volume = try GaussianMixtureVolume(
      positions: stride(from: 0, to: positions.count, by: 3).map {
        SIMD3(positions[$0], positions[$0 + 1], positions[$0 + 2])
      }, gaussiansPerPosition: try input("amplitudes").shape[1], amplitudes: try input("amplitudes").values,
      variances: try input("variances").values)
    let plan = try GaussianMixtureProjection<Scalar>(
      useErrorFunctions: entry.options.useErrorFunctions ?? true,
      shape: try entry.options.shape.map(shape), accuracy: accuracy
    ).makePlan(
      for: volume.layout,
      onto: ImageConfiguration(
        shape: try shape(entry.imagePlane.shape), pixelSizeInAngstroms: entry.imagePlane.pixelSize))
    let pose = Pose(
      rotation: try Rotation(matrix: entry.rotationMatrix),
      shiftInAngstroms: SIMD2(entry.shiftInAngstroms[0], entry.shiftInAngstroms[1]))
    let cotangent = try entry.cotangent.values.map { Scalar($0) }
    let back = try PulledBack(plan, volume, [pose], [cotangent])
    let gradient = back.gradient.values()
    let turn = back.poses[0].rotationVector(at: pose.rotation)
    let shift = back.poses[0].shiftInAngstroms
    let got = [
      "positions": gradient.positions.numbers, "amplitudes": gradient.amplitudes,
      "variances": gradient.variances, "rotation": [turn.x, turn.y, turn.z], "shift": [shift.x, shift.y],
    ]
    for (name, values) in got {
      let want = try #require(entry.expected[name]).values
      #expect(largestError(values, want) < tolerance, "\(entry.name): \(name)")
    }
  }
}
