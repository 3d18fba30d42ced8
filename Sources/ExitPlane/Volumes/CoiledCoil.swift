import RealModule

/// Ideal α-helices wound round a common axis, z, with its middle at the origin.
struct CoiledCoil {
  let helixCount: Int
  let residueCount: Int
  /// From the common axis to the helices' own.
  let radiusInAngstroms: Double
  /// By how much the middle of the hydrophobic face is turned off the common axis, so that the side chains
  /// of neighbours interlock instead of meeting.
  let faceInDegrees: Double
  /// Every second helix runs the other way, as in most four-helix bundles.
  let alternates: Bool

  /// Seven residues make two turns: the first and the fourth face the common axis.
  static let heptad: [IdealHelix.Residue] = [
    .leucine, .lysine, .glutamate, .alanine, .alanine, .lysine, .glutamate,
  ]

  /// The atoms of each helix.
  func helices(firstChain: Int) -> [[IdealStructure.Atom]] {
    let templates = Self.heptad.map { (residue: $0, atoms: IdealHelix.atoms(of: $0)) }
    let middle = Double(residueCount - 1) / 2
    // Seen from the common axis a residue turns by 2/7 of a circle; the face lies midway between the first
    // and the fourth residue of a heptad, on the far side of the two that lie between them.
    let facing = faceInDegrees - 360 * 2 / 7 * (1.5 - middle)
    return (0..<helixCount).map { helix in
      (0..<residueCount).flatMap { index in
        let (residue, atoms) = templates[index % templates.count]
        let steps = Double(index) - middle
        let turn = Rotation.about(z: IdealHelix.turnInDegrees * steps + facing)
        return atoms.map { atom in
          var position = turn * atom.position
          position.z += IdealHelix.riseInAngstroms * steps
          if alternates, !helix.isMultiple(of: 2) {
            position = SIMD3(position.x, -position.y, -position.z)
          }
          return IdealStructure.Atom(
            name: atom.name, atomicNumber: atom.atomicNumber, residueName: residue.rawValue,
            residueNumber: index + 1, chain: firstChain + helix,
            positionInAngstroms: bent(position, helix: helix),
            bFactorInSquareAngstroms: 30 + 35 * Double(atom.bondsFromTrace))
        }
      }
    }
  }

  /// Where a point of a straight helix goes when its axis is wound into a left-handed helix about z.
  ///
  /// Every cross-section stays plane, and is carried along without twist, so that only the curvature changes
  /// distances: by a hundredth at these radii.
  private func bent(_ point: SIMD3<Double>, helix: Int) -> SIMD3<Double> {
    // Untwisted, the straight helix's 100° a residue are 2/7 of a circle as seen from the common axis where
    // the winding supplies the missing 2.86°, a turn in 126 residues: 189 Å (Crick, Acta Cryst. 6 (1953) 689).
    let pitch = 189.0
    let lengthOfTurn = Double.hypot(pitch, 2 * .pi * radiusInAngstroms)
    let (climb, winding) = (pitch / lengthOfTurn, -2 * .pi / lengthOfTurn)
    let angle = 2 * .pi * Double(helix) / Double(helixCount) + winding * point.z
    let outward = SIMD3(Double.cos(angle), Double.sin(angle), 0)
    let along = SIMD3(0, 0, climb) + radiusInAngstroms * winding * SIMD3(-outward.y, outward.x, 0)
    let sideways = cross(along, outward)
    // (outward, sideways) turns about the axis by this much for every ångström; taken back here.
    let untwist = -winding * climb * point.z
    let (s, c) = (Double.sin(untwist), Double.cos(untwist))
    return SIMD3(0, 0, climb * point.z) + (radiusInAngstroms + c * point.x - s * point.y) * outward
      + (s * point.x + c * point.y) * sideways
  }
}
