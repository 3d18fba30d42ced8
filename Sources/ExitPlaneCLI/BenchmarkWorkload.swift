import Dispatch
import ExitPlane
import ExitPlaneIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// A measurement by name, in either precision.
struct BenchmarkWorkload: Sendable {
  let name: String
  let single: Measurement<Float>
  let double: Measurement<Double>

  init(_ name: String, _ kind: MeasurementKind) {
    self.name = name
    single = Measurement(kind: kind)
    double = Measurement(kind: kind)
  }

  static func named(_ name: String) -> BenchmarkWorkload? { all.first { $0.name == name } }

  static let all: [BenchmarkWorkload] =
    [128, 256, 384].map { BenchmarkWorkload("slice-linear-\($0)", .slice(box: $0, .linear)) }
    + [128, 256].map { BenchmarkWorkload("slice-cubic-\($0)", .slice(box: $0, .cubic)) }
    + [128, 256].map { BenchmarkWorkload("slice-exact-\($0)", .slice(box: $0, .exact)) }
    + [1, 5, 10, 50, 100, 1000].map { BenchmarkWorkload("gaussian-\($0)k", .gaussian(atoms: 1000 * $0)) }
    + [BenchmarkWorkload("real-voxel-128", .realVoxel(box: 128))]
    + [("fft-atom-5k", 5000), ("fft-atom-50k", 50_000)].map { BenchmarkWorkload($0.0, .fftAtom(atoms: $0.1)) }
    + [
      BenchmarkWorkload("nufft-random", .transformOfRandomPoints(count: 1_000_000, modes: 512)),
      BenchmarkWorkload("nufft-grid", .transformOfGrid(box: 128)),
    ]
    + [128, 256, 384].map { BenchmarkWorkload("inverse-fft-\($0)", .inverseFFT(box: $0)) }
    + Projecting.Interpolation.allCases.flatMap { interpolation in
      [128, 256].map { box in
        BenchmarkWorkload(
          "gradient-slice-\(interpolation.rawValue)-\(box)", .gradient(.slice(box: box, interpolation)))
      }
    }
    + [BenchmarkWorkload("gradient-real-voxel-128", .gradient(.realVoxel(box: 128)))]
    + [5, 50].flatMap { thousands in
      [
        BenchmarkWorkload("gradient-gaussian-\(thousands)k", .gradient(.gaussian(atoms: 1000 * thousands))),
        BenchmarkWorkload("gradient-fft-atom-\(thousands)k", .gradient(.fftAtom(atoms: 1000 * thousands))),
      ]
    }
    + [Projecting.Interpolation.linear, .cubic].map {
      BenchmarkWorkload("backproject-\($0.rawValue)-256", .insertion(box: 256, $0))
    }
}

enum MeasurementKind: Sendable {
  /// Slices of a map of white noise.
  case slice(box: Int, Projecting.Interpolation)
  /// Atoms of five Gaussians, B-factor 30 Å², onto 256² pixels of 1 Å.
  case gaussian(atoms: Int)
  /// Voxels of white noise by nonuniform FFT, at 1e-6: 100 poses, the plan's preparation included.
  case realVoxel(box: Int)
  /// The same atoms by nonuniform FFT, at 1e-6.
  case fftAtom(atoms: Int)
  /// A type 1 transform alone, points and strengths in memory, at 1e-6; the plan is made beforehand, but all that
  /// depends on the points is counted.
  case transformOfRandomPoints(count: Int, modes: Int)
  /// The same of the voxels of a rotated map in their order, onto as many modes.
  case transformOfGrid(box: Int)
  /// The transform that ends every projection made in Fourier space, and nothing else.
  case inverseFFT(box: Int)
  /// `½ |P − y|²` and its gradients to the volume and the pose.
  case gradient(GradientWorkload)
  /// Data and weights of images into the grid.
  case insertion(box: Int, Projecting.Interpolation)
}

