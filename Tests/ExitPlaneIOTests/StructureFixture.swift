/// A structure's atoms as a PDB file and as an mmCIF file, written column by column here.
struct StructureFixture {
  struct Atom {
    var name = "CA"
    var element = "C"
    var alternate = " "
    var residue = "ALA"
    var chain = "A"
    var number = 1
    var position: (Double, Double, Double) = (0, 0, 0)
    var occupancy = "1.00"
    var bFactor = "20.00"
    var isHeteroatom = false
    var model = 1
  }

  var atoms: [Atom] = []
  /// Name, chains and rotation–translation rows of assemblies.
  var assemblies: [(name: String, chains: [String], operations: [[[Double]]])] = []

  private static func right(_ text: String, _ width: Int) -> String {
    String(repeating: " ", count: max(0, width - text.utf8.count)) + text
  }

  private static func fixed(_ value: Double, _ places: Int) -> String {
    var scale = 1.0
    for _ in 0..<places { scale *= 10 }
    let whole = Int((abs(value) * scale).rounded())
    let digits = right("\(whole % Int(scale))", places).map { $0 == " " ? "0" : String($0) }.joined()
    return (value < 0 ? "-" : "") + "\(whole / Int(scale)).\(digits)"
  }

  var pdb: String {
    var text = ""
    for assembly in assemblies {
      text += "REMARK 350 BIOMOLECULE: \(assembly.name)\n"
      text += "REMARK 350 APPLY THE FOLLOWING TO CHAINS: \(assembly.chains.joined(separator: ", "))\n"
      for (number, rows) in assembly.operations.enumerated() {
        for (row, values) in rows.enumerated() {
          text += "REMARK 350   BIOMT\(row + 1)\(Self.right("\(number + 1)", 4))"
          text += values[0..<3].map { Self.right(Self.fixed($0, 6), 10) }.joined()
          text += Self.right(Self.fixed(values[3], 5), 15) + "\n"
        }
      }
    }
    let models = Set(atoms.map(\.model)).sorted()
    for model in models {
      if models.count > 1 { text += "MODEL     \(Self.right("\(model)", 4))\n" }
      for (i, atom) in atoms.enumerated() where atom.model == model {
        let name = atom.name.utf8.count < 4 ? " " + atom.name : atom.name
        text += atom.isHeteroatom ? "HETATM" : "ATOM  "
        text += Self.right("\(i + 1)", 5) + " " + name
        text += String(repeating: " ", count: 4 - name.utf8.count) + atom.alternate
        text += Self.right(atom.residue, 3) + " " + atom.chain + Self.right("\(atom.number)", 4) + "    "
        text += [atom.position.0, atom.position.1, atom.position.2].map { Self.right(Self.fixed($0, 3), 8) }
          .joined()
        text += Self.right(atom.occupancy, 6) + Self.right(atom.bFactor, 6) + "          "
        text += Self.right(atom.element, 2) + "\n"
      }
      if models.count > 1 { text += "ENDMDL\n" }
    }
    return text + "END\n"
  }

  var cif: String {
    var text = "data_TEST\nloop_\n"
    for tag in [
      "group_PDB", "id", "type_symbol", "label_atom_id", "label_alt_id", "label_comp_id", "label_asym_id",
      "label_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy", "B_iso_or_equiv", "auth_seq_id",
      "auth_asym_id", "pdbx_PDB_model_num",
    ] { text += "_atom_site.\(tag)\n" }
    for (i, atom) in atoms.enumerated() {
      let fields = [
        atom.isHeteroatom ? "HETATM" : "ATOM", "\(i + 1)", atom.element, atom.name,
        atom.alternate == " " ? "." : atom.alternate, atom.residue, atom.chain, "\(atom.number)",
        Self.fixed(atom.position.0, 3), Self.fixed(atom.position.1, 3), Self.fixed(atom.position.2, 3),
        atom.occupancy, atom.bFactor, "\(atom.number)", atom.chain, "\(atom.model)",
      ]
      text += fields.joined(separator: " ") + "\n"
    }
    guard !assemblies.isEmpty else { return text }
    text += "loop_\n_pdbx_struct_assembly.id\n_pdbx_struct_assembly.details\n"
    for assembly in assemblies { text += "\(assembly.name) test\n" }
    text += "loop_\n_pdbx_struct_assembly_gen.assembly_id\n_pdbx_struct_assembly_gen.oper_expression\n"
    text += "_pdbx_struct_assembly_gen.asym_id_list\n"
    var operation = 0
    for assembly in assemblies {
      text += "\(assembly.name) '(\(operation + 1)-\(operation + assembly.operations.count))' "
      text += assembly.chains.joined(separator: ",") + "\n"
      operation += assembly.operations.count
    }
    text += "loop_\n_pdbx_struct_oper_list.id\n"
    for row in 1...3 {
      for column in 1...3 { text += "_pdbx_struct_oper_list.matrix[\(row)][\(column)]\n" }
      text += "_pdbx_struct_oper_list.vector[\(row)]\n"
    }
    for (i, rows) in assemblies.flatMap(\.operations).enumerated() {
      text += "\(i + 1) " + rows.joined().map { "\($0)" }.joined(separator: " ") + "\n"
    }
    return text
  }
}
