import Foundation
import Oracles
import Testing

@Suite("exitplane verify")
struct VerifyCommandTests {

  @Test(
    "all reference cases hold",
    .enabled(if: ReferenceCases.areHere, "no ../shared/reference"), arguments: ["single", "double"])
  func reference(precision: String) throws {
    let scratch = try ScratchFolder()
    let run = try CommandRun(
      [
        "verify", ReferenceCases.folder.path, "--precision", precision, "--write-results",
        scratch["results"],
      ])
    let lines = run.standardOutput.split(separator: "\n")
    #expect(run.status == 0)
    let failing = lines.dropLast().filter { !$0.hasPrefix("holds") }
    #expect(lines.count > 100 && failing.isEmpty, "\(failing)")
    #expect(FileManager.default.fileExists(atPath: scratch["results/data/000.f64"]))
  }

  @Test("a wrong expectation fails, and so does a case that is not supported")
  func failing() throws {
    let folder = try ScratchFolder()
    func expected(_ name: String, _ values: [Double]) throws {
      try folder.write(
        name, values.flatMap { v in (0..<8).map { UInt8(truncatingIfNeeded: v.bitPattern >> (8 * $0)) } })
    }
    try expected("right.f64", [0, -1, 0, 1, 0, 0, 0, 0, 1])
    try expected("wrong.f64", [0, 1, 0, -1, 0, 0, 0, 0, 1])
    func listing(_ file: String, method: String = "EulerAnglePose", shape: String = "[1, 3, 3]") -> String {
      """
      {"cases": [{"name": "quarter turn", "method": "\(method)", "phi_theta_psi_degrees": [[90, 0, 0]],
        "expected": {"file": "\(file)", "shape": \(shape), "dtype": "float64"},
        "max_abs_error_over_max_abs": 1e-12}]}
      """
    }
    try folder.write("cases.json", listing("right.f64"))
    #expect(try CommandRun(["verify", folder.path]).status == 0)
    try folder.write("cases.json", listing("wrong.f64"))
    let wrong = try CommandRun(["verify", folder.path])
    #expect(wrong.status == 1 && wrong.standardOutput.contains("fails"))
    try folder.write("cases.json", listing("right.f64", method: "Tomography"))
    let unsupported = try CommandRun(["verify", folder.path])
    #expect(unsupported.status == 1 && unsupported.standardOutput.contains("not supported"))
    try folder.write("cases.json", listing("right.f64", shape: "[3, 3]"))
    #expect(try CommandRun(["verify", folder.path]).status == 1)
    try folder.write("cases.json", listing("missing.f64"))
    #expect(try CommandRun(["verify", folder.path]).standardError.contains("missing.f64"))
    try folder.write("cases.json", "[")
    #expect(try CommandRun(["verify", folder.path]).standardError.contains("cases.json"))
  }

  // MARK: Gradients

