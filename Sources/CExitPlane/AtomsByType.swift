import CExitPlaneHeader
import ExitPlane

/// Atoms in the order of a caller, and sorted by type as the library has them.
struct AtomsByType: Sendable {
  let volume: IndependentAtomVolume
  private let count: Int
  /// Of each type that occurs, its number and its atoms in the caller's order.
  private let members: [(type: Int, atoms: [Int])]
  private let amplitudes: [Double]
  private let variances: [Double]
  private let types: Int
  private let gaussians: Int

  init(_ atoms: exitplane_atoms) throws {
    let positions = points(
      try elements(atoms.positions, product(atoms.count, 3, of: "coordinates"), of: "positions"))
    let count = positions.count
    self.count = count
    let typeOfAtom = try elements(atoms.type_of_atom, count, of: "types of atoms", as: Int32.self)
    let weights = try atoms.weights.map { try elements($0, count, of: "weights", as: Double.self) }
    let numbers = try product(atoms.types, atoms.gaussians, of: "Gaussians of types")
    (types, gaussians) = (Int(atoms.types), Int(atoms.gaussians))
    amplitudes = Array(try elements(atoms.amplitudes, numbers, of: "amplitudes"))
    variances = Array(try elements(atoms.variances, numbers, of: "variances"))

    var byType = [[Int]](repeating: [], count: types)
    for (atom, type) in typeOfAtom.enumerated() {
      guard byType.indices.contains(Int(type)) else {
        throw ExitPlaneError.invalid(
          "type of atom \(atom)", got: "\(type)", need: types == 0 ? "one that is there" : "0 to \(types - 1)"
        )
      }
      byType[Int(type)].append(atom)
    }
    members = byType.enumerated().filter { !$1.isEmpty }.map { (type: $0, atoms: $1) }
    let (k, a, v) = (gaussians, amplitudes, variances)
    volume = try IndependentAtomVolume(
      types: members.map { type, atoms in
        try IndependentAtomVolume.AtomType(
          positionsInAngstroms: atoms.map { positions[$0] },
          weights: weights.map { w in atoms.map { w[$0] } },
          amplitudesInAngstroms: Array(a[(type * k)..<((type + 1) * k)]),
          widthsInSquareAngstroms: v[(type * k)..<((type + 1) * k)].map { 8 * .pi * .pi * $0 })
      })
  }

  var parts: [GradientBuffers.Part] {
    [
      ("positions", 3 * count), ("weights", count), ("amplitudes", types * gaussians),
      ("variances", types * gaussians),
    ]
  }

  func write(_ gradient: IndependentAtomVolume.Gradient, to buffers: GradientBuffers) throws {
    var positions = [SIMD3<Double>](repeating: SIMD3(0, 0, 0), count: count)
    var weights = [Double](repeating: 0, count: count)
    // Types without atoms change nothing.
    var (ofAmplitudes, ofVariances) = (
      [Double](repeating: 0, count: amplitudes.count), [Double](repeating: 0, count: variances.count)
    )
    for (part, (type, atoms)) in zip(gradient.types, members) {
      for (place, atom) in atoms.enumerated() {
        positions[atom] = part.positionsInAngstroms[place]
        weights[atom] = part.weights[place]
      }
      guard let factor = part.scatteringFactor else { continue }
      let range = (type * gaussians)..<((type + 1) * gaussians)
      let found = try factor.gaussians(
        amplitudesInAngstroms: Array(amplitudes[range]),
        widthsInSquareAngstroms: variances[range].map { 8 * .pi * .pi * $0 })
      ofAmplitudes.replaceSubrange(range, with: found.amplitudes)
      ofVariances.replaceSubrange(range, with: found.variances)
    }
    try buffers.write(0, coordinates(positions))
    try buffers.write(1, weights)
    try buffers.write(2, ofAmplitudes)
    try buffers.write(3, ofVariances)
  }
}
