import Foundation
import Testing

/// Every option of the commands that make images or maps, given to every kind of input and method: what is written
/// differs from what is written without it, or the command fails with a sentence that names the option.
///
/// Options are taken from the command itself. One that is not in the table fails the test, so that whoever adds an
/// option says here what it is given, and it can never be without effect.
@Suite("No option is ignored")
struct OptionEffectTests {
  /// A command with an input and a method, and the arguments that are there in any case.
  struct Setting: Sendable, CustomTestStringConvertible {
    let command: String
    let what: String
    let arguments: [String]
    var testDescription: String { "\(command), \(what)" }
  }

  /// What each option is given, nothing after a flag: values that are not its default, of which one at least must
  /// have an effect.
  static let values: [String: [[String]]] = [
    "method": [["real-voxel"], ["fft-atom"], ["gaussian"], ["fourier-slice"]],
    "seed": [["9"]],
    "euler": [["10,20,30"]],
    "random-poses": [["5"]],
    "poses": [["other.star"]],
    "box": [["20"]],
    "pixel-size": [["1.9"]],
    "voxel-size": [["1.7"]],
    "rescale": [[]],
    "sum": [[]],
    "accuracy": [["1e-2"]],
    "resolution": [["6"]],
    "interpolation": [["linear"], ["cubic"], ["exact"]],
    "pad-scale": [["1"]],
    "no-gridding-correction": [[]],
    "slice-grid": [["volume"]],
    "algorithm": [["spreading"], ["gathering"]],
    "point-sampling": [[]],
    "upsampling": [["2"]],
    "upsample": [["3"]],
    "no-antialias": [[]],
    "model": [["2"]],
    "selection": [["//A"]],
    "assembly": [["1"]],
    "altlocs": [["all"]],
    "no-hydrogens": [[]],
    "no-waters": [[]],
    "no-hetatm": [[]],
    "ignore-b-factors": [[]],
    "b-factor": [["77"]],
    "ignore-occupancies": [[]],
    "centre": [["geometry"]],
    "precision": [["double"]],
    "voltage": [["200"]],
    "cs": [["1.4"]],
    "amplitude-contrast": [["0.2"]],
    "defocus": [["12000"]],
    "astigmatism": [["300"]],
    "phase-shift": [["40"]],
    "ctf-b-factor": [["80"]],
    "beam-tilt": [["3,-2"]],
    "image-model": [["contrast"], ["exit-phase"]],
    "dose": [["30"]],
    "ctf-sign": [["cryoJAX"]],
    "snr": [["0.5"]],
    "noise-std": [["0.3"]],
    "noise-falloff": [["0.05"]],
    "noise-model": [["model.star"]],
    "poisson": [[]],
    "float16": [[]],
    "preview": [["other.png"]],
    "particles-per-micrograph": [["1"]],
    "shard": [["1/2"]],
    "even": [[]],
    "preferred": [["0,90,20"]],
    "symmetry": [["O"]],
    "shifts": [["2"]],
    "shift-range": [["3"]],
    "views": [["axes"]],
    "ewald": [[]],
    "reverse-curvature": [[]],
    "defocus-spread": [["100"]],
    "low-pass": [["8"]],
    "like": [["map.mrc"]],
  ]

  /// Options that change no byte of what is written, by what they say they do.
  static let withoutBytes: Set<String> = [
    "output", "threads", "resume", "checkpoint-interval", "help", "version", "quiet",
  ]

  static let settings: [Setting] = {
    let poses = ["--euler", "40,50,60", "--euler", "-10,80,0"]
    let map = ["map.mrc"] + poses
    let structure = ["model.pdb", "--box", "16", "--pixel-size", "1.5"] + poses
    func settings(_ command: String) -> [Setting] {
      [
        Setting(command: command, what: "slices", arguments: map),
        Setting(command: command, what: "cubic slices", arguments: map + ["--interpolation", "cubic"]),
        Setting(command: command, what: "linear slices", arguments: map + ["--interpolation", "linear"]),
        Setting(
          command: command, what: "exact slices",
          arguments: map + ["--interpolation", "exact", "--box", "24"]),
        Setting(command: command, what: "voxels", arguments: map + ["--method", "real-voxel"]),
        Setting(command: command, what: "Gaussians", arguments: structure),
        Setting(command: command, what: "atoms", arguments: structure + ["--method", "fft-atom"]),
        Setting(
          command: command, what: "a STAR file's poses", arguments: ["map.mrc", "--poses", "poses.star"]),
      ]
    }
    return settings("project") + settings("simulate") + [
      Setting(
        command: "simulate", what: "optics and noise",
        arguments: ["map.mrc", "--random-poses", "4", "--defocus", "8000,20000", "--snr", "1"]),
      Setting(
        command: "simulate", what: "the Ewald sphere",
        arguments: ["map.mrc", "--random-poses", "3", "--defocus", "9000", "--ewald"]),
      Setting(
        command: "project", what: "the Ewald sphere",
        arguments: ["map.mrc", "--random-poses", "3", "--ewald"]),
      Setting(
        command: "project", what: "a picture",
        arguments: ["map.mrc", "--random-poses", "3", "--preview", "sheet.png"]),
      Setting(
        command: "simulate", what: "a STAR file's optics", arguments: ["map.mrc", "--poses", "optics.star"]),
      Setting(
        command: "simulate", what: "counts",
        arguments: [
          "map.mrc", "--random-poses", "2", "--defocus", "9000", "--image-model", "counts", "--dose",
        ]
          + ["20"]),
      Setting(
        command: "render", what: "Gaussians", arguments: ["model.pdb", "--box", "16", "--voxel-size", "1.5"]),
      Setting(
        command: "render", what: "atoms",
        arguments: ["model.pdb", "--box", "16", "--voxel-size", "1.5", "--method", "fft-atom"]),
    ]
  }()

