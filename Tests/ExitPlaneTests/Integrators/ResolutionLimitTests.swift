import ComplexModule
import Foundation
import Oracles
import Testing

@testable import ExitPlane

/// An image without what lies beyond a resolution: sums over all pixels for each frequency, and over all frequencies
/// that are kept for each pixel.
private func limited(
  _ image: [Double], rows: Int, columns: Int, pixelSize: Double, resolution: Double
) -> [Double] {
  func frequencies(_ n: Int) -> [Int] { Array(-(n / 2)..<(n - n / 2)) }
  var result = [Double](repeating: 0, count: image.count)
  for ky in frequencies(rows) {
    for kx in frequencies(columns) {
      let (v, u) = (Double(ky) / Double(rows), Double(kx) / Double(columns))
      guard (u * u + v * v).squareRoot() / pixelSize <= 1 / resolution * (1 + 1e-12) else { continue }
      func angle(_ index: Int) -> Double {
        2 * .pi * (v * Double(index / columns - rows / 2) + u * Double(index % columns - columns / 2))
      }
      var (re, im) = (0.0, 0.0)
      for (index, value) in image.enumerated() {
        re += value * cos(angle(index))
        im -= value * sin(angle(index))
      }
      for index in result.indices {
        result[index] += (re * cos(angle(index)) - im * sin(angle(index))) / Double(image.count)
      }
    }
  }
  return result
}

@Suite("A resolution limit of any projection")
struct ResolutionLimitTests {
  static let pose = Pose(
    rotation: try! Rotation(matrix: randomRotationMatrix(seed: 5)), shiftInAngstroms: SIMD2(0.7, -1.2))
  static let pixelSize = 1.3

  static func structure() throws -> AtomicStructure {
    let positions = [
      SIMD3(-4, 2, 1), SIMD3(3, -5, 0.5), SIMD3(1, 4, -3), SIMD3(0, -1, 2.5), SIMD3(7, 6, 5.0),
    ]
    return try AtomicStructure(
      positionsInAngstroms: positions, atomicNumbers: [6, 7, 8, 16, 6],
      bFactorsInSquareAngstroms: [20, 30, 10, 25, 60], occupancies: [1, 1, 0.5, 1, 1])
  }

  /// Two Gaussians an atom, heavier for heavier elements.
  static func factor(_ number: Int, _: String?) throws -> ScatteringFactor {
    try ScatteringFactor(
      amplitudesInAngstroms: [0.2 * Double(number), 0.1 * Double(number)], widthsInSquareAngstroms: [25, 4])
  }

  /// The limited image and spectrum of a plan against the sums over its whole image.
  static func check<Plan: RealImagePlan>(
    _ plan: Projector<Plan>, resolution: Double, to tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let shape = plan.plane.paddedShape
    var workspace = try plan.makeWorkspace()
    let whole = plan.project(at: pose, using: &workspace).values.map { Double($0) }
    let want = limited(
      whole, rows: shape.rows, columns: shape.columns, pixelSize: plan.plane.pixelSizeInAngstroms,
      resolution: resolution)
    let cut = try plan.limited(toResolutionInAngstroms: resolution)
    var cutWorkspace = try cut.makeWorkspace()
    let got = cut.project(at: pose, using: &cutWorkspace)
    #expect(largestError(got.values, want) < tolerance, sourceLocation: sourceLocation)
    #expect(largestError(whole, want) > 0.01, "the limit does nothing", sourceLocation: sourceLocation)
    // A second image from the same workspace is as good as the first.
    #expect(cut.project(at: pose, using: &cutWorkspace) == got, sourceLocation: sourceLocation)
    let spectrum = cut.integrate(at: pose, using: &cutWorkspace)
    let back = image(ofHalf: inOracleTerms(spectrum.values), rows: shape.rows, columns: shape.columns)
    #expect(largestError(back, want) < tolerance, sourceLocation: sourceLocation)
  }

