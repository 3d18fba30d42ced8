import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

/// An integrator as the conformance suite sees it: from Gaussians to images and spectra, in double.
///
/// A method joins the suite by adding itself to `all` with the error it states.
struct ConformingIntegrator: Sendable, CustomTestStringConvertible {
  let testDescription: String
  /// Of an image of smooth Gaussians, over its peak.
  let statedError: Double
  /// By how much images may differ that would be equal but for rounding and the choice of samples, over the
  /// peak.
  let rounding: Double
  /// Whether pixels are averages or values at their centres.
  let average: Bool
  /// At all poses, from one plan and one workspace.
  let project: @Sendable (GaussianSum, [Pose], ImageConfiguration) throws -> [Projection]

  struct Projection: Sendable, Equatable {
    let image: [Double]
    let spectrum: [Complex<Double>]
  }

  init<Integrator: VolumeIntegrator>(
    _ name: String, _ integrator: Integrator, statedError: Double, average: Bool, rounding: Double? = nil,
    volume: @escaping @Sendable (GaussianSum, ImageConfiguration) throws -> Integrator.Volume
  ) where Integrator.Plan: RealImagePlan {
    let single = Integrator.Plan.Scalar.self == Float.self
    testDescription = "\(name), \(Integrator.Plan.Scalar.precisionName) precision"
    self.statedError = statedError
    self.average = average
    self.rounding = rounding ?? (single ? 1e-5 : 1e-11)
    project = { sum, poses, plane in
      let plan = try integrator.makeProjector(for: try volume(sum, plane), onto: plane)
      var workspace = try plan.makeWorkspace()
      return poses.map { pose in
        let image = plan.project(at: pose, using: &workspace)
        let spectrum = plan.integrate(at: pose, using: &workspace)
        return Projection(
          image: image.values.map { Double($0) },
          spectrum: spectrum.values.map { Complex(Double($0.real), Double($0.imaginary)) })
      }
    }
  }

  static let all: [ConformingIntegrator] =
    gaussians(Float.self) + gaussians(Double.self) + slices(Float.self) + slices(Double.self)
    + realVoxels(Float.self) + realVoxels(Double.self)

  private static func gaussians<Scalar: GridScalar>(_: Scalar.Type) -> [ConformingIntegrator] {
    [true, false].map { average in
      ConformingIntegrator(
        "Gaussian mixture, \(average ? "averaged" : "at points")",
        GaussianMixtureProjection<Scalar>(useErrorFunctions: average), statedError: 1e-5, average: average
      ) { sum, _ in try sum.volume() }
    }
  }

  private static func realVoxels<Scalar: GridScalar>(_: Scalar.Type) -> [ConformingIntegrator] {
    [RealVoxelAlgorithm.spreading, .gathering].map { algorithm in
      ConformingIntegrator(
        "real voxels, \(algorithm)", RealVoxelProjection<Scalar>(eps: 1e-12, algorithm: algorithm),
        statedError: 3e-4, average: false
      ) { sum, plane in try conformanceMap(sum, plane) }
    }
  }

  private static func slices<Scalar: GridScalar>(_: Scalar.Type) -> [ConformingIntegrator] {
    SliceGrid.allCases.flatMap { grid in
      [
        // On grids padded by two, linear interpolation corrected on average.
        slice("linear", grid, statedError: 0.05) { (map: RealVoxelGridVolume<Scalar>) in
          try FourierVoxelGridVolume(map, padScale: 2, griddingCorrection: true)
        },
        slice("cubic", grid, statedError: 0.005) { (map: RealVoxelGridVolume<Scalar>) in
          try FourierVoxelSplineVolume(map, padScale: 2)
        },
        slice("exact", grid, statedError: 5e-5, rounding: 1e-5) { (map: RealVoxelGridVolume<Scalar>) in
          try FourierVoxelWindowVolume(map, accuracy: 1e-6)
        },
      ]
    }
      + FourierVoxelSplineVolume<Scalar>.Prefilter.allCases.map { prefilter in
        ConformingIntegrator(
          "cubic slices, \(prefilter)", FourierSliceExtraction<FourierVoxelSplineVolume<Scalar>>(),
          statedError: 0.005, average: false
        ) { sum, plane in
          try FourierVoxelSplineVolume(
            conformanceMap(sum, plane), padScale: 1.5, prefilter: prefilter)
        }
      } + [
        ConformingIntegrator(
          // The phantom does not vanish entirely where an image is smaller than it.
          "exact slices", FourierSliceExtraction<FourierVoxelWindowVolume<Scalar>>(), statedError: 3e-4,
          average: false
        ) { sum, plane in try FourierVoxelWindowVolume(conformanceMap(sum, plane), accuracy: 1e-12) }
      ]
  }

