import ComplexModule
import Oracles
import Synchronization

@testable import ExitPlane

/// Numbers in −½…½.
func noise<Scalar: GridScalar>(_ count: Int, seed: UInt64, as _: Scalar.Type = Scalar.self) -> [Scalar] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Scalar(generator.uniform()) }
}

/// `|⟨A x, y⟩ − ⟨x, Aᵀ y⟩|` over `|A x||y|`; both sums in double.
func transposeError<Scalar: GridScalar>(
  _ forward: [Scalar], _ cotangent: [Scalar], _ inputs: [Scalar], _ back: [Scalar]
) -> Double {
  func dot(_ a: [Scalar], _ b: [Scalar]) -> Double {
    precondition(a.count == b.count)
    return zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  let norm = (dot(forward, forward) * dot(cotangent, cotangent)).squareRoot()
  return abs(dot(forward, cotangent) - dot(inputs, back)) / norm
}

extension GridScalar {
  /// What inner products are to agree to.
  static var transposeTolerance: Double { self == Float.self ? 1e-6 : 1e-13 }
}

/// A Fourier volume of some kind, for tests of all of them.
struct AnySlices<Scalar: GridScalar>: Sendable {
  let name: String
  let map: RealVoxelGridVolume<Scalar>
  let samples: FourierSamples<Scalar>
  let voxelGradient: @Sendable (FourierSamplesGradient<Scalar>, Int) throws -> [Scalar]

  init<Volume: FourierSliceVolume>(_ name: String, _ map: RealVoxelGridVolume<Scalar>, _ volume: Volume)
  where Volume.Scalar == Scalar {
    self.name = name
    self.map = map
    samples = volume.samples
    voxelGradient = { try volume.voxelGradient(of: $0, threads: $1) }
  }

  /// All kinds of a map of noise, made once: to choose a window for an accuracy takes longer than the rest.
  static func all(size: Int) throws -> [AnySlices] {
    let name = "\(Scalar.precisionName) \(size)"
    if let made = slicesOfNoise.withLock({ $0[name] }) as? [AnySlices] { return made }
    let made = try make(size: size)
    slicesOfNoise.withLock { $0[name] = made }
    return made
  }

  private static func make(size n: Int) throws -> [AnySlices] {
    let (map, _) = try noiseCube(n, voxelSize: 1.5, seed: 5, as: Scalar.self)
    let filter: @Sendable (Double) -> Double = { 1.2 - 1.7 * $0 }
    var result = [AnySlices]()
    for pad in [1, 1.5, 2] {
      result.append(AnySlices("linear, pad \(pad)", map, try FourierVoxelGridVolume(map, padScale: pad)))
      result.append(
        AnySlices("cubic, pad \(pad)", map, try FourierVoxelSplineVolume(map, padScale: pad, filter: filter)))
    }
    result.append(
      AnySlices(
        "linear, corrected, filtered", map,
        try FourierVoxelGridVolume(map, padScale: 1.3, griddingCorrection: true, filter: filter)))
    result.append(
      AnySlices(
        "cubic, corrected", map,
        try FourierVoxelSplineVolume(map, padScale: 1.5, prefilter: .griddingCorrected)))
    for accuracy in [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-9] {
      result.append(
        AnySlices("exact to \(accuracy)", map, try FourierVoxelWindowVolume(map, accuracy: accuracy)))
    }
    return result
  }
}

private let slicesOfNoise = Mutex<[String: any Sendable]>([:])
