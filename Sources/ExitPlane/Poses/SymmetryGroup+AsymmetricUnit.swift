import RealModule

/// One of the orientations that a symmetric object shows alike: those seen from directions in a part of the sphere
/// that the group's rotations copy onto the whole, with any rotation in the image's plane.
///
/// The part is a wedge from azimuth 0 to 360°/n for `Cn`, its upper half for `Dn`, and for the others the spherical
/// triangle of the axis of most turns and two neighbouring three-fold axes.
extension SymmetryGroup {
  /// The orientation of the asymmetric unit that shows what `rotation` shows.
  public func reduced(_ rotation: Rotation) -> Rotation {
    let normals = unitNormals
    guard !normals.isEmpty else { return rotation }
    var best = (depth: -Double.infinity, rotation: rotation)
    for operation in operations {
      let candidate = rotation * operation
      // How far within the nearest border; one of the copies is within all of them.
      let depth = normals.map { dot($0, candidate.rows.2) }.min() ?? 0
      if depth > best.depth { best = (depth, candidate) }
    }
    return best.rotation
  }

  /// One of `count` orientations that cover the asymmetric unit evenly. With all that the group makes of them they
  /// cover all orientations, none of them twice.
  ///
  /// The area of directions and the rotation in the plane are filled by a lattice, with the two irrational steps of
  /// the spirals that `Rotation.even` takes; seen from the axis in the unit's corner, the lattice's third coordinate
  /// is the sum of both rotations about the view, which there are one. Without symmetry it is `Rotation.even`.
  public func evenRotation(index: Int, count: Int) -> Rotation {
    guard order > 1 else { return .even(index: index, count: count) }
    let s = Double(index) + 0.5
    let inward = s / Double(max(count, 1))
    let across = (s / 2.0.squareRoot()).truncatingRemainder(dividingBy: 1)
    let around = (s / 1.533751168755204288118041).truncatingRemainder(dividingBy: 1)
    let (azimuth, cosine, frame) = direction(across: across, inward: inward)
    let degrees = 180 / Double.pi
    let view =
      frame * .about(z: azimuth * degrees) * .about(y: Double.acos(min(max(cosine, -1), 1)) * degrees)
    return (view * .about(z: 360 * around - azimuth * degrees)).inverse
  }

  /// A direction of the unit: azimuth and cosine of the polar angle in a frame whose z-axis is the unit's corner.
  ///
  /// - Parameter across, inward: 0 to 1; equal areas of the unit square make equal areas of the sphere.
  private func direction(
    across: Double, inward: Double
  ) -> (azimuth: Double, cosine: Double, frame: Rotation) {
    switch kind {
    case .cyclic(let n): return (2 * .pi / Double(n) * across, 1 - 2 * inward, .identity)
    case .dihedral(let n): return (2 * .pi / Double(n) * across, 1 - inward, .identity)
    case .polyhedral(let polyhedron):
      let (apex, fold) = polyhedron.apex
      let corner = polyhedron.corner
      let side = dot(apex, corner)
      let sine = (1 - side * side).squareRoot()
      let x = (corner - side * apex) / sine
      let frame = Rotation(unchecked: (x, cross(apex, x), apex)).inverse
      // The angles of the triangle: 2π/n at the apex and, as its two sides are alike, twice the same, β.
      let area = 4 * Double.pi / Double(order)
      let beta = (area + .pi - 2 * .pi / Double(fold)) / 2
      // The triangle cut off at an azimuth has the area azimuth + β + γ − π with
      // cos γ = −cos(azimuth) cos β + sin(azimuth) sin β cos(side): solved for the azimuth.
      let delta = across * area + .pi - beta
      let azimuth = Double.atan2(
        y: -Double.cos(delta) - Double.cos(beta), x: Double.sin(delta) - Double.sin(beta) * side)
      // Where the meridian of that azimuth meets the side opposite to the apex, which lies in a plane.
      let other = SIMD2(Double.cos(2 * .pi / Double(fold)), Double.sin(2 * .pi / Double(fold))) * sine
      let normal = cross(SIMD3(sine, 0, side), SIMD3(other.x, other.y, side))
      let slope = -(normal.x * Double.cos(azimuth) + normal.y * Double.sin(azimuth)) / normal.z
      let least = slope / (1 + slope * slope).squareRoot()
      return (azimuth, 1 - inward * (1 - least), frame)
    }
  }

  /// Of the great circles that bound the unit, towards its inside.
  private var unitNormals: [SIMD3<Double>] {
    func wedge(_ n: Int) -> [SIMD3<Double>] {
      guard n > 1 else { return [] }
      let angle = 2 * Double.pi / Double(n)
      return [SIMD3(0, 1, 0), SIMD3(Double.sin(angle), -Double.cos(angle), 0)]
    }
    switch kind {
    case .cyclic(let n): return wedge(n)
    case .dihedral(let n): return wedge(n) + [SIMD3(0, 0, 1)]
    case .polyhedral(let polyhedron):
      let apex = polyhedron.apex.direction
      let corner = polyhedron.corner
      let other = polyhedron.generators[0] * corner
      return [cross(apex, corner), cross(corner, other), cross(other, apex)].map {
        $0 / dot($0, $0).squareRoot()
      }
    }
  }
}
