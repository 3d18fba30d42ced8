import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("The Ewald sphere and cut resolutions, backwards")
struct EwaldPullBackTests {
  private static func numbers(_ count: Int, seed: UInt64) -> [Double] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in 2 * generator.uniform() - 1 }
  }

  private static func map(_ n: Int, seed: UInt64) throws -> RealVoxelGridVolume<Double> {
    try RealVoxelGridVolume(
      depth: n, rows: n, columns: n, voxelSizeInAngstroms: 1.3, values: numbers(n * n * n, seed: seed))
  }

  private static let pose: Pose = {
    let rotation = try? Rotation(phiInDegrees: 31, thetaInDegrees: 67, psiInDegrees: -112)
    return Pose(rotation: rotation ?? .identity, shiftInAngstroms: SIMD2(0.7, -1.9))
  }()

  private static func turned(_ axis: Int, by angle: Double) throws -> Pose {
    var vector = SIMD3<Double>(0, 0, 0)
    vector[axis] = angle * 180 / .pi
    return Pose(
      rotation: try Rotation(axisAngleInDegrees: vector) * pose.rotation,
      shiftInAngstroms: pose.shiftInAngstroms)
  }

  /// A fourth-order difference.
  private static func slope(_ step: Double, _ loss: (Double) throws -> Double) rethrows -> Double {
    try (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
  }

  @Test(
    "the voxels' part is the transpose, the pose's the slope", arguments: [(8, 8), (9, 7), (8, 11)],
    [EwaldHemisphere.positive, .negative])
  func sphere(size: (Int, Int), hemisphere: EwaldHemisphere) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(rows: size.0, columns: size.1), pixelSizeInAngstroms: 1.3, voltageInKilovolts: 20)
    // Exact slices have no faces at which slopes jump.
    let volume = try FourierVoxelWindowVolume(Self.map(8, seed: 3), accuracy: 1e-10)
    let integrator = EwaldSphereExtraction<FourierVoxelWindowVolume<Double>>(hemisphere: hemisphere)
    let plan = try integrator.makePlan(for: volume.layout, onto: plane)
    let flat = Self.numbers(2 * plane.shape.count, seed: 5)
    let g = (0..<plane.shape.count).map { Complex(flat[2 * $0], flat[2 * $0 + 1]) }
    func loss(_ volume: FourierVoxelWindowVolume<Double>, _ pose: Pose) throws -> Double {
      let image = try integrator.project(volume, at: pose, onto: plane)
      return zip(g, image.values).reduce(0) { $0 + $1.0.real * $1.1.real + $1.0.imaginary * $1.1.imaginary }
    }
    let gradient = try volume.makeGradient()
    let found = try plan.pullBack(
      ComplexImage(shape: plane.shape, values: g), of: volume, at: Self.pose, addingTo: gradient, threads: 2)
    let value = try loss(volume, Self.pose)
    let voxels = try volume.voxelGradient(of: gradient, threads: 2)
    let product = zip(voxels, try Self.map(8, seed: 3).values).reduce(0) { $0 + $1.0 * $1.1 }
    let norms = (voxels.reduce(0) { $0 + $1 * $1 } * Double(voxels.count)).squareRoot()
    #expect(abs(product - value) < 1e-13 * norms)

    let turn = found.rotationVector(at: Self.pose.rotation)
    let largest = max(abs(turn.x), abs(turn.y), abs(turn.z))
    for axis in 0..<3 {
      let want = try Self.slope(1e-4) { try loss(volume, Self.turned(axis, by: $0)) }
      #expect(abs(turn[axis] - want) < 1e-7 * largest, "\(axis): \(turn[axis]), \(want)")
    }
    for axis in 0..<2 {
      let want = try Self.slope(1e-3) { step in
        var moved = Self.pose
        moved.shiftInAngstroms[axis] += step
        return try loss(volume, moved)
      }
      #expect(abs(found.shiftInAngstroms[axis] - want) < 1e-7 * (abs(want) + largest / 10))
    }
  }

  @Test("a cut resolution has its way back", arguments: [(12, 12), (11, 14)])
  func limited(size: (Int, Int)) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(rows: size.0, columns: size.1), pixelSizeInAngstroms: 1.3)
    let mixture = try GaussianMixtureVolume(
      positions: [SIMD3(1, -2, 0.5), SIMD3(-2.5, 1, 2)], amplitudes: [[2, 1], [1, 3]],
      variances: [[1, 2], [3, 1.5]])
    let projector = try GaussianMixtureProjection<Double>(accuracy: 1e-14)
      .makeProjector(for: mixture, onto: plane).limited(toResolutionInAngstroms: 4)
    let g = try RealImage(shape: plane.shape, values: Self.numbers(plane.shape.count, seed: 7))
    func loss(_ pose: Pose) throws -> Double {
      var workspace = try projector.makeWorkspace()
      return zip(g.values, projector.project(at: pose, using: &workspace).values).reduce(0) {
        $0 + $1.0 * $1.1
      }
    }
    var gradient: GaussianMixturePlan<Double>.Gradient? = try projector.makeGradient()
    let found = try projector.pullBack(g, at: Self.pose, addingTo: &gradient)
    // The image is linear in the amplitudes.
    let amplitudes = try #require(gradient).values().amplitudes
    let product = zip(amplitudes, [2, 1, 1, 3]).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(product - (try loss(Self.pose))) < 1e-12)
    let turn = found.rotationVector(at: Self.pose.rotation)
    for axis in 0..<3 {
      let want = try Self.slope(1e-3) { try loss(Self.turned(axis, by: $0)) }
      #expect(abs(turn[axis] - want) < 1e-9, "\(axis): \(turn[axis]), \(want)")
    }
  }
}