  @Test("what is written differs, or the command says which option and why", arguments: settings)
  func effects(setting: Setting) throws {
    let folder = try Self.inputs()
    let options = try CommandOptions.of(setting.command).filter { !Self.withoutBytes.contains($0) }
    #expect(!options.isEmpty)
    let plain = try Self.run(setting, [], in: folder)
    try #require(plain.files != nil, "\(plain.message)")
    for option in options {
      guard let values = Self.values[option] else {
        Issue.record("--\(option) has no value in this test's table: say there what it is to be given")
        continue
      }
      // An option that is there in any case is replaced by another value of it; a flag has none.
      if values == [[]], setting.arguments.contains("--\(option)") { continue }
      let outcomes = try values.map { try Self.run(setting, ["--\(option)"] + $0, in: folder) }
      let isHeard = outcomes.contains { outcome in
        if let files = outcome.files { files != plain.files } else { outcome.message.contains("--\(option)") }
      }
      #expect(isHeard, "--\(option) does nothing: \(outcomes.map(\.message))")
      for outcome in outcomes where outcome.files == nil {
        #expect(outcome.status == 1 || outcome.status == 64, "--\(option): \(outcome.message)")
      }
    }
  }

  private struct Outcome {
    /// What was written, by name; nil for a run that failed.
    let files: [String: Data]?
    let status: Int32
    let message: String
  }

  private static func run(_ setting: Setting, _ extra: [String], in folder: ScratchFolder) throws -> Outcome {
    var arguments = setting.arguments
    if let option = extra.first, let place = arguments.firstIndex(of: option) {
      arguments.removeSubrange(place..<min(place + extra.count, arguments.count))
    }
    let output =
      setting.command == "simulate" ? "out/set" : setting.command == "render" ? "out/o.mrc" : "out/o.mrcs"
    let run = try CommandRun(
      [setting.command] + arguments + extra + ["--output", output, "--threads", "1"], in: folder.path)
    let written = folder["out"]
    var files: [String: Data] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: written) {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: "\(written)/\(name)"))
      try FileManager.default.removeItem(atPath: "\(written)/\(name)")
    }
    for name in folder.contents where name.hasSuffix(".png") {
      files[name] = try Data(contentsOf: URL(fileURLWithPath: folder[name]))
      try FileManager.default.removeItem(atPath: folder[name])
    }
    return Outcome(
      files: run.status == 0 ? files : nil, status: run.status, message: run.standardError)
  }

  private static func inputs() throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder["out"], withIntermediateDirectories: false)
    try folder.write("map.mrc", blobMap(16))
    try folder.write("model.pdb", variedStructure)
    try folder.write("poses.star", particlesSTAR)
    try folder.write("other.star", particlesSTAR.replacingOccurrences(of: "20.25", with: "70"))
    try folder.write("optics.star", opticsSTAR)
    try folder.write("model.star", noiseModelSTAR)
    return folder
  }
}

/// Poses with defoci, and a micrograph for each.
let opticsSTAR = """
  data_optics

  loop_
  _rlnOpticsGroupName #1
  _rlnOpticsGroup #2
  _rlnVoltage #3
  _rlnSphericalAberration #4
  _rlnAmplitudeContrast #5
  _rlnImagePixelSize #6
  _rlnImageSize #7
  _rlnImageDimensionality #8
  one 1 300 2.7 0.1 1.5 16 2
  two 2 120 2.0 0.07 1.5 16 2

  data_particles

  loop_
  _rlnAngleRot #1
  _rlnAngleTilt #2
  _rlnAnglePsi #3
  _rlnDefocusU #4
  _rlnDefocusV #5
  _rlnDefocusAngle #6
  _rlnOpticsGroup #7
  _rlnMicrographName #8
  10.5 20.25 -30 9000 8800 20 1 a.mrc
  -100 80 45 15000 14900 70 2 b.mrc

  """

