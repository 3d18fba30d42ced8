import RealModule
import Testing

@testable import ExitPlane

@Suite("The ideal structure")
struct IdealStructureTests {
  private let structure = IdealStructure()

  private typealias Backbone = (
    n: SIMD3<Double>, ca: SIMD3<Double>, c: SIMD3<Double>, o: SIMD3<Double>, cb: SIMD3<Double>
  )

  /// The backbone by chain and residue.
  private func backbones() throws -> [[Backbone]] {
    let named = Dictionary(
      uniqueKeysWithValues: structure.atoms.map {
        ("\($0.chain) \($0.residueNumber) \($0.name)", $0.positionInAngstroms)
      })
    return try (0..<22).map { chain in
      try (1...(chain < 20 ? 35 : 56)).map { residue in
        func at(_ name: String) throws -> SIMD3<Double> { try #require(named["\(chain) \(residue) \(name)"]) }
        return (try at("N"), try at("CA"), try at("C"), try at("O"), try at("CB"))
      }
    }
  }

  @Test("has thousands of atoms of carbon, nitrogen and oxygen about the origin, the same every time")
  func composition() {
    let atoms = structure.atoms
    // LEU, LYS, GLU, ALA, ALA, LYS and GLU have 54 heavy atoms, and there are 5 · 20 + 8 · 2 such heptads.
    #expect(atoms.count == 116 * 54)
    #expect(Set(atoms.map(\.atomicNumber)) == [6, 7, 8])
    let mean = atoms.reduce(SIMD3(0, 0, 0)) { $0 + $1.positionInAngstroms } / Double(atoms.count)
    #expect(distance(mean, SIMD3(0, 0, 0)) < 1e-9)
    #expect(atoms == IdealStructure().atoms)
  }

  @Test("bond lengths are those of textbooks")
  func bonds() throws {
    var errors: [String: Double] = [:]
    func compare(_ what: String, _ a: SIMD3<Double>, _ b: SIMD3<Double>, to length: Double) {
      errors[what] = max(errors[what] ?? 0, abs(distance(a, b) - length))
    }
    for chain in try backbones() {
      for (residue, next) in zip(chain, chain.dropFirst()) {
        compare("N–CA", residue.n, residue.ca, to: 1.46)
        compare("CA–C", residue.ca, residue.c, to: 1.52)
        compare("C–N", residue.c, next.n, to: 1.33)
        compare("C–O", residue.c, residue.o, to: 1.23)
        compare("CA–CB", residue.ca, residue.cb, to: 1.53)
        compare("CA–CA", residue.ca, next.ca, to: 3.80)
      }
    }
    #expect(errors.count == 6)
    #expect(errors.filter { $0.value > 0.02 }.isEmpty)
  }

  @Test("every atom of a residue is bonded to another, and none lies nearer than a bond")
  func residuesAreWhole() {
    let residues = Dictionary(grouping: structure.atoms) { "\($0.chain) \($0.residueNumber)" }
    let nearest = residues.values.flatMap { residue in
      residue.map { atom in
        residue.filter { $0 != atom }
          .map { distance($0.positionInAngstroms, atom.positionInAngstroms) }.min() ?? 0
      }
    }
    #expect((1.2...1.3).contains(nearest.min() ?? 0))
    #expect((1.4...1.56).contains(nearest.max() ?? 0))
  }

  @Test("torsions are those of a right-handed α-helix of L-amino acids")
  func torsions() throws {
    var (phi, psi, omega, handedness) = (Extremes(), Extremes(), Extremes(), Extremes())
    for chain in try backbones() {
      for (before, (residue, next)) in zip(chain, zip(chain.dropFirst(), chain.dropFirst(2))) {
        phi.add(torsion(before.c, residue.n, residue.ca, residue.c))
        psi.add(torsion(residue.n, residue.ca, residue.c, next.n))
        omega.add(abs(torsion(residue.ca, residue.c, next.n, next.ca)))
        // The "CORN" rule: seen from hydrogen, CO, R and N follow clockwise.
        handedness.add(triple(residue.n - residue.ca, residue.c - residue.ca, residue.cb - residue.ca))
      }
    }
    #expect(phi.lie(in: -61 ... -57))
    #expect(psi.lie(in: -47 ... -43))
    #expect(omega.lie(in: 179...180))
    #expect(handedness.lie(in: 2...3))
  }

  @Test("helices climb 1.5 Å a residue and 3.6 residues a turn, and are tied by hydrogen bonds")
  func helices() throws {
    var (turn, rise, twist, bond) = (Extremes(), Extremes(), Extremes(), Extremes())
    for chain in try backbones() {
      for i in 0..<chain.count - 4 {
        let ca = chain[i..<i + 4].map(\.ca)
        let (u, v) = (ca[0] - 2 * ca[1] + ca[2], ca[1] - 2 * ca[2] + ca[3])
        let cosine = (u * v).sum() / (length(u) * length(v))
        let sine = (1 - cosine * cosine).squareRoot()
        turn.add(Double.atan2(y: sine, x: cosine) * 180 / .pi)
        rise.add(abs(triple(u, v, ca[2] - ca[1])) / (length(u) * length(v) * sine))
        twist.add(torsion(ca[0], ca[1], ca[2], ca[3]))
        bond.add(distance(chain[i].o, chain[i + 4].n))
      }
    }
    #expect(turn.lie(in: 99...101))
    #expect(rise.lie(in: 1.46...1.54))
    #expect(twist.lie(in: 45...55))
    #expect(bond.lie(in: 2.7...3.1))
  }

  @Test("the two strands of the stalk wind to the left, a turn in 189 Å")
  func supercoil() throws {
    let (a, b) = (try backbones()[20].map(\.ca), try backbones()[21].map(\.ca))
    // The mean of 18 residues, five turns, lies on a helix's axis.
    func axis(_ trace: [SIMD3<Double>], from first: Int) -> SIMD3<Double> {
      trace[first..<first + 18].reduce(SIMD3(0, 0, 0), +) / 18
    }
    let (low, high) = (axis(b, from: 0) - axis(a, from: 0), axis(b, from: 38) - axis(a, from: 38))
    let climb =
      (axis(a, from: 38) + axis(b, from: 38) - axis(a, from: 0) - axis(b, from: 0)) / 2
    let angle = torsion(
      axis(a, from: 0) + low, axis(a, from: 0), axis(a, from: 0) + climb, axis(a, from: 0) + climb + high)
    #expect(abs(angle - -360 * length(climb) / 189) < 2)
  }

  @Test("atoms that are not bonded keep their distance, in one helix and between two")
  func clashes() {
    struct Cell: Hashable {
      let x, y, z: Int
    }
    let side = 2.5
    var cells: [Cell: [IdealStructure.Atom]] = [:]
    for atom in structure.atoms {
      let r = (atom.positionInAngstroms / side).rounded(.down)
      cells[Cell(x: Int(r.x), y: Int(r.y), z: Int(r.z)), default: []].append(atom)
    }
    var nearest = side
    for (cell, atoms) in cells {
      for dx in -1...1 {
        for dy in -1...1 {
          for dz in -1...1 {
            for other in cells[Cell(x: cell.x + dx, y: cell.y + dy, z: cell.z + dz)] ?? [] {
              for atom in atoms
              where atom.chain != other.chain || abs(atom.residueNumber - other.residueNumber) > 1 {
                nearest = min(nearest, distance(atom.positionInAngstroms, other.positionInAngstroms))
              }
            }
          }
        }
      }
    }
    #expect(nearest == side)
  }

  @Test("its map has the atoms' total, centre and spread")
  func map() throws {
    let (n, h) = (128, 1.5)
    let map = try structure.map(boxSize: n, voxelSizeInAngstroms: h)
    let sums = [
      6: 0.0893 + 0.2563 + 0.7570 + 1.0487 + 0.3575, 7: 0.1022 + 0.3219 + 0.7982 + 0.8197 + 0.1715,
      8: 0.0974 + 0.2921 + 0.6910 + 0.6990 + 0.2039,
    ]
    let widths = [6: 17.06, 7: 12.67, 8: 9.67]
    var (total, centre, spread) = (0.0, SIMD3(0.0, 0, 0), 0.0)
    for atom in structure.atoms {
      let f = try #require(sums[atom.atomicNumber])
      let variance =
        (try #require(widths[atom.atomicNumber]) + atom.bFactorInSquareAngstroms) / (8 * .pi * .pi)
      total += f
      centre += f * atom.positionInAngstroms
      spread += f * ((atom.positionInAngstroms * atom.positionInAngstroms).sum() + 3 * variance)
    }
    var (mapTotal, mapCentre, mapSpread) = (0.0, SIMD3(0.0, 0, 0), 0.0)
    let at = map.coordinatesInAngstroms(axisLength: n)
    for (index, value) in map.values.enumerated() where value != 0 {
      let r = SIMD3(at[index % n], at[index / n % n], at[index / n / n])
      let mass = Double(value) * h * h * h
      mapTotal += mass
      mapCentre += mass * r
      mapSpread += mass * (r * r).sum()
    }
    #expect(abs(mapTotal / total - 1) < 1e-4)
    #expect(distance(mapCentre / total, centre / total) < 0.01)
    #expect(abs(mapSpread / spread - 1) < 1e-4)
  }

  @Test(
    "a map may be too small for the structure, but not empty, nor beyond memory", arguments: [0, -1, 1025])
  func impossibleBox(side: Int) throws {
    #expect(throws: ExitPlaneError.self) { try structure.map(boxSize: side, voxelSizeInAngstroms: 1) }
    #expect(throws: ExitPlaneError.self) { try structure.map(boxSize: 8, voxelSizeInAngstroms: 0) }
    #expect(try structure.map(boxSize: 8, voxelSizeInAngstroms: 1).values.allSatisfy(\.isFinite))
  }
}

/// The least and the greatest of what was measured.
private struct Extremes {
  private(set) var least = Double.infinity
  private(set) var greatest = -Double.infinity

  mutating func add(_ value: Double) {
    least = min(least, value)
    greatest = max(greatest, value)
  }

  func lie(in range: ClosedRange<Double>) -> Bool {
    range.contains(least) && range.contains(greatest)
  }
}

private func length(_ v: SIMD3<Double>) -> Double { (v * v).sum().squareRoot() }

private func distance(_ a: SIMD3<Double>, _ b: SIMD3<Double>) -> Double { length(a - b) }

private func triple(_ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>) -> Double {
  a.x * (b.y * c.z - b.z * c.y) + a.y * (b.z * c.x - b.x * c.z) + a.z * (b.x * c.y - b.y * c.x)
}

/// In degrees, by IUPAC's sign: positive where the far bond is turned clockwise.
private func torsion(
  _ a: SIMD3<Double>, _ b: SIMD3<Double>, _ c: SIMD3<Double>, _ d: SIMD3<Double>
) -> Double {
  let (u, v, w) = (b - a, c - b, d - c)
  func dot(_ p: SIMD3<Double>, _ q: SIMD3<Double>) -> Double { (p * q).sum() }
  let (vv, uv, vw, uw) = (dot(v, v), dot(u, v), dot(v, w), dot(u, w))
  return Double.atan2(y: length(v) * triple(u, v, w), x: uv * vw - uw * vv) * 180 / .pi
}
