import RealModule

/// An α-helix from textbook bond lengths, angles and torsions.
///
/// Lengths and angles are those of Engh & Huber, Acta Cryst. A47 (1991) 392–400, but for N–CA–C: at 109.7°
/// planar peptides close, at the torsions below, into exactly 3.6 residues a turn and 1.5 Å a residue
/// (Pauling, Corey & Branson, PNAS 37 (1951) 205–211).
enum IdealHelix {
  static let phiInDegrees = -59.196257
  static let psiInDegrees = -45.383565
  static let riseInAngstroms = 1.5
  static let turnInDegrees = 100.0

  enum Residue: String {
    case alanine = "ALA"
    case glutamate = "GLU"
    case leucine = "LEU"
    case lysine = "LYS"
  }

  struct Atom {
    let name: String
    let atomicNumber: Int
    /// Bonds from N, CA or C, the nearest of them.
    let bondsFromTrace: Int
    /// In ångströms: the helix runs along z, N to C, and this residue's CA lies on the x axis.
    let position: SIMD3<Double>
  }

  /// The heavy atoms of one residue; the next residue's are turned by 100° and raised by 1.5 Å.
  static func atoms(of residue: Residue) -> [Atom] {
    let trace = backbone(residues: 4)
    // The second difference of consecutive CA points to the axis (Kahn, Comput. Chem. 13 (1989) 185–189).
    let ca = trace.map { $0[1] }
    let outward = normalised(2 * ca[1] - ca[0] - ca[2])
    let outwardNext = normalised(2 * ca[2] - ca[1] - ca[3])
    let axis = normalised(cross(outward, outwardNext))
    let radius = length(cross(ca[2] - ca[1], axis)) / length(outwardNext - outward)
    let origin = ca[1] - radius * outward
    let sideways = cross(axis, outward)

    var placed: [(name: String, number: Int, depth: Int, at: SIMD3<Double>)] = [
      ("N", 7, 0, trace[1][0]), ("CA", 6, 0, trace[1][1]), ("C", 6, 0, trace[1][2]),
    ]
    for link in links(of: residue) {
      let parent = placed[link.after.2]
      let position = place(
        placed[link.after.0].at, placed[link.after.1].at, parent.at,
        bond: link.bond, angle: link.angle, torsion: link.torsion)
      placed.append((link.name, link.number, parent.depth + 1, position))
    }
    return placed.map { name, number, depth, position in
      let r = position - origin
      return Atom(
        name: name, atomicNumber: number, bondsFromTrace: depth,
        position: SIMD3(dot(r, outward), dot(r, sideways), dot(r, axis)))
    }
  }

  /// N, CA and C of each residue.
  private static func backbone(residues: Int) -> [[SIMD3<Double>]] {
    let n = SIMD3<Double>(0, 0, 0)
    let ca = SIMD3(nToCA, 0, 0)
    let c = place(SIMD3(0, 1, 0), n, ca, bond: caToC, angle: nCAC, torsion: 0)
    var trace = [[n, ca, c]]
    while trace.count < residues {
      let last = trace[trace.count - 1]
      let n = place(last[0], last[1], last[2], bond: 1.329, angle: 116.2, torsion: psiInDegrees)
      let ca = place(last[1], last[2], n, bond: nToCA, angle: 121.7, torsion: 180)
      let c = place(last[2], n, ca, bond: caToC, angle: nCAC, torsion: phiInDegrees)
      trace.append([n, ca, c])
    }
    return trace
  }

  private static let nToCA = 1.458
  private static let caToC = 1.525
  private static let nCAC = 109.7

  /// An atom hung on three earlier ones: bonded to the last, in ångströms; the angle there and the torsion
  /// about the bond between the last two, in degrees.
  private struct Link {
    let name: String
    let number: Int
    let after: (Int, Int, Int)
    let bond: Double
    let angle: Double
    let torsion: Double

    init(
      _ name: String, _ number: Int, _ after: (Int, Int, Int), _ bond: Double, _ angle: Double,
      _ torsion: Double
    ) {
      (self.name, self.number, self.after) = (name, number, after)
      (self.bond, self.angle, self.torsion) = (bond, angle, torsion)
    }
  }

  /// The carbonyl oxygen, then the side chain in the rotamer commonest in helices (Lovell et al., Proteins 40
  /// (2000) 389–408). Atoms 0, 1 and 2 are N, CA and C; those listed here follow.
  private static func links(of residue: Residue) -> [Link] {
    let common = [
      Link("O", 8, (0, 1, 2), 1.231, 120.5, psiInDegrees + 180),
      Link("CB", 6, (0, 2, 1), 1.530, 110.1, 122.6),
    ]
    return switch residue {
    case .alanine: common
    case .leucine:
      common + [
        Link("CG", 6, (0, 1, 4), 1.530, 116.3, -65), Link("CD1", 6, (1, 4, 5), 1.521, 110.7, 175),
        Link("CD2", 6, (1, 4, 5), 1.521, 110.7, -63),
      ]
    case .glutamate:
      common + [
        Link("CG", 6, (0, 1, 4), 1.520, 114.1, -67), Link("CD", 6, (1, 4, 5), 1.516, 112.6, 180),
        Link("OE1", 8, (4, 5, 6), 1.249, 118.4, -10), Link("OE2", 8, (4, 5, 6), 1.249, 118.4, 170),
      ]
    case .lysine:
      common + [
        Link("CG", 6, (0, 1, 4), 1.520, 114.1, -67), Link("CD", 6, (1, 4, 5), 1.520, 111.3, 180),
        Link("CE", 6, (4, 5, 6), 1.520, 111.3, 180), Link("NZ", 7, (5, 6, 7), 1.489, 111.9, 180),
      ]
    }
  }

  private static func place(
    _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>, bond: Double, angle: Double,
    torsion: Double
  ) -> SIMD3<Double> {
    let along = normalised(c - b)
    let normal = normalised(cross(b - a, along))
    let inPlane = cross(normal, along)
    let (angle, torsion) = (angle * .pi / 180, torsion * .pi / 180)
    let across = Double.cos(torsion) * inPlane + Double.sin(torsion) * normal
    return c + bond * (Double.sin(angle) * across - Double.cos(angle) * along)
  }
}

private func length(_ v: SIMD3<Double>) -> Double { dot(v, v).squareRoot() }
private func normalised(_ v: SIMD3<Double>) -> SIMD3<Double> { v / length(v) }