  private static func slice<Volume: FourierSliceVolume>(
    _ name: String, _ grid: SliceGrid, statedError: Double, rounding: Double? = nil,
    _ volume: @escaping @Sendable (RealVoxelGridVolume<Volume.Scalar>) throws -> Volume
  ) -> ConformingIntegrator {
    ConformingIntegrator(
      "\(name) slices on the \(grid) grid", FourierSliceExtraction<Volume>(sliceGrid: grid),
      statedError: statedError, average: false, rounding: rounding
    ) { sum, plane in try volume(conformanceMap(sum, plane)) }
  }
}

/// The box of maps that integrators of maps project; images may be larger or smaller.
private let conformanceBox = 40

/// Samples of the sum at the voxels' centres, which for Gaussians of two voxels' deviation is all of it.
func conformanceMap<Scalar: GridScalar>(
  _ sum: GaussianSum, _ plane: ImageConfiguration
) throws -> RealVoxelGridVolume<Scalar> {
  let (n, h) = (conformanceBox, plane.pixelSizeInAngstroms)
  return try RealVoxelGridVolume(
    depth: n, rows: n, columns: n, voxelSizeInAngstroms: h,
    values: sum.map(depth: n, rows: n, columns: n, voxelSize: h, average: false).map { Scalar($0) })
}

@Suite("Every integrator")
struct VolumeIntegratorConformance {
  static let pixelSize = 1.3

  /// Off-centre, without symmetry, well inside the box and wide enough for a map to hold.
  static let phantom = GaussianSum(
    positions: [[8, 2, -3], [-5, 9, 4], [1, -7, 8], [-3, -2, -9]],
    amplitudes: [[1, 0.5], [0.7, 0.2], [1.5, 0.1], [-0.4, 0.3]],
    variances: [[7, 9], [8, 10], [7.5, 7], [8, 12]])
  static let mass = phantom.totalAmplitude