/// What slices are made with: linear and cubic ones by a padding, exact ones to an accuracy.
struct SliceSetting {
  let padScale: Double
  let accuracy: Double
}

/// What a workload does, in one precision.
struct Measurement<Scalar: GridScalar>: Sendable {
  let kind: MeasurementKind

  private var interpolation: Projecting.Interpolation? {
    switch kind {
    case .slice(_, let interpolation), .gradient(.slice(_, let interpolation)),
      .insertion(_, let interpolation):
      interpolation
    default: nil
    }
  }
  var usesPadding: Bool { interpolation == .linear || interpolation == .cubic }
  var usesAccuracy: Bool { interpolation == .exact }

  /// - Parameter setting: of slices; other workloads have none.
  func milliseconds(_ threads: Int, _ setting: SliceSetting) throws -> Double {
    switch kind {
    case .slice(let box, let interpolation):
      let map = try noiseMap(box: box)
      return switch interpolation {
      case .linear:
        try time(
          slicing: FourierVoxelGridVolume(map, padScale: setting.padScale), box: box, threads: threads)
      case .cubic:
        try time(
          slicing: FourierVoxelSplineVolume(map, padScale: setting.padScale), box: box, threads: threads)
      case .exact:
        try time(
          slicing: FourierVoxelWindowVolume(map, accuracy: setting.accuracy), box: box, threads: threads)
      }
    case .gaussian(let count):
      let plane = try ImageConfiguration(shape: GridShape(square: 256), pixelSizeInAngstroms: 1)
      let volume = try GaussianMixtureVolume(ballOfAtoms(count: count))
      return try time(
        GaussianMixtureProjection<Scalar>().makeProjector(for: volume, onto: plane), threads: threads)
    case .realVoxel(let box):
      let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
      let map = try noiseMap(box: box)
      return try (0..<5).reduce(.infinity) { best, _ in
        let poses = 100
        let total = try milliseconds {
          let plan = try RealVoxelProjection<Scalar>(expectedPoses: poses, preparationThreads: threads)
            .makeProjector(for: map, onto: plane)
          try project(plan, count: poses, threads: threads)
        }
        return min(best, total / Double(poses))
      }
    case .fftAtom(let count):
      let plane = try ImageConfiguration(shape: GridShape(square: 256), pixelSizeInAngstroms: 1)
      let volume = try IndependentAtomVolume(ballOfAtoms(count: count))
      return try time(FFTAtomProjection<Scalar>().makeProjector(for: volume, onto: plane), threads: threads)
    case .transformOfRandomPoints(let count, let modes):
      let numbers = UniformNumbers(seed: 5)
      let side = Double(modes)
      return try time(
        x: (0..<count).map { side * numbers[3 * $0] }, y: (0..<count).map { side * numbers[3 * $0 + 1] },
        strengths: (0..<count).map { Scalar(numbers[3 * $0 + 2] - 0.5) }, modes: modes, threads: threads)
    case .transformOfGrid(let box):
      let (row0, row1) = (
        Rotation.random(seed: 1, index: 0).rows.0, Rotation.random(seed: 1, index: 0).rows.1
      )
      let voxels = (0..<box * box * box).map { index in
        SIMD3(Double(index % box), Double(index / box % box), Double(index / box / box)) - Double(box / 2)
      }
      return try time(
        x: voxels.map { ($0 * row0).sum() }, y: voxels.map { ($0 * row1).sum() },
        strengths: noiseMap(box: box).values, modes: box, threads: threads)
    case .inverseFFT(let box):
      let shape = try GridShape(square: box)
      return try bestMilliseconds { count in
        try timeInverseFFTs(of: shape, count: count, threads: threads, as: Scalar.self)
      }
    case .gradient(let workload): return try milliseconds(ofGradient: workload, threads, setting)
    case .insertion(let box, let interpolation):
      return try milliseconds(ofInsertion: interpolation, box: box, threads, setting)
    }
  }

