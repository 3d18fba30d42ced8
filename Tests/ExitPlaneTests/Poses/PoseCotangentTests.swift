import RealModule
import Testing

@testable import ExitPlane

/// Each conversion beside finite differences of a loss of the nine numbers of the matrix.
@Suite("Cotangents of poses")
struct PoseCotangentTests {
  private static let coefficients = (0..<9).map { Double.sin(2.3 * Double($0 + 1)) }

  /// A loss that is curved in R, and its gradient to R by hand.
  private func loss(_ rotation: Rotation) -> Double {
    let r = rotation.matrix.joined()
    return zip(r, Self.coefficients).reduce(0) { $0 + $1.1 * $1.0 + $1.1 * $1.1 * $1.0 * $1.0 }
  }

  private func cotangent(_ rotation: Rotation, shift: SIMD2<Double> = SIMD2(0.7, -1.9)) -> Pose.Cotangent {
    let g = zip(rotation.matrix.joined(), Self.coefficients).map { $0.1 + 2 * $0.1 * $0.1 * $0.0 }
    return Pose.Cotangent(
      rotationMatrix: (SIMD3(g[0], g[1], g[2]), SIMD3(g[3], g[4], g[5]), SIMD3(g[6], g[7], g[8])),
      shiftInAngstroms: shift)
  }

  /// A fourth-order difference, whose error at steps of 1e-3 is below 1e-11.
  private func slope(step h: Double, _ loss: (Double) throws -> Double) rethrows -> Double {
    try (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h)
  }

  static let angles: [(Double, Double, Double)] = [
    (111.7, -107.8, 26.1), (-174, 61, 25), (12, 179, 3), (30, 0, 40), (400, 33, -700),
  ]

  @Test("to a rotation vector in the image's frame", arguments: angles)
  func rotationVector(phi: Double, theta: Double, psi: Double) throws {
    let rotation = try Rotation(phiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: psi)
    let got = cotangent(rotation).rotationVector(at: rotation)
    for axis in 0..<3 {
      let want = try slope(step: 1e-3) { step in
        var vector = SIMD3(0.0, 0, 0)
        vector[axis] = step * 180 / .pi
        return loss(try Rotation(axisAngleInDegrees: vector) * rotation)
      }
      #expect(abs(got[axis] - want) < 1e-9)
    }
  }

  @Test("to a quaternion, of length 1 and of others", arguments: angles)
  func quaternion(phi: Double, theta: Double, psi: Double) throws {
    let rotation = try Rotation(phiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: psi)
    let unit = rotation.quaternion
    for length in [1.0, -1, 0.37, 41] {
      let q = [unit.w, unit.x, unit.y, unit.z].map { $0 * length }
      let got = try cotangent(rotation).quaternion(at: (q[0], q[1], q[2], q[3]))
      let list = [got.w, got.x, got.y, got.z]
      for axis in 0..<4 {
        let want = try slope(step: 1e-3 * abs(length)) { step in
          var moved = q
          moved[axis] += step
          return loss(try Rotation(quaternion: moved[0], moved[1], moved[2], moved[3]))
        }
        #expect(abs(list[axis] - want) < 1e-9 / abs(length))
      }
      // Along the quaternion nothing changes.
      #expect(abs(zip(list, q).reduce(0) { $0 + $1.0 * $1.1 }) < 1e-14)
      guard length == 1 else { continue }
      let own = cotangent(rotation).quaternion(at: rotation)
      #expect(zip([own.w, own.x, own.y, own.z], list).allSatisfy { abs($0 - $1) < 1e-14 })
    }
    #expect(throws: ExitPlaneError.self) { try cotangent(rotation).quaternion(at: (0, 0, 0, 0)) }
    // A length whose square overflows, and one whose square vanishes.
    #expect(try cotangent(rotation).quaternion(at: (1e200, 1e200, 0, 0)).w.isFinite)
    #expect(try cotangent(rotation).quaternion(at: (1e-200, 1e-200, 0, 0)).w.isFinite)
  }

  @Test("to Euler angles", arguments: angles)
  func eulerAngles(phi: Double, theta: Double, psi: Double) throws {
    let rotation = try Rotation(phiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: psi)
    func check(
      _ got: (phi: Double, theta: Double, psi: Double), at angles: (phi: Double, theta: Double, psi: Double)
    ) throws {
      for (axis, value) in [got.phi, got.theta, got.psi].enumerated() {
        let want = try slope(step: 0.05) { step in
          var list = [angles.phi, angles.theta, angles.psi]
          list[axis] += step
          return loss(try Rotation(phiInDegrees: list[0], thetaInDegrees: list[1], psiInDegrees: list[2]))
        }
        #expect(abs(value - want) < 1e-10)
      }
    }
    let cotangent = cotangent(rotation)
    try check(
      cotangent.eulerAngles(atPhiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: psi),
      at: (phi, theta, psi))
    try check(cotangent.eulerAngles(at: rotation), at: rotation.eulerAnglesInDegrees)
    #expect(throws: ExitPlaneError.self) {
      try cotangent.eulerAngles(atPhiInDegrees: .nan, thetaInDegrees: 0, psiInDegrees: 0)
    }
  }

  @Test("to what RELION holds of a pose", arguments: angles)
  func relion(rot: Double, tilt: Double, psi: Double) throws {
    let start = try Pose(
      relionRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi, originXInAngstroms: 3,
      originYInAngstroms: -4)
    // Of a loss of R, and of the shift squared.
    let cotangent = cotangent(start.rotation, shift: 2 * start.shiftInAngstroms)
    func check(
      _ got: Pose.Cotangent.Relion, at angles: (rot: Double, tilt: Double, psi: Double)
    ) throws {
      let origin = got.originInAngstroms
      for (index, value) in [got.rot, got.tilt, got.psi, origin.x, origin.y].enumerated() {
        let want = try slope(step: 0.05) { step in
          var list = [angles.rot, angles.tilt, angles.psi, 3, -4]
          list[index] += step
          let pose = try Pose(
            relionRotInDegrees: list[0], tiltInDegrees: list[1], psiInDegrees: list[2],
            originXInAngstroms: list[3], originYInAngstroms: list[4])
          return loss(pose.rotation) + dot(pose.shiftInAngstroms, pose.shiftInAngstroms)
        }
        #expect(abs(value - want) < 1e-10)
      }
    }
    try check(
      cotangent.relion(atRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi), at: (rot, tilt, psi))
    try check(cotangent.relion(at: start.rotation), at: start.rotation.relionAnglesInDegrees)
  }

  @Test("of sums are sums")
  func sums() throws {
    let (a, b) = (try Rotation(quaternion: 1, 2, 3, 4), try Rotation(quaternion: 2, -1, 0.3, 1))
    let (first, second) = (cotangent(a), cotangent(b, shift: SIMD2(1, 0.5)))
    let sum = first + second
    #expect(sum.shiftInAngstroms == SIMD2(1.7, -1.4))
    #expect(sum.rotationMatrix.1.z == first.rotationMatrix.1.z + second.rotationMatrix.1.z)
    #expect(first + .zero == first && first - first == .zero && sum != first)
    #expect(Set([first, first + .zero, second]).count == 2)
  }

  private func dot(_ a: SIMD2<Double>, _ b: SIMD2<Double>) -> Double { (a * b).sum() }
}