  @Test(
    "Gaussians, atoms and voxels lose what is beyond it and nothing else",
    arguments: [(16, 16, 5.0), (15, 17, 4.0), (13, 20, 3.1), (18, 11, 2.61)])
  func methods(rows: Int, columns: Int, resolution: Double) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: Self.pixelSize)
    func both<Scalar: GridScalar>(_: Scalar.Type, accuracy: Double, to tolerance: Double) throws {
      let mixture = try GaussianMixtureVolume(Self.structure(), scatteringFactor: Self.factor)
      for factor in [1, 2] {
        try Self.check(
          GaussianMixtureProjection<Scalar>(upsamplingFactor: factor).makeProjector(
            for: mixture, onto: plane),
          resolution: resolution, to: tolerance)
      }
      try Self.check(
        FFTAtomProjection<Scalar>(eps: accuracy).makeProjector(
          for: IndependentAtomVolume(Self.structure(), scatteringFactor: Self.factor), onto: plane),
        resolution: resolution, to: tolerance)
      let (map, _) = try noiseCube(10, voxelSize: Self.pixelSize, seed: 3, as: Scalar.self)
      try Self.check(
        RealVoxelProjection<Scalar>(eps: accuracy).makeProjector(for: map, onto: plane),
        resolution: resolution,
        to: tolerance)
    }
    // Images and spectra of atoms are made about different origins, and agree to their accuracy.
    try both(Double.self, accuracy: 1e-13, to: 1e-11)
    try both(Float.self, accuracy: 1e-6, to: 5e-6)
  }

  @Test("Gaussians against the sums over their definition, in a padded shape too", arguments: [0, 5])
  func definition(padding: Int) throws {
    let sum = GaussianSum.random(count: 12, gaussians: 2, radius: 5, deviations: 0.8...1.6, seed: 8)
    let rotation = randomRotationMatrix(seed: 5)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 20, columns: 23), pixelSizeInAngstroms: 1.1,
      paddedShape: GridShape(rows: 20 + padding, columns: 23 + padding))
    let whole = sum.image(
      rotation: rotation, shift: [0.7, -1.2], rows: 20 + padding, columns: 23 + padding, pixelSize: 1.1,
      average: true)
    let want = limited(whole, rows: 20 + padding, columns: 23 + padding, pixelSize: 1.1, resolution: 4)
    let plan = try GaussianMixtureProjection<Double>(accuracy: 1e-14)
      .makeProjector(for: sum.volume(), onto: plane).limited(toResolutionInAngstroms: 4)
    var workspace = try plan.makeWorkspace()
    #expect(largestError(plan.project(at: Self.pose, using: &workspace).values, want) < 1e-11)
  }

  @Test("it is the limit that Fourier slices have of their own", arguments: [(16, 16), (15, 19)])
  func slices(rows: Int, columns: Int) throws {
    let (map, _) = try noiseCube(16, voxelSize: Self.pixelSize, seed: 4, as: Double.self)
    let volume = try FourierVoxelGridVolume(map, padScale: 2)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: Self.pixelSize)
    let own = try FourierSliceExtraction<FourierVoxelGridVolume<Double>>(resolutionInAngstroms: 4)
      .project(volume, at: Self.pose, onto: plane)
    let plan = try FourierSliceExtraction().makeProjector(for: volume, onto: plane)
      .limited(toResolutionInAngstroms: 4)
    var workspace = try plan.makeWorkspace()
    #expect(largestError(plan.project(at: Self.pose, using: &workspace).values, own.values) < 1e-12)
  }

  @Test("what is no resolution is refused; the finest there is leaves out nothing", arguments: [7, 8])
  func bounds(side: Int) throws {
    let plane = try ImageConfiguration(shape: GridShape(square: side), pixelSizeInAngstroms: 1.5)
    let plan = try GaussianMixtureProjection<Double>().makeProjector(
      for: GaussianMixtureVolume(Self.structure(), scatteringFactor: Self.factor), onto: plane)
    for wrong in [0, -2, .nan, .infinity] {
      #expect(throws: ExitPlaneError.self) { try plan.limited(toResolutionInAngstroms: wrong) }
    }
    let highest = Double(side / 2) / Double(side)
    #expect(abs(plane.finestResolutionInAngstroms - 1.5 / (highest * 2.0.squareRoot())) < 1e-12)
    var workspace = try plan.makeWorkspace()
    let whole = plan.project(at: Self.pose, using: &workspace).values
    let finest = plane.finestResolutionInAngstroms
    for (resolution, keepsAll) in [(finest, true), (finest * 1.01, false)] {
      let cut = try plan.limited(toResolutionInAngstroms: resolution)
      var workspace = try cut.makeWorkspace()
      let error = largestError(cut.project(at: Self.pose, using: &workspace).values, whole)
      #expect((error < 1e-12) == keepsAll)
    }
  }
}