  private func time<Volume: FourierSliceVolume>(
    slicing volume: Volume, box: Int, threads: Int
  ) throws -> Double where Volume.Scalar == Scalar {
    let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
    return try time(
      FourierSliceExtraction<Volume>().makeProjector(for: volume, onto: plane), threads: threads)
  }

  private func time<Plan: RealImageProjector>(_ plan: Plan, threads: Int) throws -> Double {
    try bestMilliseconds { try project(plan, count: $0, threads: threads) }
  }

  private func project<Plan: RealImageProjector>(_ plan: Plan, count: Int, threads: Int) throws {
    try plan.projectEach(
      count: count, threads: threads,
      pose: { Pose(rotation: .random(seed: 1, index: $0)) }, consume: { _, _ in })
  }

  private func time(x: [Double], y: [Double], strengths: [Scalar], modes: Int, threads: Int) throws -> Double
  {
    let transform = try NonuniformFFT2D<Scalar>(
      shape: GridShape(square: modes), accuracy: 1e-6, options: NonuniformFFTOptions(threads: threads),
      expectedPoints: x.count)
    return try bestMilliseconds { count in
      for _ in 0..<count { _ = try transform.transform(x: x, y: y, strengths: strengths) }
    }
  }

  private func milliseconds(_ body: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try body()
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6
  }

  /// The best of nine repeats, over 400 items or what half a second takes, but four at least.
  func bestMilliseconds(_ body: (_ count: Int) throws -> Void) throws -> Double {
    func run(_ count: Int) throws -> Double { try milliseconds { try body(count) } / Double(count) }
    // Pages that are touched for the first time are no part of what an item takes.
    _ = try run(8)
    let first = try run(8)
    let items = max(4, min(400, Int(500 / max(first, 1e-3))))
    return try (0..<9).reduce(first) { best, _ in min(best, try run(items)) }
  }

  /// White noise: a slice costs the same whatever the map holds.
  func noiseMap(box: Int) throws -> RealVoxelGridVolume<Scalar> {
    try RealVoxelGridVolume(
      depth: box, rows: box, columns: box, voxelSizeInAngstroms: 1, values: noise(count: box * box * box))
  }

  func noise(count: Int) -> [Scalar] {
    let noise = UniformNumbers(seed: 2)
    return (0..<count).map { Scalar(noise[$0] - 0.5) }
  }

  /// Atoms uniform in a ball at a protein's density, 0.05 an Å³, of its elements; denser where the ball would be
  /// beyond an image of 256 Å.
  func ballOfAtoms(count: Int) throws -> AtomicStructure {
    let radius = min(120, pow(Double(count) / 0.05 * 3 / (4 * .pi), 1 / 3))
    let numbers = UniformNumbers(seed: 4)
    var positions = [SIMD3<Double>]()
    var draw = 0
    while positions.count < count {
      let p = SIMD3(numbers[draw], numbers[draw + 1], numbers[draw + 2]) * 2 - 1
      draw += 3
      if (p * p).sum() <= 1 { positions.append(p * radius) }
    }
    let elements: [UInt8] = (0..<count).map { index in
      switch numbers[draw + index] {
      case ..<0.63: 6
      case ..<0.80: 7
      case ..<0.99: 8
      default: 16
      }
    }
    return try AtomicStructure(
      positionsInAngstroms: positions, atomicNumbers: elements,
      bFactorsInSquareAngstroms: Array(repeating: 30, count: count),
      occupancies: Array(repeating: 1, count: count))
  }
}

/// Uniform numbers in 0..<1 by index (the SplitMix64 sequence).
private struct UniformNumbers {
  let seed: UInt64

  subscript(index: Int) -> Double {
    var z = seed &+ (UInt64(truncatingIfNeeded: index) &+ 1) &* 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return Double((z ^ (z >> 31)) >> 11) * 0x1p-53
  }
}
