import RealModule

extension Pose {
  /// By how much a loss changes with a pose: `∂L/∂R` and `∂L/∂t`.
  ///
  /// The rotation's part is by the nine numbers of the matrix, each for itself: what an integrator finds, and from
  /// which the parts for every way of turning follow by the chain rule. See Docs/Conventions.md, Gradients.
  public struct Cotangent: Sendable, AdditiveArithmetic {
    /// `∂L/∂R`, by rows; the third, which flat images do not see, is theirs zero.
    public var rotationMatrix: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
    /// `∂L/∂t`, x and y, per ångström.
    public var shiftInAngstroms: SIMD2<Double>

    /// Of a loss that no pose changes.
    public static let zero = Cotangent(
      rotationMatrix: (SIMD3(0, 0, 0), SIMD3(0, 0, 0), SIMD3(0, 0, 0)), shiftInAngstroms: SIMD2(0, 0))

    /// - Parameters:
    ///   - rotationMatrix: `∂L/∂R`, by rows.
    ///   - shiftInAngstroms: `∂L/∂t`, per ångström.
    public init(
      rotationMatrix: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>), shiftInAngstroms: SIMD2<Double>
    ) {
      self.rotationMatrix = rotationMatrix
      self.shiftInAngstroms = shiftInAngstroms
    }

    /// Of the sum of two losses.
    public static func + (a: Cotangent, b: Cotangent) -> Cotangent {
      Cotangent(
        rotationMatrix: (
          a.rotationMatrix.0 + b.rotationMatrix.0, a.rotationMatrix.1 + b.rotationMatrix.1,
          a.rotationMatrix.2 + b.rotationMatrix.2
        ), shiftInAngstroms: a.shiftInAngstroms + b.shiftInAngstroms)
    }

    /// Of the difference of two losses.
    public static func - (a: Cotangent, b: Cotangent) -> Cotangent {
      Cotangent(
        rotationMatrix: (
          a.rotationMatrix.0 - b.rotationMatrix.0, a.rotationMatrix.1 - b.rotationMatrix.1,
          a.rotationMatrix.2 - b.rotationMatrix.2
        ), shiftInAngstroms: a.shiftInAngstroms - b.shiftInAngstroms)
    }
  }
}

extension Pose.Cotangent: Hashable {
  public static func == (a: Self, b: Self) -> Bool {
    a.rotationMatrix == b.rotationMatrix && a.shiftInAngstroms == b.shiftInAngstroms
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rotationMatrix.0)
    hasher.combine(rotationMatrix.1)
    hasher.combine(rotationMatrix.2)
    hasher.combine(shiftInAngstroms)
  }
}

// MARK: To the ways of turning

extension Pose.Cotangent {
  /// `∂L/∂ω` at `ω = 0` of the rotation `exp([ω]×) R`: x, y and z of the image's frame, per radian.
  ///
  /// - Parameter rotation: R, at which the cotangent was found.
  public func rotationVector(at rotation: Rotation) -> SIMD3<Double> {
    // dL = Σ_ij (∂L/∂R)_ij ([ω]× R)_ij = ω · Σ_j r_j × g_j over the columns of R and of ∂L/∂R.
    let (r, g) = (rotation.inverse.rows, rotationMatrix)
    func column(_ j: Int) -> SIMD3<Double> { SIMD3(g.0[j], g.1[j], g.2[j]) }
    return cross(r.0, column(0)) + cross(r.1, column(1)) + cross(r.2, column(2))
  }

  /// The gradient to the quaternion that `Rotation.quaternion` has, which is of length 1 with `w ≥ 0`.
  ///
  /// - Parameter rotation: at which the cotangent was found.
  public func quaternion(at rotation: Rotation) -> (w: Double, x: Double, y: Double, z: Double) {
    let q = rotation.quaternion
    return quaternion(rotationVector(at: rotation), SIMD4(q.w, q.x, q.y, q.z), length: 1)
  }

