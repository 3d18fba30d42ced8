/// Where the object stands: rotated by `rotation`, then moved in the image plane by `shift`.
///
/// A point `r` of the object goes to `rotation * r + (shift.x, shift.y, 0)`, and the image is the integral
/// along z of what is then there. Every volume representation obeys this one sense (Docs/Conventions.md).
public struct Pose: Hashable, Sendable {
  /// How the object is turned, before it is shifted.
  public var rotation: Rotation
  /// In the image plane, towards growing column (x) and row (y), in ångströms.
  public var shiftInAngstroms: SIMD2<Double>

  /// The object as it is stored.
  public static let identity = Pose(rotation: .identity)

  /// - Parameters:
  ///   - rotation: how the object is turned, before it is shifted.
  ///   - shift: `(x, y)` in the image's plane, in ångströms.
  public init(rotation: Rotation, shiftInAngstroms shift: SIMD2<Double> = SIMD2(0, 0)) {
    self.rotation = rotation
    self.shiftInAngstroms = shift
  }

  /// RELION's angles (degrees) and origins (Å): the origin is where the particle's centre must be
  /// moved back from, so the shift is its negative.
  public init(
    relionRotInDegrees rot: Double, tiltInDegrees tilt: Double, psiInDegrees psi: Double,
    originXInAngstroms originX: Double = 0, originYInAngstroms originY: Double = 0
  ) throws {
    guard originX.isFinite, originY.isFinite else {
      throw ExitPlaneError.invalid(
        "particle origin", got: "(\(originX), \(originY)) Å", need: "finite numbers")
    }
    self.init(
      rotation: try Rotation(relionRotInDegrees: rot, tiltInDegrees: tilt, psiInDegrees: psi),
      shiftInAngstroms: SIMD2(0, 0) - SIMD2(originX, originY))
  }

  /// RELION's `(rlnOriginXAngst, rlnOriginYAngst)`: the shift's negative.
  public var relionOriginInAngstroms: SIMD2<Double> { SIMD2(0, 0) - shiftInAngstroms }

  /// The pose that undoes this one within the image plane; only where the rotation keeps z in place
  /// (or turns it over) does the inverse of an in-plane shift lie in the plane again.
  ///
  /// - Throws: `.invalidValue` for a shifted pose whose rotation tilts the plane.
  public func inverse() throws -> Pose {
    let back = rotation.inverse
    let shift = back * SIMD3(-shiftInAngstroms.x, -shiftInAngstroms.y, 0)
    guard abs(shift.z) <= 1e-9 * max(1, abs(shift.x), abs(shift.y)) else {
      throw ExitPlaneError.invalid(
        "inverse of a shifted, tilted pose", got: "\(shift.z) Å along the beam",
        need: "within the image plane: invert `rotation` alone")
    }
    return Pose(rotation: back, shiftInAngstroms: SIMD2(shift.x, shift.y))
  }

  /// First `right`, then `left`: `left.rotation` turns `right`'s shift too. What that moves along the
  /// beam is dropped, as a projection does not see it.
  public static func * (left: Pose, right: Pose) -> Pose {
    let moved =
      left.rotation * SIMD3(right.shiftInAngstroms.x, right.shiftInAngstroms.y, 0)
    return Pose(
      rotation: left.rotation * right.rotation,
      shiftInAngstroms: left.shiftInAngstroms + SIMD2(moved.x, moved.y))
  }
}