  /// A folder with one case: a Gaussian of amplitude 3 and variance 2 Å², 0.5 Å beside the pixel at whose place g is 1.
  private func gradientFolder(
    method: String = "GaussianMixtureProjection", options: String = #"{"use_error_functions": false}"#,
    changing changes: [(String, String)] = []
  ) throws -> ScratchFolder {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder["out"], withIntermediateDirectories: false)
    func array(_ name: String, _ shape: [Int], _ values: [Double]) throws -> String {
      try folder.write(
        name, values.flatMap { v in (0..<8).map { UInt8(truncatingIfNeeded: v.bitPattern >> (8 * $0)) } })
      return #"{"file": "\#(name)", "shape": \#(shape), "dtype": "float64"}"#
    }
    var g = [Double](repeating: 0, count: 64)
    g[4 * 8 + 4] = 1
    let value = 3 / (4 * Double.pi) * exp(-0.0625)
    let image = (0..<64).map { index in
      let (x, y) = (Double(index % 8) - 4.5, Double(index / 8) - 4)
      return 3 / (4 * Double.pi) * exp(-(x * x + y * y) / 4)
    }
    var text = """
      {"cases": [{"name": "a Gaussian", "method": "\(method)", "options": \(options), "tolerance": 1e-10,
        "rotation_matrix": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "shift_in_angstroms": [0.5, 0],
        "image_plane": {"shape": [8, 8], "pixel_size": 1},
        "inputs": {"positions": \(try array("x.f64", [1, 3], [0, 0, 0])),
          "amplitudes": \(try array("a.f64", [1, 1], [3])), "variances": \(try array("v.f64", [1, 1], [2]))},
        "cotangent": \(try array("g.f64", [8, 8], g)), "image": \(try array("out/p.f64", [8, 8], image)),
        "expected": {"positions": \(try array("out/dx.f64", [1, 3], [-value / 4, 0, 0])),
          "amplitudes": \(try array("out/da.f64", [1, 1], [value / 3])),
          "variances": \(try array("out/dv.f64", [1, 1], [value * (0.25 / 8 - 0.5)])),
          "rotation": \(try array("out/r.f64", [3], [0, 0, 0])),
          "shift": \(try array("out/t.f64", [2], [-value / 4, 0]))}}]}
      """
    for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
    try folder.write("gradients.json", text)
    return folder
  }

  /// Of these the file's definitions hold one of an even grid's two planes at Nyquist, where Docs/Conventions.md holds
  /// both, and cotangents reach those: Docs/Decisions/ has the numbers.
  private static let casesOfOneNyquistPlane: Set<String> = [
    "FourierSliceExtraction/linear/box-20/pad-1.5/volume/20x20",
    "FourierSliceExtraction/cubic/box-20/pad-1.0/volume/20x20",
    "FourierSliceExtraction/cubic/box-20/pad-1.0/image/20x25",
  ]

  @Test(
    "all reference gradients hold but those of one plane at Nyquist",
    .enabled(if: ReferenceCases.gradientsAreHere, "no ../shared/gradients"), arguments: ["single", "double"])
  func gradients(precision: String) throws {
    let scratch = try ScratchFolder()
    let run = try CommandRun(
      [
        "verify", ReferenceCases.gradients.path, "--precision", precision, "--write-results",
        scratch["results"],
      ])
    let lines = run.standardOutput.split(separator: "\n")
    let failing = lines.dropLast().filter { !$0.hasPrefix("holds") }
    #expect(lines.count == 31)
    #expect(
      Set(failing.compactMap { $0.split(separator: " ").dropFirst().first?.dropLast() }.map(String.init))
        == Self.casesOfOneNyquistPlane, "\(failing)")
    // The image and the gradients of the first case, not its inputs.
    #expect(
      try scratch.contents(of: "results/data").isSuperset(of: ["002.f64", "003.f64", "004.f64", "005.f64"]))
    #expect(try scratch.contents(of: "results/data").isDisjoint(with: ["000.f64", "001.f64"]))
  }

  @Test("the gradient that is farthest off is named")
  func wrongGradient() throws {
    let folder = try gradientFolder()
    let right = try CommandRun(["verify", folder.path, "--write-results", folder["results"]])
    #expect(right.status == 0 && right.standardOutput.hasPrefix("holds         a Gaussian: error "))
    #expect(
      try folder.contents(of: "results/out") == ["p.f64", "dx.f64", "da.f64", "dv.f64", "r.f64", "t.f64"])
    for (name, file) in [("amplitudes", "da"), ("shift", "t")] {
      let folder = try gradientFolder()
      let path = "out/\(file).f64"
      try folder.write(path, Array(Data(contentsOf: URL(fileURLWithPath: folder[path])).reversed()))
      let wrong = try CommandRun(["verify", folder.path])
      #expect(wrong.status == 1 && wrong.standardOutput.hasPrefix("fails         a Gaussian: error "))
      #expect(wrong.standardOutput.contains(" (\(name)), tolerance 1.0e-10"), "\(wrong.standardOutput)")
    }
    let other = try gradientFolder(changing: [
      (#""amplitudes": {"file": "out"#, #""occupancies": {"file": "out"#)
    ])
    let unknown = try CommandRun(["verify", other.path])
    #expect(
      unknown.standardOutput.contains("not supported a Gaussian: a gradient with respect to occupancies"))
  }

  @Test("what is wrong with gradients.json is said with its place")
  func brokenGradients() throws {
    for (old, new, words) in [
      (#""cases": ["#, #""cases": [,"#, "not a list of reference cases"),
      (#""cases""#, #""case""#, "cases is missing"),
      (#""tolerance": 1e-10,"#, "", "cases[0].tolerance is missing"),
      (#""shape": [8, 8], "pixel_size": 1"#, #""shape": "8", "pixel_size": 1"#, "cases[0].imagePlane.shape"),
      (#""g.f64", "shape""#, #""g.f64", "shapes""#, "cases[0].cotangent.shape is missing"),
    ] {
      let folder = try gradientFolder(changing: [(old, new)])
      let run = try CommandRun(["verify", folder.path])
      #expect(run.status == 1 && run.standardOutput.isEmpty, "\(run.standardOutput)")
      #expect(run.standardError.split(separator: "\n").count == 1, "\(run.standardError)")
      for text in ["gradients.json", words] {
        #expect(run.standardError.contains(text), "\(run.standardError)")
      }
    }
    let empty = try ScratchFolder()
    #expect(try CommandRun(["verify", empty.path]).standardError.contains("cases.json: no such file"))
    let folder = try gradientFolder(changing: [("out/r.f64", "../r.f64")])
    let escaping = try CommandRun(["verify", folder.path, "--write-results", folder["results"]])
    #expect(escaping.status == 1 && escaping.standardError.contains("gradients.json"))
    #expect(escaping.standardError.contains("'../r.f64'"), "\(escaping.standardError)")
    #expect(try CommandRun(["verify", folder.path, "--write-results", folder.path]).status == 1)
  }

  @Test("a method or an option that there is not is not supported")
  func unsupportedGradients() throws {
    for (method, options, words) in [
      ("Tomography", "{}", "method Tomography"),
      ("GaussianMixtureProjection", #"{"made_up": 1}"#, "option made_up"),
      ("FourierSliceExtraction", #"{"interpolation": "quintic"}"#, "interpolation quintic"),
    ] {
      let folder = try gradientFolder(method: method, options: options)
      let run = try CommandRun(["verify", folder.path])
      #expect(run.status == 1 && run.standardOutput.hasPrefix("not supported a Gaussian: \(words)"))
    }
    let folder = try gradientFolder(changing: [
      (#""voxel_size""#, ""), (#""inputs": {"positions""#, #""inputs": {"p""#),
    ])
    let lacking = try CommandRun(["verify", folder.path])
    #expect(lacking.standardOutput.contains("fails"), "\(lacking.standardOutput)")
    #expect(lacking.standardOutput.contains("gradients.json: a Gaussian has no `inputs.positions`"))
  }
}
