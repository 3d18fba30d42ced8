import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

/// What cryoJAX makes of a structure; Scripts/oracles/cryojax_structure.py wrote it.
private struct Golden: Decodable {
  struct Image: Decodable {
    let bFactors: Bool
    let average: Bool
    let pose: [Double]
    let peak: Double
    let sum: Double
    let values: [Double]
  }
  struct Map: Decodable {
    let peak: Double
    let sum: Double
    let values: [Double]
  }
  let box: Int
  let pixelSize: Double
  let imageStep: Int
  let mapStep: Int
  let images: [Image]
  let map: Map
}

@Suite("A structure's projections and map are cryoJAX's")
struct StructureProjectionTests {
  private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appending(path: "../..").standardizedFileURL
  static let structure = root.appending(path: "../shared/structures/8zpm.cif").standardizedFileURL.path
  static let hasStructure = FileManager.default.fileExists(atPath: structure)

  private let golden: Golden

  init() throws {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    golden = try decoder.decode(
      Golden.self, from: Data(contentsOf: Self.root.appending(path: "Tests/Goldens/8zpm_cryojax.json")))
  }

  private func largestError<Scalar: GridScalar>(
    _ got: [Scalar], axes: Int, step: Int, _ want: [Double]
  ) throws -> Double {
    let kept = Array(stride(from: 0, to: golden.box, by: step))
    var indices = [0]
    for _ in 0..<axes { indices = indices.flatMap { i in kept.map { i * golden.box + $0 } } }
    try #require(indices.count == want.count)
    return zip(indices, want).map { abs(Double(got[$0]) - $1) }.max() ?? 0
  }

  private func checkImages<Scalar: GridScalar>(_: Scalar.Type, accuracy: Double, tolerance: Double) throws {
    let file = try StructureFile(path: Self.structure)
    let plane = try ImageConfiguration(
      shape: GridShape(square: golden.box), pixelSizeInAngstroms: golden.pixelSize)
    for want in golden.images {
      let atoms = try file.atoms(StructureOptions(bFactors: want.bFactors ? .used : .ignored))
      let pose = try Pose(
        relionRotInDegrees: want.pose[0], tiltInDegrees: want.pose[1], psiInDegrees: want.pose[2],
        originXInAngstroms: want.pose[3], originYInAngstroms: want.pose[4])
      let image = try GaussianMixtureProjection<Scalar>(
        useErrorFunctions: want.average, accuracy: accuracy
      ).project(GaussianMixtureVolume(atoms), at: pose, onto: plane)
      let error = try largestError(image.values, axes: 2, step: golden.imageStep, want.values)
      #expect(error < tolerance * want.peak)
      #expect(abs(image.values.reduce(0) { $0 + Double($1) } - want.sum) < tolerance * want.sum)
    }
  }

  @Test(
    "projections, with and without B-factors, averaged and at points",
    .enabled(if: hasStructure, "no ../shared/structures here"))
  func images() throws {
    try checkImages(Float.self, accuracy: 1e-6, tolerance: 2e-5)
    // What is left is that cryoJAX's atomic masses, and so the centre, differ in the fifth digit.
    try checkImages(Double.self, accuracy: 1e-13, tolerance: 2e-6)
  }

  @Test("the rendered map", .enabled(if: hasStructure, "no ../shared/structures here"))
  func map() throws {
    let volume = try GaussianMixtureVolume(AtomicStructure(contentsOf: Self.structure))
    let single = try GaussianMixtureRendering<Float>().render(
      volume, boxSize: golden.box, voxelSizeInAngstroms: golden.pixelSize)
    let double = try GaussianMixtureRendering<Double>(accuracy: 1e-13).render(
      volume, boxSize: golden.box, voxelSizeInAngstroms: golden.pixelSize)
    let want = golden.map
    #expect(
      try largestError(single.values, axes: 3, step: golden.mapStep, want.values) < 2e-5 * want.peak)
    #expect(
      try largestError(double.values, axes: 3, step: golden.mapStep, want.values) < 2e-6 * want.peak)
    #expect(abs(double.values.reduce(0, +) - want.sum) < 1e-9 * want.sum)
  }
}