  /// The gradient to a quaternion of any length, which `Rotation` normalises: it is at right angles to the
  /// quaternion, along which nothing changes.
  ///
  /// - Parameter q: of the rotation at which the cotangent was found.
  /// - Throws: `.invalidValue` for a quaternion that is zero or not finite.
  public func quaternion(
    at q: (w: Double, x: Double, y: Double, z: Double)
  ) throws -> (w: Double, x: Double, y: Double, z: Double) {
    let rotation = try Rotation(quaternion: q.w, q.x, q.y, q.z)
    let length = Double.hypot(Double.hypot(q.w, q.x), Double.hypot(q.y, q.z))
    return quaternion(
      rotationVector(at: rotation), SIMD4(q.w, q.x, q.y, q.z) / length, length: length)
  }

  /// The change `½ (0, ω) q` of a unit quaternion is a half of an isometry of ω, so that its transpose is twice one.
  private func quaternion(
    _ g: SIMD3<Double>, _ q: SIMD4<Double>, length: Double
  ) -> (w: Double, x: Double, y: Double, z: Double) {
    let factor = 2 / length
    let (w, axis) = (q[0], SIMD3(q[1], q[2], q[3]))
    let vector = factor * (w * g + cross(g, axis))
    return (-factor * dot(g, axis), vector.x, vector.y, vector.z)
  }

  /// The gradient to extrinsic z-y-z angles, per degree, at those that `Rotation.eulerAnglesInDegrees` has.
  ///
  /// - Parameter rotation: at which the cotangent was found.
  public func eulerAngles(at rotation: Rotation) -> (phi: Double, theta: Double, psi: Double) {
    eulerAngles(at: rotation, psiInDegrees: rotation.eulerAnglesInDegrees.psi)
  }

  /// The gradient to extrinsic z-y-z angles, per degree, at given ones.
  ///
  /// - Throws: `.invalidValue` for angles that are not finite.
  public func eulerAngles(
    atPhiInDegrees phi: Double, thetaInDegrees theta: Double, psiInDegrees psi: Double
  ) throws -> (phi: Double, theta: Double, psi: Double) {
    let rotation = try Rotation(phiInDegrees: phi, thetaInDegrees: theta, psiInDegrees: psi)
    return eulerAngles(at: rotation, psiInDegrees: psi)
  }

  /// Of `Rz(ψ) Ry(θ) Rz(φ)`: ψ turns about z, θ about the y that ψ has turned, φ about where the rotation takes z.
  private func eulerAngles(
    at rotation: Rotation, psiInDegrees psi: Double
  ) -> (phi: Double, theta: Double, psi: Double) {
    let perDegree = rotationVector(at: rotation) * (.pi / 180)
    return (
      phi: dot(perDegree, rotation * SIMD3(0, 0, 1)),
      theta: dot(perDegree, Rotation.about(z: psi) * SIMD3(0, 1, 0)), psi: perDegree.z
    )
  }

  /// A gradient to what RELION's STAR files hold of a pose.
  public struct Relion: Hashable, Sendable {
    /// To `rlnAngleRot`, per degree.
    public let rot: Double
    /// To `rlnAngleTilt`, per degree.
    public let tilt: Double
    /// To `rlnAnglePsi`, per degree.
    public let psi: Double
    /// To `rlnOriginXAngst` and `rlnOriginYAngst`, per ångström.
    public let originInAngstroms: SIMD2<Double>
  }

  /// The gradient to RELION's angles and origins, at those that `Rotation.relionAnglesInDegrees` has.
  ///
  /// - Parameter rotation: at which the cotangent was found.
  public func relion(at rotation: Rotation) -> Relion {
    relion(at: rotation, psiInDegrees: rotation.relionAnglesInDegrees.psi)
  }

  /// The gradient to RELION's angles and origins, at given angles.
  ///
  /// - Throws: `.invalidValue` for angles that are not finite.
  public func relion(
    atRotInDegrees rot: Double, tiltInDegrees tilt: Double, psiInDegrees psi: Double
  ) throws -> Relion {
    let rotation = try Rotation(relionRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi)
    return relion(at: rotation, psiInDegrees: psi)
  }

  /// RELION's angles and origins are the others with their sign turned.
  private func relion(at rotation: Rotation, psiInDegrees psi: Double) -> Relion {
    let angles = eulerAngles(at: rotation, psiInDegrees: -psi)
    return Relion(
      rot: -angles.phi, tilt: -angles.theta, psi: -angles.psi,
      originInAngstroms: SIMD2(0, 0) - shiftInAngstroms)
  }
}
