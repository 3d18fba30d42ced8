/// A protein made from ideal geometry alone, to have something to project with no file at hand.
///
/// Five four-helix bundles stand in an open spiral, tilted like the blades of a propeller, round a
/// two-stranded coiled coil that leaves it askew: handed, without symmetry, and different from every side.
public struct IdealStructure: Sendable {
  /// An atom, with what a PDB file says of it.
  public struct Atom: Sendable, Hashable {
    /// As in a PDB file: "CA".
    public let name: String
    /// Of the element: 6 for carbon.
    public let atomicNumber: Int
    /// Three letters: "LEU".
    public let residueName: String
    /// Within its chain, from 1.
    public let residueNumber: Int
    /// From 0; every helix is a chain.
    public let chain: Int
    /// From the structure's centre, `(x, y, z)`.
    public let positionInAngstroms: SIMD3<Double>
    /// Grows along a side chain, as it does in crystals.
    public let bFactorInSquareAngstroms: Double
  }

  /// Chain by chain, in the order of a PDB file, with the mean of their positions at the origin.
  public let atoms: [Atom]

  /// The one structure there is: the same atoms every time.
  public init() {
    var helices: [[Atom]] = []
    func add(_ coil: CoiledCoil, rotated rotation: Rotation, to centre: SIMD3<Double>) {
      for helix in coil.helices(firstChain: helices.count) {
        helices.append(helix.map { $0.moved(to: rotation * $0.positionInAngstroms + centre) })
      }
    }

    let bundle = CoiledCoil(
      helixCount: 4, residueCount: 35, radiusInAngstroms: 7.6, faceInDegrees: -16, alternates: true)
    // A turn about x, the direction from the spiral's axis to the bundle.
    let tilt = Rotation.about(y: 90) * Rotation.about(z: 30) * Rotation.about(y: -90)
    for blade in 0..<5 {
      let around = Rotation.about(z: 60 * Double(blade))
      add(bundle, rotated: around * tilt, to: around * SIMD3(35, 0, 8 * Double(blade)))
    }
    let stalk = CoiledCoil(
      helixCount: 2, residueCount: 56, radiusInAngstroms: 5.2, faceInDegrees: 4, alternates: false)
    let lean = Rotation.about(y: 14)
    add(stalk, rotated: lean, to: lean * SIMD3(0, 0, -32))

    let all = helices.flatMap { $0 }
    let centre = all.reduce(SIMD3(0, 0, 0)) { $0 + $1.positionInAngstroms } / Double(all.count)
    atoms = all.map { $0.moved(to: $0.positionInAngstroms - centre) }
  }
}

extension IdealStructure.Atom {
  fileprivate func moved(to position: SIMD3<Double>) -> Self {
    Self(
      name: name, atomicNumber: atomicNumber, residueName: residueName, residueNumber: residueNumber,
      chain: chain, positionInAngstroms: position, bFactorInSquareAngstroms: bFactorInSquareAngstroms)
  }
}
