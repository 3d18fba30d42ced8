import Foundation
import Testing

/// The folder of reference cases beside the repository, where there is one.
let referenceFolder: String? = {
  let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  let path = root.deletingLastPathComponent().appendingPathComponent("shared/reference").path
  return FileManager.default.fileExists(atPath: path + "/cases.json") ? path : nil
}()

@Suite("exitplane verify")
struct VerifyCommandTests {

  @Test(
    "all reference cases hold",
    .enabled(if: referenceFolder != nil, "no ../shared/reference"), arguments: ["single", "double"])
  func reference(precision: String) throws {
    let scratch = try ScratchFolder()
    let run = try CommandRun(
      [
        "verify", try #require(referenceFolder), "--precision", precision, "--write-results",
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
}