  static func plane(_ rows: Int, _ columns: Int, padded: (Int, Int)? = nil) throws -> ImageConfiguration {
    try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: pixelSize,
      paddedShape: try padded.map { try GridShape(rows: $0.0, columns: $0.1) })
  }

  static let generic = randomRotationMatrix(seed: 77)
  static let shift = SIMD2(2.7, -1.9)

  static func difference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    return zip(a, b).map { abs($0 - $1) }.max() ?? 0
  }

  static func peak(_ a: [Double]) -> Double { a.map { abs($0) }.max() ?? 0 }

  @Test(
    "rotation sense, shift and units: the image is the analytic one, at every shape",
    arguments: ConformingIntegrator.all)
  func analytic(_ method: ConformingIntegrator) throws {
    let rotations = [
      Self.generic, randomRotationMatrix(seed: 5), [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
      [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
    ]
    for (rows, columns, padded) in [
      (40, 40, nil), (39, 41, nil), (42, 54, nil), (45, 38, (48, 51)), (32, 32, (44, 44)),
    ] as [(Int, Int, (Int, Int)?)] {
      let plane = try Self.plane(rows, columns, padded: padded)
      let poses = try rotations.map {
        Pose(rotation: try Rotation(matrix: $0), shiftInAngstroms: Self.shift)
      }
      let got = try method.project(Self.phantom, poses, plane)
      for (projection, rotation) in zip(got, rotations) {
        let want = Self.phantom.image(
          rotation: rotation, shift: [Self.shift.x, Self.shift.y], rows: plane.paddedShape.rows,
          columns: plane.paddedShape.columns, pixelSize: Self.pixelSize, average: method.average)
        let error = Self.difference(projection.image, want) / Self.peak(want)
        #expect(error < method.statedError, "\(plane.paddedShape)")
      }
    }
  }

  @Test("the spectrum is the image's transform", arguments: ConformingIntegrator.all)
  func spectrum(_ method: ConformingIntegrator) throws {
    for (rows, columns) in [(40, 40), (37, 42), (42, 37)] {
      let poses = [Pose(rotation: try Rotation(matrix: Self.generic), shiftInAngstroms: Self.shift)]
      let got = try method.project(Self.phantom, poses, Self.plane(rows, columns))[0]
      let half = got.spectrum.map { ComplexNumber($0.real, $0.imaginary) }
      let back = image(ofHalf: half, rows: rows, columns: columns)
      #expect(Self.difference(back, got.image) < method.rounding * Self.peak(got.image))
    }
  }

  @Test("total mass is the object's at every pose", arguments: ConformingIntegrator.all)
  func totalMass(_ method: ConformingIntegrator) throws {
    let poses = try [Self.generic, randomRotationMatrix(seed: 6)].map {
      Pose(rotation: try Rotation(matrix: $0), shiftInAngstroms: Self.shift)
    }
    for (rows, columns) in [(40, 40), (43, 45)] {
      for projection in try method.project(Self.phantom, poses, Self.plane(rows, columns)) {
        let sum = projection.image.reduce(0, +) * Self.pixelSize * Self.pixelSize
        #expect(abs(sum - Self.mass) < method.statedError * Self.mass)
        #expect(
          abs(projection.spectrum[0].real * Self.pixelSize * Self.pixelSize - sum) < 1e-5 * Self.mass)
      }
    }
  }

  @Test("a sum of objects gives the sum of images", arguments: ConformingIntegrator.all)
  func linearity(_ method: ConformingIntegrator) throws {
    let poses = [Pose(rotation: try Rotation(matrix: Self.generic), shiftInAngstroms: Self.shift)]
    let plane = try Self.plane(40, 40)
    let other = GaussianSum(positions: [[3, 3, -2]], amplitudes: [[2]], variances: [[9]])
    var both = Self.phantom
    both.positions += other.positions
    both.amplitudes = both.amplitudes.map { $0.map { 3 * $0 } } + [[-4, 0]]
    both.variances += [[9, 9]]
    let a = try method.project(Self.phantom, poses, plane)[0].image
    let b = try method.project(other, poses, plane)[0].image
    let combined = zip(a, b).map { 3 * $0 - 2 * $1 }
    let got = try method.project(both, poses, plane)[0].image
    #expect(Self.difference(got, combined) < method.rounding * Self.peak(combined))
  }

  @Test("seen from behind, the image is mirrored", arguments: ConformingIntegrator.all)
  func mirror(_ method: ConformingIntegrator) throws {
    let front = try Rotation(matrix: Self.generic)
    let behind = try Rotation(phiInDegrees: 0, thetaInDegrees: 180, psiInDegrees: 0) * front
    for n in [39, 40] {
      let images = try method.project(
        Self.phantom, [Pose(rotation: front), Pose(rotation: behind)], Self.plane(n, n)
      ).map(\.image)
      var error = 0.0
      for y in 0..<n {
        // An even axis's first column has no mirror image.
        for x in (n % 2 == 0 ? 1 : 0)..<n {
          let mirrored = 2 * (n / 2) - x
          error = max(error, abs(images[1][y * n + x] - images[0][y * n + mirrored]))
        }
      }
      // Of an even axis's Nyquist row one side is sampled. The phantom nearly vanishes there, and so does the sum
      // over its voxels, but for periodic images of frequencies that turn out of the box's Nyquist.
      #expect(error < max(method.rounding, n % 2 == 0 ? 1e-5 : 1e-9) * Self.peak(images[0]))
    }
  }

  @Test("a shift by whole pixels moves the image by them", arguments: ConformingIntegrator.all)
  func wholeShift(_ method: ConformingIntegrator) throws {
    let rotation = try Rotation(matrix: Self.generic)
    let n = 44
    let poses = [
      Pose(rotation: rotation),
      Pose(rotation: rotation, shiftInAngstroms: SIMD2(3 * Self.pixelSize, -2 * Self.pixelSize)),
    ]
    let images = try method.project(Self.phantom, poses, Self.plane(n, n)).map(\.image)
    var error = 0.0
    for y in 2..<(n - 2) {
      for x in 3..<n {
        error = max(error, abs(images[1][(y - 2) * n + x] - images[0][y * n + x - 3]))
      }
    }
    // Slices shift within a period, and what interpolation leaves at the edges wraps around.
    #expect(error < method.statedError * Self.peak(images[0]))
  }

  @Test("a workspace carries nothing from one pose to the next", arguments: ConformingIntegrator.all)
  func reuse(_ method: ConformingIntegrator) throws {
    let plane = try Self.plane(36, 41, padded: (40, 44))
    let poses = try (0..<3).map {
      Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 40 + $0)), shiftInAngstroms: Self.shift)
    }
    let together = try method.project(Self.phantom, poses, plane)
    for (pose, projection) in zip(poses, together) {
      #expect(try method.project(Self.phantom, [pose], plane)[0] == projection)
    }
  }

  @Test("methods agree on one rendered structure at a generic pose")
  func agreement() throws {
    let carbon = try ScatteringFactor(
      amplitudesInAngstroms: [0.0893, 0.2563, 0.757, 1.0487, 0.3575],
      widthsInSquareAngstroms: [0.2465, 1.71, 6.4094, 18.6113, 50.2523])
    var generator = SeededGenerator(seed: 50)
    let count = 300
    // B-factors that leave next to nothing beyond the map's Nyquist frequency, and in the corners of the
    // image's spectrum, which may see it again there: what is left is interpolation.
    let atoms = try AtomicStructure(
      positionsInAngstroms: (0..<count).map { _ in
        SIMD3(generator.uniform(-12...12), generator.uniform(-12...12), generator.uniform(-9...14))
      }, atomicNumbers: Array(repeating: 6, count: count),
      bFactorsInSquareAngstroms: (0..<count).map { _ in Float(generator.uniform(350...500)) },
      occupancies: Array(repeating: 1, count: count))
    let mixture = try GaussianMixtureVolume(atoms) { _, _ in carbon }
    let plane = try ImageConfiguration(shape: GridShape(square: 80), pixelSizeInAngstroms: 1)
    let pose = Pose(rotation: try Rotation(matrix: Self.generic), shiftInAngstroms: Self.shift)
    let map = try GaussianMixtureRendering<Double>(useErrorFunctions: false, accuracy: 1e-12).render(
      mixture, boxSize: 80, voxelSizeInAngstroms: 1)
    func slice(_ volume: some FourierSliceVolume<Double>) throws -> [Double] {
      func project<Volume: FourierSliceVolume<Double>>(_ volume: Volume) throws -> [Double] {
        try FourierSliceExtraction<Volume>().project(volume, at: pose, onto: plane).values
      }
      return try project(volume)
    }
    let direct = try GaussianMixtureProjection<Double>(useErrorFunctions: false, accuracy: 1e-12).project(
      mixture, at: pose, onto: plane
    ).values
    for (image, error) in [
      (try slice(FourierVoxelGridVolume(map, padScale: 2, griddingCorrection: true)), 0.02),
      (try slice(FourierVoxelSplineVolume(map, padScale: 2)), 0.005),
      (try slice(FourierVoxelWindowVolume(map, accuracy: 1e-9)), 1e-6),
    ] {
      #expect(Self.difference(direct, image) < error * Self.peak(direct))
    }
  }
}