/// The noise of a RELION refinement of images of 16 pixels.
let noiseModelSTAR = """
  data_model_general

  _rlnOriginalImageSize 16
  _rlnPixelSize 1.5

  data_model_optics_group_1

  loop_
  _rlnSpectralIndex #1
  _rlnSigma2Noise #2
  0 0.01
  4 0.005
  8 0.001

  """

/// A structure in which every choice between atoms makes a difference: two models, two chains, an assembly, alternate
/// locations, hydrogens, waters, a ligand, occupancies and B-factors.
let variedStructure: String = {
  func atom(
    _ serial: Int, _ name: String, _ alternate: String, _ residue: String, _ chain: String, _ number: Int,
    _ x: Double, _ y: Double, _ z: Double, _ occupancy: Double, _ b: Double, _ element: String,
    record: String = "ATOM  "
  ) -> String {
    record + String(format: "%5d ", serial) + name.padding(toLength: 4, withPad: " ", startingAt: 0)
      + "\(alternate)\(residue) \(chain)" + String(format: "%4d    ", number)
      + String(format: "%8.3f%8.3f%8.3f%6.2f%6.2f", x, y, z, occupancy, b) + "          "
      + String(repeating: " ", count: 2 - element.count) + element + "\n"
  }
  let first =
    atom(1, " N", " ", "ALA", "A", 1, -4, 2, 1, 1, 20, "N")
    + atom(2, " CA", " ", "ALA", "A", 1, -3, 1, 0, 1, 25, "C")
    + atom(3, " H", " ", "ALA", "A", 1, -4.5, 2.5, 1.5, 1, 20, "H")
    + atom(4, " CB", "A", "ALA", "A", 1, -2, 3, 2, 0.6, 30, "C")
    + atom(5, " CB", "B", "ALA", "A", 1, -2, -1, -3, 0.4, 30, "C")
    + atom(6, " CA", " ", "GLY", "B", 1, 4, -2, 3, 0.7, 15, "C")
    + atom(7, " O", " ", "HOH", "B", 9, 2, 5, -4, 1, 40, "O", record: "HETATM")
    + atom(8, "ZN", " ", " ZN", "B", 8, 1, -4, -2, 1, 35, "ZN", record: "HETATM")
  let assembly = """
    REMARK 350 BIOMOLECULE: 1
    REMARK 350 APPLY THE FOLLOWING TO CHAINS: A
    REMARK 350   BIOMT1   1  1.000000  0.000000  0.000000        0.00000
    REMARK 350   BIOMT2   1  0.000000  1.000000  0.000000        0.00000
    REMARK 350   BIOMT3   1  0.000000  0.000000  1.000000        0.00000

    """
  let second = atom(1, " CA", " ", "ALA", "A", 1, 3, 3, 3, 1, 20, "C")
  return assembly + "MODEL        1\n\(first)ENDMDL\nMODEL        2\n\(second)ENDMDL\nEND\n"
}()

/// The options of a command, as it tells them itself.
enum CommandOptions {
  private struct Dump: Decodable {
    struct Command: Decodable {
      let commandName: String
      let subcommands: [Command]?
      let arguments: [Argument]?
    }
    struct Argument: Decodable {
      struct Name: Decodable {
        let kind: String
        let name: String
      }
      let kind: String
      let names: [Name]?
      let allValues: [String]?
    }
    let command: Command
  }

  private static let dump = Result {
    let run = try CommandRun(["--experimental-dump-help"])
    return try JSONDecoder().decode(Dump.self, from: Data(run.standardOutput.utf8))
  }

  static let commands = Result { try dump.get().command.subcommands?.map(\.commandName) ?? [] }

  /// Options that take a value, but not one of a list, by their long names.
  static func numeric(of command: String) throws -> [String] {
    let found = try dump.get().command.subcommands?.first { $0.commandName == command }
    let words: Set = [
      "output", "poses", "noise-model", "preview", "star", "plot", "selection", "model", "assembly",
      "write-results",
      "shard",
    ]
    return (found?.arguments ?? []).filter { $0.kind == "option" && ($0.allValues ?? []).isEmpty }
      .compactMap { argument in argument.names?.first { $0.kind == "long" }?.name }
      .filter { !words.contains($0) }
  }

  /// Long names without dashes.
  static func of(_ command: String) throws -> [String] {
    let found = try dump.get().command.subcommands?.first { $0.commandName == command }
    return (found?.arguments ?? []).filter { $0.kind != "positional" }.compactMap { argument in
      argument.names?.first { $0.kind == "long" }?.name
    }
  }
}
