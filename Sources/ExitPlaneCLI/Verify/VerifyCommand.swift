import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Run a folder of reference cases and say how closely each holds.",
    discussion: """
      The folder holds cases.json, gradients.json or both, and the files they name. The error of a case is the \
      largest absolute difference over the largest absolute value expected, for gradients that of the array which is \
      farthest off. In double precision each case states its tolerance; in single precision it is at least 2e-5, for \
      gradients 1e-4.

      Example:
        exitplane verify reference --precision single
      """)

  @Argument(help: "The folder with cases.json or gradients.json.")
  var folder: String

  @Option(help: "The precision: single or double.")
  var precision = Precision.double

  @Option(help: "Write what was computed below this folder, under the expected arrays' names.")
  var writeResults: String?

  func run() throws {
    let folder = try ReferenceFolder(path: folder)
    let judge = ReferenceJudge(folder: folder, resultsPath: writeResults)
    if let writeResults { try prepareResults(of: folder, in: writeResults) }
    var counts: [ReferenceJudge.Outcome: Int] = [:]
    func tell(_ name: String, _ verdict: ReferenceJudge.Verdict) {
      counts[verdict.outcome, default: 0] += 1
      show("\(verdict.outcome.rawValue.padded(to: 13)) \(name): \(verdict.detail)")
    }
    for reference in folder.cases {
      let tolerance = reference.maxAbsErrorOverMaxAbs
      tell(
        reference.name,
        try precision == .single
          ? judge.verdict(on: reference.expected, tolerance: max(2e-5, tolerance)) {
            try ReferenceMethods<Float>(folder: folder).run(reference)
          }
          : judge.verdict(on: reference.expected, tolerance: tolerance) {
            try ReferenceMethods<Double>(folder: folder).run(reference)
          })
    }
    for gradient in folder.gradients {
      tell(
        gradient.name,
        try precision == .single
          ? judge.verdict(on: gradient, tolerance: max(1e-4, gradient.tolerance)) {
            try GradientMethods<Float>(folder: folder).run(gradient)
          }
          : judge.verdict(on: gradient, tolerance: gradient.tolerance) {
            try GradientMethods<Double>(folder: folder).run(gradient)
          })
    }
    let (held, failed, unsupported) = (
      counts[.holds, default: 0], counts[.fails, default: 0], counts[.unsupported, default: 0]
    )
    show(
      "\(held + failed + unsupported) cases in \(precision.rawValue) precision: \(held) hold, \(failed) fail, "
        + "\(unsupported) not supported")
    if failed + unsupported > 0 { throw ExitCode.failure }
  }

  /// Makes the folders of the results, once it is clear that these stay within theirs and replace none of the cases'
  /// own files.
  private func prepareResults(of folder: ReferenceFolder, in results: String) throws {
    guard !results.isEmpty else {
      throw ExitPlaneError(.unwritableFile, "--write-results is empty; name a folder")
    }
    let files = folder.files
    for (listing, name, file) in files.outputs {
      guard
        file.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({
          !["", ".", ".."].contains($0)
        })
      else {
        throw ExitPlaneError.file(
          folder.file(listing), found: "the expected array of \(name) is in '\(file)'",
          need: "need a path within the folder to write results")
      }
    }
    // Cases may share an expected array.
    let outputs = Set(files.outputs.map { "\(results)/\($0.file)" }).sorted()
    for output in outputs { try makeFolders(above: output) }
    try requireSeparateFiles(outputs: outputs, inputs: files.inputs.map(folder.file))
  }
}
