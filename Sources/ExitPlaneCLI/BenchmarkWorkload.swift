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
    + [("gaussian-5k", 5000), ("gaussian-50k", 50_000)].map {
      BenchmarkWorkload($0.0, .gaussian(atoms: $0.1))
    }
    + [BenchmarkWorkload("real-voxel-128", .realVoxel(box: 128))]
    + [("fft-atom-5k", 5000), ("fft-atom-50k", 50_000)].map { BenchmarkWorkload($0.0, .fftAtom(atoms: $0.1)) }
    + [128, 256, 384].map { BenchmarkWorkload("inverse-fft-\($0)", .inverseFFT(box: $0)) }
}

enum MeasurementKind: Sendable {
  /// Slices of a map of white noise.
  case slice(box: Int, InterpolationName)
  /// Atoms of five Gaussians, B-factor 30 Å², onto 256² pixels of 1 Å.
  case gaussian(atoms: Int)
  /// Voxels of white noise by nonuniform FFT, at 1e-6.
  case realVoxel(box: Int)
  /// The same atoms by nonuniform FFT, at 1e-6.
  case fftAtom(atoms: Int)
  /// The transform that ends every projection made in Fourier space, and nothing else.
  case inverseFFT(box: Int)
}

/// What slices are made with: linear and cubic ones by a padding, exact ones to an accuracy.
struct SliceSetting {
  var padScale = 1.0
  var accuracy = 1e-3
}

/// What a workload does, in one precision.
struct Measurement<Scalar: GridScalar>: Sendable {
  let kind: MeasurementKind

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
        GaussianMixtureProjection<Scalar>().makePlan(for: volume, onto: plane), threads: threads)
    case .realVoxel(let box):
      let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
      let plan = try RealVoxelProjection<Scalar>().makePlan(for: noiseMap(box: box), onto: plane)
      return try time(plan, threads: threads)
    case .fftAtom(let count):
      let plane = try ImageConfiguration(shape: GridShape(square: 256), pixelSizeInAngstroms: 1)
      let volume = try IndependentAtomVolume(ballOfAtoms(count: count))
      return try time(FFTAtomProjection<Scalar>().makePlan(for: volume, onto: plane), threads: threads)
    case .inverseFFT(let box):
      let shape = try GridShape(square: box)
      return try bestMilliseconds { count in
        try timeInverseFFTs(of: shape, count: count, threads: threads, as: Scalar.self)
      }
    }
  }

  private func time<Volume: FourierSliceVolume>(
    slicing volume: Volume, box: Int, threads: Int
  ) throws -> Double where Volume.Scalar == Scalar {
    let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
    return try time(
      FourierSliceExtraction<Volume>().makePlan(for: volume, onto: plane), threads: threads)
  }

  private func time<Plan: RealImagePlan>(_ plan: Plan, threads: Int) throws -> Double {
    try bestMilliseconds { count in
      try plan.projectEach(
        count: count, threads: threads,
        pose: { Pose(rotation: .random(seed: 1, index: $0)) }, consume: { _, _ in })
    }
  }

  /// The best of nine repeats, over 400 items or what half a second takes, but four at least.
  private func bestMilliseconds(_ body: (_ count: Int) throws -> Void) throws -> Double {
    func run(_ count: Int) throws -> Double {
      let start = DispatchTime.now().uptimeNanoseconds
      try body(count)
      return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6 / Double(count)
    }
    let first = try run(8)
    let items = max(4, min(400, Int(500 / max(first, 1e-3))))
    return try (0..<9).reduce(first) { best, _ in min(best, try run(items)) }
  }

  /// White noise: a slice costs the same whatever the map holds.
  private func noiseMap(box: Int) throws -> RealVoxelGridVolume<Scalar> {
    let noise = UniformNumbers(seed: 2)
    return try RealVoxelGridVolume(
      depth: box, rows: box, columns: box, voxelSizeInAngstroms: 1,
      values: (0..<box * box * box).map { Scalar(noise[$0] - 0.5) })
  }

  /// Atoms uniform in a ball at a protein's density, 0.05 an Å³, of its elements.
  private func ballOfAtoms(count: Int) throws -> AtomicStructure {
    let radius = pow(Double(count) / 0.05 * 3 / (4 * .pi), 1 / 3)
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
