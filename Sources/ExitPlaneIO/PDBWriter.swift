import ExitPlane

/// The structure as a PDB file: a TITLE, an ATOM record for each atom, a TER after each chain, and END.
///
/// - Parameters:
///   - structure: whose atoms are written.
///   - title: One line; the format keeps 70 characters of it.
/// - Throws: `.unsupported` where a value does not fit the format's columns: more than 99999 atoms and chain
///   ends, 62 chains or 9999 residues in one, a coordinate outside −999.999…9999.999 Å, or an element that
///   is not hydrogen, carbon, nitrogen, oxygen or sulphur.
/// - Source: wwPDB file format 3.30, sections 2 and 9.
public func encodePDB(_ structure: IdealStructure, title: String) throws -> [UInt8] {
  var lines = ["TITLE     \(title.prefix(70))"]
  var serial = 0
  for (index, atom) in structure.atoms.enumerated() {
    let residue = try residueColumns(of: atom)
    let position = atom.positionInAngstroms
    serial += 1
    lines.append(
      try "ATOM  " + column("\(serial)", width: 5, "serial number") + " "
        + column(atomName(atom), width: 4, "atom name") + " " + residue + "    "
        + column(rounded(position.x, places: 3), width: 8, "x in Å")
        + column(rounded(position.y, places: 3), width: 8, "y in Å")
        + column(rounded(position.z, places: 3), width: 8, "z in Å") + "  1.00"
        + column(rounded(atom.bFactorInSquareAngstroms, places: 2), width: 6, "B-factor in Å²")
        + "          " + column(elementSymbol(atom.atomicNumber), width: 2, "element"))
    if index + 1 == structure.atoms.count || structure.atoms[index + 1].chain != atom.chain {
      serial += 1
      lines.append(try "TER   " + column("\(serial)", width: 5, "serial number") + "      " + residue)
    }
  }
  lines.append("END\n")
  return Array(lines.joined(separator: "\n").utf8)
}

/// "LEU A  12": columns 18 to 26.
private func residueColumns(of atom: IdealStructure.Atom) throws -> String {
  let names = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
  guard names.indices.contains(atom.chain) else {
    throw ExitPlaneError(
      .unsupported, "chain \(atom.chain) has no letter in a PDB file, which holds \(names.count) chains")
  }
  return try column(atom.residueName, width: 3, "residue name") + " " + String(names[atom.chain])
    + column("\(atom.residueNumber)", width: 4, "residue number")
}

/// Names of elements with one letter start in the second of the four columns.
private func atomName(_ atom: IdealStructure.Atom) -> String {
  " " + atom.name + String(repeating: " ", count: max(0, 3 - atom.name.utf8.count))
}

private func elementSymbol(_ atomicNumber: Int) throws -> String {
  guard let symbol = [1: "H", 6: "C", 7: "N", 8: "O", 16: "S"][atomicNumber] else {
    throw ExitPlaneError(
      .unsupported, "an atom has atomic number \(atomicNumber); only H, C, N, O and S can be written")
  }
  return symbol
}

/// `text` at the right of a column.
private func column(_ text: String, width: Int, _ what: String) throws -> String {
  guard text.utf8.count <= width else {
    throw ExitPlaneError(
      .unsupported, "a PDB file has \(width) columns for the \(what), and '\(text)' does not fit")
  }
  return String(repeating: " ", count: width - text.utf8.count) + text
}
