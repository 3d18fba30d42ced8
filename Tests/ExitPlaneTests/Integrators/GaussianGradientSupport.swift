import Oracles
import Testing

@testable import ExitPlane

/// Numbers between −1 and 1.
func cotangent<Scalar: GridScalar>(_ count: Int, seed: UInt64, _: Scalar.Type) -> [Scalar] {
  var g = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Scalar(g.uniform()) }
}

/// A plan's way back from images, or spectra, of some poses.
struct PulledBack<Plan: DifferentiablePlan> {
  let gradient: Plan.Gradient
  let poses: [Pose.Cotangent]

  /// - Parameter cotangents: of the padded shape's images, or of its half spectra.
  init(
    _ plan: Plan, _ volume: Plan.Volume, _ poses: [Pose], _ cotangents: [[Plan.Scalar]],
    spectra: Bool = false,
    threads: Int = 1
  ) throws {
    let prepared = try plan.prepare(volume, expectedPoses: nil)
    var workspace = try plan.makeWorkspace(for: prepared)
    var gradient: Plan.Gradient? = try plan.makeGradient(for: prepared)
    var traces: [Plan.Trace] = []
    var parts: [Pose.Cotangent] = []
    for (pose, cotangent) in zip(poses, cotangents) {
      var trace = try plan.makeTrace(for: prepared)
      parts.append(
        cotangent.withUnsafeBufferPointer { g in
          if spectra {
            _ = plan.spectrumForPullBack(of: prepared, at: pose, using: &workspace)
            return plan.trace(
              spectrumCotangent: g.baseAddress!, of: prepared, at: pose, into: &trace, using: &workspace)
          }
          _ = plan.imageForPullBack(of: prepared, at: pose, using: &workspace)
          return plan.trace(
            imageCotangent: g.baseAddress!, of: prepared, at: pose, into: &trace, using: &workspace)
        })
      traces.append(trace)
    }
    let rest = try plan.accumulate(
      traces[...], at: poses[...], of: prepared, into: &gradient, threads: threads)
    self.gradient = gradient!
    self.poses = zip(parts, rest).map { $0 + $1 }
  }
}

/// A loss `Σ g P` of one image, or of its spectrum.
func loss<Plan: RealImagePlan>(
  _ plan: Plan, _ volume: Plan.Volume, _ pose: Pose, _ cotangent: [Plan.Scalar], spectrum: Bool = false
) throws -> Double {
  let prepared = try plan.prepare(volume, expectedPoses: nil)
  var workspace = try plan.makeWorkspace(for: prepared)
  let values =
    spectrum
    ? plan.spectrum(of: prepared, at: pose, using: &workspace)
    : plan.image(of: prepared, at: pose, using: &workspace)
  return zip(values, cotangent).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

extension Array where Element == SIMD3<Double> {
  var numbers: [Double] { flatMap { [$0.x, $0.y, $0.z] } }
}

extension Pose.Cotangent {
  var numbers: [Double] {
    [rotationMatrix.0, rotationMatrix.1, rotationMatrix.2].numbers + [shiftInAngstroms.x, shiftInAngstroms.y]
  }
}
