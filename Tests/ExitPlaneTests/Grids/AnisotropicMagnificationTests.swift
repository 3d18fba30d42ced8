import ComplexModule
import Oracles
import RealModule
import Testing

@testable import ExitPlane

@Suite("Anisotropic magnification")
struct AnisotropicMagnificationTests {
  private typealias Suite = VolumeIntegratorConformance

  static let matrix = [[1.04, 0.03], [-0.015, 0.96]]

  private static func magnification(_ m: [[Double]] = matrix) throws -> AnisotropicMagnification {
    try AnisotropicMagnification(
      firstRow: SIMD2(m[0][0], m[0][1]), secondRow: SIMD2(m[1][0], m[1][1]))
  }

  private static func plane(
    _ rows: Int, _ columns: Int, padded: (Int, Int)? = nil, pixelSize: Double = Suite.pixelSize,
    _ magnification: AnisotropicMagnification
  ) throws -> ImageConfiguration {
    try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: pixelSize,
      paddedShape: try padded.map { try GridShape(rows: $0.0, columns: $0.1) }, magnification: magnification)
  }

  @Test("images are the analytic ones, seen by M, at every shape", arguments: ConformingIntegrator.all)
  func analytic(_ method: ConformingIntegrator) throws {
    let rotations = [Suite.generic, [[1, 0, 0], [0, 1, 0], [0, 0, 1]]]
    let poses = try rotations.map {
      Pose(rotation: try Rotation(matrix: $0), shiftInAngstroms: Suite.shift)
    }
    for (rows, columns, padded) in [(40, 40, nil), (39, 42, nil), (36, 38, (45, 44))]
      as [(Int, Int, (Int, Int)?)]
    {
      let plane = try Self.plane(rows, columns, padded: padded, Self.magnification())
      let shape = plane.paddedShape
      for (projection, rotation) in zip(try method.project(Suite.phantom, poses, plane), rotations) {
        let want = Suite.phantom.distortedImage(
          by: Self.matrix, rotation: rotation, shift: [Suite.shift.x, Suite.shift.y], rows: shape.rows,
          columns: shape.columns, pixelSize: Suite.pixelSize, average: method.average)
        let peak = Suite.peak(want)
        #expect(Suite.difference(projection.image, want) < method.statedError * peak, "\(shape)")
        // What M would do with its off-diagonal elements exchanged, or inverted, is far from it.
        let other = Suite.phantom.distortedImage(
          by: [[1.04, -0.015], [0.03, 0.96]], rotation: rotation, shift: [Suite.shift.x, Suite.shift.y],
          rows: shape.rows, columns: shape.columns, pixelSize: Suite.pixelSize, average: method.average)
        #expect(Suite.difference(other, want) > 0.06 * peak)
        let half = projection.spectrum.map { ComplexNumber($0.real, $0.imaginary) }
        let back = image(ofHalf: half, rows: shape.rows, columns: shape.columns)
        #expect(Suite.difference(back, projection.image) < method.rounding * peak)
        // No Jacobian: the sum over pixels is the object's.
        let mass = projection.spectrum[0].real * Suite.pixelSize * Suite.pixelSize
        #expect(abs(mass - Suite.mass) < method.statedError * Suite.mass)
      }
    }
  }

  /// Of white noise, which has as much at Nyquist as anywhere.
  @Test(
    "exact slices and voxels are the direct sum at the magnified frequencies",
    arguments: [(16, 16), (15, 17), (14, 9), (9, 12)])
  func directSums(rows: Int, columns: Int) throws {
    let n = 14
    let (map, values) = try noiseCube(n, seed: 3, as: Double.self)
    let (r, m) = (randomRotationMatrix(seed: 8), Self.matrix)
    let plane = try Self.plane(rows, columns, pixelSize: 1, Self.magnification())
    let pose = Pose(rotation: try Rotation(matrix: r))
    let want = realSpectrum(rows: rows, columns: columns) { kx, ky in
      let (x, y) = (Double(kx) / Double(columns), Double(ky) / Double(rows))
      return directSum(
        values, n: n, at: turnedBack(r, m[0][0] * x + m[0][1] * y, m[1][0] * x + m[1][1] * y))
    }
    let slice = try FourierSliceExtraction().integrate(
      FourierVoxelWindowVolume(map, accuracy: 1e-9), at: pose, onto: plane)
    #expect(rmsError(inOracleTerms(slice.values), want) < 1e-9)
    for algorithm in [RealVoxelAlgorithm.spreading, .gathering] {
      let voxels = try RealVoxelProjection<Double>(eps: 1e-9, algorithm: algorithm).integrate(
        map, at: pose, onto: plane)
      #expect(rmsError(inOracleTerms(voxels.values), want) < 1e-9, "\(algorithm)")
    }
  }

  @Test("transforms of atoms have their scattering factors at the magnified frequencies")
  func atoms() throws {
    let phantom = Suite.phantom
    // Two of them of one type, so that several types and weights meet.
    let types = try [[0, 1], [2], [3]].map { members in
      try IndependentAtomVolume.AtomType(
        positionsInAngstroms: members.map {
          SIMD3(phantom.positions[$0][0], phantom.positions[$0][1], phantom.positions[$0][2])
        }, amplitudesInAngstroms: phantom.amplitudes[members[0]],
        widthsInSquareAngstroms: phantom.variances[members[0]].map { 8 * .pi * .pi * $0 })
    }
    var sum = phantom
    (sum.amplitudes[1], sum.variances[1]) = (sum.amplitudes[0], sum.variances[0])
    let plane = try Self.plane(48, 51, Self.magnification())
    let pose = Pose(rotation: try Rotation(matrix: Suite.generic), shiftInAngstroms: Suite.shift)
    for average in [true, false] {
      let want = sum.distortedImage(
        by: Self.matrix, rotation: Suite.generic, shift: [Suite.shift.x, Suite.shift.y], rows: 48,
        columns: 51,
        pixelSize: Suite.pixelSize, average: average)
      let got = try FFTAtomProjection<Double>(antialias: average, eps: 1e-10).project(
        IndependentAtomVolume(types: types), at: pose, onto: plane)
      #expect(Suite.difference(got.values, want) < 2e-6 * Suite.peak(want), "averaged: \(average)")
    }
  }

  @Test("Gaussians keep their accuracy however much they are stretched", arguments: [1e-3, 1e-6, 1e-10])
  func stretchedGaussians(accuracy: Double) throws {
    for matrix in [
      [[1.3, 0], [0, 0.8]], [[0.7, 0.5], [-0.1, 1.4]], [[0.9, 0], [0, 0.9]], [[0, -1], [1, 0]],
    ] {
      let plane = try Self.plane(44, 45, Self.magnification(matrix))
      let want = Suite.phantom.distortedImage(
        by: matrix, rotation: Suite.generic, shift: [1, 2], rows: 44, columns: 45, pixelSize: Suite.pixelSize,
        average: true)
      let got = try GaussianMixtureProjection<Double>(accuracy: accuracy).project(
        Suite.phantom.volume(),
        at: Pose(rotation: Rotation(matrix: Suite.generic), shiftInAngstroms: SIMD2(1, 2)), onto: plane)
      // Some Gaussians, each with an error of its own.
      #expect(Suite.difference(got.values, want) < 5 * accuracy * Suite.peak(want), "\(matrix)")
    }
  }

  @Test("what no lens does and what is not offered is refused")
  func refusals() throws {
    for m in [
      [[0.0, 0], [0, 1]], [[3, 0], [0, 1]], [[1, 1], [1, 1]], [[.nan, 0], [0, 1]],
      [[1, .infinity], [0, 1]],
    ] {
      #expect(throws: ExitPlaneError.self) { try Self.magnification(m) }
    }
    let (map, _) = try noiseCube(8, seed: 1, as: Double.self)
    let plane = try Self.plane(8, 8, pixelSize: 1, Self.magnification())
    let volume = try FourierVoxelGridVolume(map, padScale: 1, griddingCorrection: false)
    #expect(throws: ExitPlaneError.self) {
      try FourierSliceExtraction(correctionMask: InverseSincMask()).makeProjector(for: volume, onto: plane)
    }
    #expect(throws: ExitPlaneError.self) {
      try EwaldSphereExtraction().makeProjector(for: volume, onto: plane)
    }
  }
}
