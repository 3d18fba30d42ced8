import RealModule

/// A proper rotation of three-dimensional space, held as a matrix in double precision.
///
/// Rotations are active: `rotation * r` is where the object's point `r` goes. See Docs/Conventions.md.
/// Every construction orthonormalises, so `inverse` is the transpose.
public struct Rotation: Hashable, Sendable {
  /// Rows of the matrix: `rows[i]` gives coordinate `i` (x, y, z) of a rotated point.
  public let rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)

  /// No turn.
  public static let identity = Rotation(
    unchecked: (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)))

  /// Rows that the caller knows to be orthonormal and right-handed.
  init(unchecked rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)) {
    self.rows = rows
  }

  public static func == (a: Rotation, b: Rotation) -> Bool {
    a.rows == b.rows
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(rows.0)
    hasher.combine(rows.1)
    hasher.combine(rows.2)
  }

  // MARK: From other representations

  /// A quaternion `(w, x, y, z)` of any length but zero.
  public init(quaternion w: Double, _ x: Double, _ y: Double, _ z: Double) throws {
    // Scaling by the largest component first keeps the squares from overflowing or vanishing.
    let largest = max(abs(w), abs(x), abs(y), abs(z))
    guard largest.isFinite, largest > 0 else {
      throw ExitPlaneError.invalid(
        "quaternion", got: "(\(w), \(x), \(y), \(z))", need: "finite and not zero")
    }
    let scaled = SIMD4(w, x, y, z) / largest
    let unit = scaled / (scaled * scaled).sum().squareRoot()
    self.init(unitQuaternion: unit[0], unit[1], unit[2], unit[3])
  }

  init(unitQuaternion w: Double, _ x: Double, _ y: Double, _ z: Double) {
    self.init(
      unchecked: (
        SIMD3(1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        SIMD3(2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        SIMD3(2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y))
      ))
  }

  /// Extrinsic z-y-z angles in degrees: `Rz(psi) Ry(theta) Rz(phi)`.
  public init(phiInDegrees phi: Double, thetaInDegrees theta: Double, psiInDegrees psi: Double)
    throws
  {
    guard phi.isFinite, theta.isFinite, psi.isFinite else {
      throw ExitPlaneError.invalid(
        "Euler angles", got: "(\(phi), \(theta), \(psi))°", need: "finite numbers")
    }
    self = Rotation.about(z: psi) * Rotation.about(y: theta) * Rotation.about(z: phi)
  }

  /// RELION's `rlnAngleRot`, `rlnAngleTilt`, `rlnAnglePsi` in degrees.
  ///
  /// RELION's matrix `Rz(-psi) Ry(-tilt) Rz(-rot)` takes the volume to the image, so it is this rotation.
  public init(
    relionRotInDegrees rot: Double, tiltInDegrees tilt: Double, psiInDegrees psi: Double
  ) throws {
    try self.init(phiInDegrees: -rot, thetaInDegrees: -tilt, psiInDegrees: -psi)
  }

  /// A rotation about the direction of `vector` by its length in degrees.
  public init(axisAngleInDegrees vector: SIMD3<Double>) throws {
    guard vector.x.isFinite, vector.y.isFinite, vector.z.isFinite else {
      throw ExitPlaneError.invalid("rotation vector", got: "\(vector)°", need: "finite numbers")
    }
    let degrees = (vector * vector).sum().squareRoot()
    guard degrees.isFinite else {
      throw ExitPlaneError.invalid("rotation vector", got: "\(vector)°", need: "of finite length")
    }
    guard degrees > 0 else {
      self = .identity
      return
    }
    let axis = vector / degrees
    let half = degrees / 360 * .pi
    let s = Double.sin(half)
    self.init(unitQuaternion: Double.cos(half), s * axis.x, s * axis.y, s * axis.z)
  }

  /// A rotation matrix by rows; refused where it is not orthonormal and right-handed to 1e-4,
  /// otherwise replaced by the nearest rotation.
  public init(matrix rows: [[Double]]) throws {
    guard rows.count == 3, rows.allSatisfy({ $0.count == 3 && $0.allSatisfy(\.isFinite) }) else {
      throw ExitPlaneError.invalid("rotation matrix", got: "\(rows)", need: "3 × 3 finite numbers")
    }
    let r = rows.map { SIMD3($0[0], $0[1], $0[2]) }
    try Self.requireNearlyOrthonormal((r[0], r[1], r[2]))
    // Newton's iteration for the polar factor, R ← ½(R + R⁻ᵀ); R⁻ᵀ has the cross products as rows.
    // It squares the error, so three steps take 1e-4 below rounding.
    var (a, b, c) = (r[0], r[1], r[2])
    for _ in 0..<3 {
      let determinant = dot(cross(a, b), c)
      (a, b, c) = (
        (a + cross(b, c) / determinant) / 2, (b + cross(c, a) / determinant) / 2,
        (c + cross(a, b) / determinant) / 2
      )
    }
    self.init(unchecked: (a, b, c))
  }

  /// Rows that are orthonormal and right-handed to 1e-4 and taken as they are: nine free numbers, by each of which a
  /// projection has a derivative.
  package init(nearlyOrthonormal rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)) throws {
    try Self.requireNearlyOrthonormal(rows)
    self.init(unchecked: rows)
  }

  private static func requireNearlyOrthonormal(
    _ r: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
  ) throws {
    let products =
      [dot(r.0, r.0) - 1, dot(r.1, r.1) - 1, dot(r.2, r.2) - 1]
      + [dot(r.0, r.1), dot(r.0, r.2), dot(r.1, r.2)]
    let handedness = dot(cross(r.0, r.1), r.2)
    guard products.allSatisfy({ abs($0) < 1e-4 }), handedness > 0 else {
      throw ExitPlaneError.invalid(
        "rotation matrix", got: "\([r.0, r.1, r.2].map { [$0.x, $0.y, $0.z] })",
        need: "orthonormal with determinant +1")
    }
  }

  // MARK: To other representations

  /// The matrix by rows.
  public var matrix: [[Double]] {
    [rows.0, rows.1, rows.2].map { [$0.x, $0.y, $0.z] }
  }

  /// The unit quaternion `(w, x, y, z)` with `w ≥ 0`.
  public var quaternion: (w: Double, x: Double, y: Double, z: Double) {
    // Shepperd's method: divide by the largest of the four components, never by a small one.
    let (a, b, c) = rows
    let trace = a.x + b.y + c.z
    var q: SIMD4<Double>
    if trace >= max(a.x, b.y, c.z) {
      q = SIMD4(1 + trace, c.y - b.z, a.z - c.x, b.x - a.y)
    } else if a.x >= max(b.y, c.z) {
      q = SIMD4(c.y - b.z, 1 + a.x - b.y - c.z, a.y + b.x, a.z + c.x)
    } else if b.y >= c.z {
      q = SIMD4(a.z - c.x, a.y + b.x, 1 - a.x + b.y - c.z, b.z + c.y)
    } else {
      q = SIMD4(b.x - a.y, a.z + c.x, b.z + c.y, 1 - a.x - b.y + c.z)
    }
    q /= (q * q).sum().squareRoot()
    if q[0] < 0 { q = -q }
    return (q[0], q[1], q[2], q[3])
  }

  /// Extrinsic z-y-z angles in degrees: `theta` in 0…180, the others in −180…180.
  ///
  /// At `theta` 0 or 180 only the sum or the difference of the others is defined: `psi` is then 0.
  public var eulerAnglesInDegrees: (phi: Double, theta: Double, psi: Double) {
    let (a, b, c) = rows
    let sine = Double.hypot(c.x, c.y)
    let theta = Double.atan2(y: sine, x: c.z)
    let degrees = 180 / Double.pi
    guard sine > 1e-12 else {
      // R = Rz(±phi) up to the flip of theta = 180: read phi off the second row.
      let phi = Double.atan2(y: b.x, x: b.y)
      return (phi * degrees, theta * degrees, 0)
    }
    // R = Rz(psi) Ry(theta) Rz(phi): third row (−sθ cφ, sθ sφ, cθ), third column (cψ sθ, sψ sθ, cθ).
    let phi = Double.atan2(y: c.y, x: -c.x)
    let psi = Double.atan2(y: b.z, x: a.z)
    return (phi * degrees, theta * degrees, psi * degrees)
  }

  /// RELION's angles in degrees, with `tilt` in 0…180.
  public var relionAnglesInDegrees: (rot: Double, tilt: Double, psi: Double) {
    // R = Rz(−psi) Ry(−tilt) Rz(−rot) is the inverse of Rz(rot) Ry(tilt) Rz(psi).
    let (phi, theta, psi) = inverse.eulerAnglesInDegrees
    return (rot: psi, tilt: theta, psi: phi)
  }

  /// The rotation vector in degrees, of length at most 180.
  public var axisAngleInDegrees: SIMD3<Double> {
    let q = quaternion
    let axis = SIMD3(q.x, q.y, q.z)
    let sine = dot(axis, axis).squareRoot()
    guard sine > 0 else { return SIMD3(0, 0, 0) }
    return axis / sine * (2 * Double.atan2(y: sine, x: q.w) * 180 / .pi)
  }

  // MARK: Algebra

  /// The turn back: the transpose.
  public var inverse: Rotation {
    let (a, b, c) = rows
    return Rotation(
      unchecked: (
        SIMD3(a.x, b.x, c.x), SIMD3(a.y, b.y, c.y), SIMD3(a.z, b.z, c.z)
      ))
  }

  /// First `right`, then `left`.
  public static func * (left: Rotation, right: Rotation) -> Rotation {
    func combined(_ row: SIMD3<Double>) -> SIMD3<Double> {
      row.x * right.rows.0 + row.y * right.rows.1 + row.z * right.rows.2
    }
    return Rotation(
      unchecked: (
        combined(left.rows.0), combined(left.rows.1), combined(left.rows.2)
      ))
  }

  /// Where the point goes.
  public static func * (rotation: Rotation, point: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(
      dot(rotation.rows.0, point), dot(rotation.rows.1, point), dot(rotation.rows.2, point))
  }

  /// The angle in degrees by which two orientations differ.
  public func angleInDegrees(to other: Rotation) -> Double {
    let v = (inverse * other).axisAngleInDegrees
    return dot(v, v).squareRoot()
  }

  static func about(z degrees: Double) -> Rotation {
    let (s, c) = exactSineCosine(degrees)
    return Rotation(unchecked: (SIMD3(c, -s, 0), SIMD3(s, c, 0), SIMD3(0, 0, 1)))
  }

  static func about(y degrees: Double) -> Rotation {
    let (s, c) = exactSineCosine(degrees)
    return Rotation(unchecked: (SIMD3(c, 0, s), SIMD3(0, 1, 0), SIMD3(-s, 0, c)))
  }

  /// Sine and cosine that are exact at multiples of 90°, so that such views fall on grid points.
  private static func exactSineCosine(_ degrees: Double) -> (Double, Double) {
    let turn = degrees.remainder(dividingBy: 360)
    let quadrant = (turn / 90).rounded()
    let rest = (turn - 90 * quadrant) / 180 * .pi
    let (s, c) = (Double.sin(rest), Double.cos(rest))
    return switch (Int(quadrant) + 4) % 4 {
    case 0: (s, c)
    case 1: (c, -s)
    case 2: (-s, -c)
    default: (-c, s)
    }
  }
}

func dot(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { (a * b).sum() }

func cross(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x)
}
