import Oracles
import Testing

@testable import ExitPlane

private func difference(_ a: Rotation, _ b: Rotation) -> Double {
  zip(a.matrix.joined(), b.matrix.joined()).map { abs($0 - $1) }.max()!
}

@Suite("Poses")
struct PoseTests {
  static let angles: [(Double, Double, Double)] = [
    (0, 0, 0), (30, 0, 40), (30, 180, 40), (111.7, -107.8, 26.1), (-174, 61, 25), (90, 90, 90),
    (12, 179.999999, 3),
    (-45, 1e-7, 45),
  ]

  @Test("Euler angles turn about fixed z, then y, then z, right-handed", arguments: angles)
  func euler(phi: Double, theta: Double, psi: Double) throws {
    let r = try Rotation(phiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: psi)
    func turn(_ v: [Double], _ degrees: Double, _ i: Int, _ j: Int) -> [Double] {
      let (s, c) = (Double.sin(degrees / 180 * .pi), Double.cos(degrees / 180 * .pi))
      var w = v
      w[i] = c * v[i] - s * v[j]
      w[j] = s * v[i] + c * v[j]
      return w
    }
    for v in [[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0.3, -2, 1.1]] {
      // About z: x towards y. About y: z towards x.
      let want = turn(turn(turn(v, phi, 0, 1), theta, 2, 0), psi, 0, 1)
      let got = r * SIMD3(v[0], v[1], v[2])
      for axis in 0..<3 { #expect(abs(got[axis] - want[axis]) < 1e-13) }
    }
    let back = r.eulerAnglesInDegrees
    #expect((0...180).contains(back.theta))
    let again = try Rotation(
      phiInDegrees: back.phi, thetaInDegrees: back.theta, psiInDegrees: back.psi)
    #expect(difference(r, again) < 1e-12)
  }

  @Test("RELION's angles are the inverse's, and survive the way there and back", arguments: angles)
  func relion(rot: Double, tilt: Double, psi: Double) throws {
    let r = try Rotation(relionRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi)
    let inverse = try Rotation(phiInDegrees: psi, thetaInDegrees: tilt, psiInDegrees: rot)
    #expect(difference(r, inverse.inverse) < 1e-13)
    let back = r.relionAnglesInDegrees
    #expect((0...180).contains(back.tilt))
    let again = try Rotation(
      relionRotInDegrees: back.rot, tiltInDegrees: back.tilt, psiInDegrees: back.psi)
    #expect(difference(r, again) < 1e-12)
    let pose = try Pose(
      relionRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi, originXInAngstroms: 3,
      originYInAngstroms: -4)
    #expect(pose.shiftInAngstroms == SIMD2(-3, 4))
    #expect(pose.relionOriginInAngstroms == SIMD2(3, -4))
  }

  @Test("quaternion, axis and matrix describe one rotation", arguments: 1...12)
  func representations(seed: Int) throws {
    let matrix = randomRotationMatrix(seed: UInt64(seed))
    let r = try Rotation(matrix: matrix)
    let q = r.quaternion
    #expect(q.w >= 0)
    #expect(difference(r, try Rotation(quaternion: 3 * q.w, 3 * q.x, 3 * q.y, 3 * q.z)) < 1e-14)
    #expect(difference(r, try Rotation(axisAngleInDegrees: r.axisAngleInDegrees)) < 1e-14)
    // Rodrigues' formula on the axis.
    let v = r.axisAngleInDegrees
    let angle = (v * v).sum().squareRoot()
    let (axis, t) = (v / angle, angle / 180 * .pi)
    let p = SIMD3(0.3, -1.2, 0.7)
    let want =
      p * Double.cos(t) + cross(axis, p) * Double.sin(t) + axis * (dot(axis, p) * (1 - Double.cos(t)))
    let error = r * p - want
    #expect((error * error).sum() < 1e-26)
    #expect(difference(r * r.inverse, .identity) < 1e-15)
  }

  @Test("half turns, where Euler angles and quaternions are least sure of themselves")
  func halfTurns() throws {
    for (x, y, z) in [(1.0, 0.0, 0.0), (0, 1, 0), (0, 0, 1), (0.6, 0.8, 0), (0, 0.6, -0.8)] {
      let r = try Rotation(quaternion: 0, x, y, z)
      let q = r.quaternion
      #expect(difference(r, try Rotation(quaternion: q.w, q.x, q.y, q.z)) < 1e-15)
      let e = r.eulerAnglesInDegrees
      let again = try Rotation(phiInDegrees: e.phi, thetaInDegrees: e.theta, psiInDegrees: e.psi)
      #expect(difference(r, again) < 1e-12)
    }
  }

  @Test("quarter turns fall on the grid exactly")
  func quarterTurns() throws {
    for phi in [-270.0, -90, 0, 90, 180, 450] {
      for theta in [0.0, 90, 180] {
        let r = try Rotation(phiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: 90)
        for value in r.matrix.joined() { #expect(value == value.rounded()) }
      }
    }
  }

  @Test("composition applies the right one first; the inverse undoes")
  func composition() throws {
    let a = Pose(
      rotation: try Rotation(phiInDegrees: 30, thetaInDegrees: 0, psiInDegrees: 0),
      shiftInAngstroms: SIMD2(1, 2))
    let b = Pose(
      rotation: try Rotation(phiInDegrees: 50, thetaInDegrees: 0, psiInDegrees: 0),
      shiftInAngstroms: SIMD2(-3, 0.5))
    let p = SIMD3(0.4, 1.7, -2)
    func apply(_ pose: Pose, _ p: SIMD3<Double>) -> SIMD3<Double> {
      pose.rotation * p + SIMD3(pose.shiftInAngstroms.x, pose.shiftInAngstroms.y, 0)
    }
    let d = apply(a * b, p) - apply(a, apply(b, p))
    #expect((d * d).sum() < 1e-28)
    let e = apply(try a.inverse(), apply(a, p)) - p
    #expect((e * e).sum() < 1e-28)
    let tilted = Pose(
      rotation: try Rotation(phiInDegrees: 0, thetaInDegrees: 20, psiInDegrees: 0),
      shiftInAngstroms: SIMD2(5, 0))
    #expect(throws: ExitPlaneError.self) { try tilted.inverse() }
  }

  @Test("what is no rotation is refused")
  func refusals() {
    #expect(throws: ExitPlaneError.self) { try Rotation(quaternion: 0, 0, 0, 0) }
    #expect(throws: ExitPlaneError.self) { try Rotation(quaternion: .nan, 0, 0, 1) }
    #expect(throws: ExitPlaneError.self) {
      try Rotation(matrix: [[1, 0, 0], [0, 1, 0], [0, 0, -1]])
    }
    #expect(throws: ExitPlaneError.self) { try Rotation(matrix: [[2, 0, 0], [0, 1, 0], [0, 0, 1]]) }
    #expect(throws: ExitPlaneError.self) { try Rotation(matrix: [[1, 0], [0, 1]]) }
    #expect(throws: ExitPlaneError.self) {
      try Rotation(phiInDegrees: .infinity, thetaInDegrees: 0, psiInDegrees: 0)
    }
  }
}
