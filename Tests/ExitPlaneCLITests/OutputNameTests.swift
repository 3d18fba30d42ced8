import Foundation
import Testing

/// No command writes over what it reads, or over itself, or to a name nobody has given.
@Suite("exitplane and the names of its outputs")
struct OutputNameTests {
  struct Refusal: Sendable, CustomTestStringConvertible {
    let arguments: [String]
    let says: [String]
    var testDescription: String { arguments.joined(separator: " ") }

    init(_ arguments: String, _ says: String...) {
      self.arguments = arguments.split(separator: " ").map { $0 == "EMPTY" ? "" : String($0) }
      self.says = says
    }
  }

  private static let simulate = "simulate map.mrc --random-poses 3 --output"
  private static let project = "project map.mrc --random-poses 3 --output"

  static let cases: [Refusal] = [
    Refusal("\(simulate) set --preview map.mrc", "input map.mrc"),
    Refusal("\(simulate) set --preview sub/../link.mrc", "input map.mrc"),
    Refusal("\(simulate) set --preview hard.mrc", "input map.mrc"),
    Refusal("\(simulate) set --preview set.mrcs", "set.mrcs", "twice"),
    Refusal("\(simulate) set --preview ./set.star", "set.star", "one file"),
    Refusal("\(simulate) set --preview sub/../set.mrcs", "set.mrcs", "one file"),
    Refusal("simulate map.mrc --poses poses.star --output set --preview poses.star", "input poses.star"),
    Refusal("simulate map.mrc --poses poses.star --output ./poses", "input poses.star"),
    Refusal("\(simulate) set --preview sub/", "name of a file"),
    Refusal("\(simulate) set --preview sub", "folder"),
    Refusal("\(simulate) set --preview .png", "suffix"),
    Refusal("\(simulate) sub/", "sub/", "name of a set"),
    Refusal("\(simulate) sub", "folder", "name of a set"),
    Refusal("\(simulate) .mrcs", ".mrcs", "name of a set"),
    Refusal("\(simulate) EMPTY", "\"\"", "name of a set"),
    Refusal("\(project) map.mrc", "input map.mrc"),
    Refusal("\(project) sub/../hard.mrc", "input map.mrc"),
    Refusal("\(project) sub/", "name of a file"),
    Refusal("\(project) sub", "folder"),
    Refusal("\(project) EMPTY", "name of a file"),
    Refusal("\(project) .mrcs", "suffix"),
    Refusal("project map.mrc --poses poses.star --output poses.mrcs", "input poses.star"),
    Refusal("compare map.mrc map.mrc --star x --plot x", "x", "twice"),
    Refusal("compare map.mrc map.mrc --star x --plot ./sub/../x", "one file"),
    Refusal("compare map.mrc map.mrc --star link.mrc", "input map.mrc"),
    Refusal("compare map.mrc map.mrc --plot hard.mrc", "input map.mrc"),
    Refusal("render model.pdb --voxel-size 1 --output ./model.pdb", "input model.pdb"),
    Refusal("render model.pdb --voxel-size 1 --output sub", "folder"),
    Refusal("poses --count 2 --pixel-size 1 --box 8 --output .star", "suffix"),
    Refusal("poses --count 2 --pixel-size 1 --box 8 --output sub/", "name of a file"),
    Refusal("merge set.star --output set", "input set."),
    Refusal("merge set.star --output sub/../set", "input set."),
    Refusal("merge way.star --output set", "input"),
    Refusal("merge set.star --output sub/", "name of a set"),
    Refusal("verify cases --write-results cases", "input cases/a.f64"),
    Refusal("verify cases --write-results EMPTY", "name a folder"),
    Refusal("verify escaping --write-results results", "../../out.f64", "within the folder"),
  ]

  @Test("are refused before anything is written", arguments: cases)
  func refused(refusal: Refusal) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    try folder.write("poses.star", particlesSTAR)
    try folder.write("model.pdb", "END\n")
    let images = mrcBytes(
      columns: 4, rows: 4, sections: 3, spaceGroup: 0, values: Array(repeating: 1, count: 48))
    try folder.write("set.mrcs", images)
    try folder.write("set.star", Self.setSTAR)
    for name in ["sub", "cases", "escaping"] {
      try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: false)
    }
    try folder.write("cases/a.f64", [UInt8](repeating: 0, count: 72))
    for (name, file) in [("cases", "a.f64"), ("escaping", "../../out.f64")] {
      try folder.write(
        "\(name)/cases.json",
        """
        {"cases": [{"name": "turn", "method": "EulerAnglePose", "phi_theta_psi_degrees": [[90, 0, 0]],
          "expected": {"file": "\(file)", "shape": [1, 3, 3], "dtype": "float64"},
          "max_abs_error_over_max_abs": 1e-12}]}
        """)
    }
    #expect(symlink("map.mrc", folder["link.mrc"]) == 0 && link(folder["map.mrc"], folder["hard.mrc"]) == 0)
    #expect(symlink("set.star", folder["way.star"]) == 0)
    let before = try folder.files
    let run = try CommandRun(refusal.arguments, in: folder.path)
    #expect(run.status == 1, "\(run.standardError)")
    #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
    for text in refusal.says { #expect(run.standardError.contains(text), "\(text) in \(run.standardError)") }
    #expect(try folder.files == before)
  }

  private static let setSTAR = """
    data_optics

    loop_
    _rlnOpticsGroup
    _rlnImagePixelSize
    _rlnImageSize
    1 1.5 4

    data_particles

    loop_
    _rlnImageName
    _rlnAngleRot
    _rlnAngleTilt
    _rlnAnglePsi
    _rlnOpticsGroup
    000001@set.mrcs 0 0 0 1

    """
}

extension ScratchFolder {
  /// All files below the folder and what is in them.
  var files: [String: Data] {
    get throws {
      let names = try FileManager.default.subpathsOfDirectory(atPath: path)
      return Dictionary(
        uniqueKeysWithValues: names.map {
          ($0, (try? Data(contentsOf: URL(fileURLWithPath: self[$0]))) ?? Data())
        })
    }
  }
}
