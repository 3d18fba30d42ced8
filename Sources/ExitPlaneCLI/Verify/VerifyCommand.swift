import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Run a folder of reference cases and say how closely each holds.",
    discussion: """
      The folder holds cases.json and the files it names. The error of a case is the largest absolute \
      difference over the largest absolute value expected. In double precision each case states its \
      tolerance; in single precision it is 2e-5.

      Example:
        exitplane verify reference --precision single
      """)

  @Argument(help: "The folder with cases.json.")
  var folder: String

  @Option(help: "The precision: single or double.")
  var precision = Precision.double

  @Option(help: "Write what was computed below this folder, under the expected arrays' names.")
  var writeResults: String?

  func run() throws {
    let folder = try ReferenceFolder(path: folder)
    if let writeResults { try prepareResults(of: folder, in: writeResults) }
    var counts: [Verdict.Outcome: Int] = [:]
    for reference in folder.cases {
      let verdict =
        switch precision {
        case .single: try judge(reference, ReferenceMethods<Float>(folder: folder))
        case .double: try judge(reference, ReferenceMethods<Double>(folder: folder))
        }
      counts[verdict.outcome, default: 0] += 1
      show("\(verdict.outcome.rawValue.padded(to: 13)) \(reference.name): \(verdict.detail)")
    }
    let (held, failed, unsupported) = (
      counts[.holds, default: 0], counts[.fails, default: 0], counts[.unsupported, default: 0]
    )
    show(
      "\(folder.cases.count) cases in \(precision.rawValue) precision: \(held) hold, \(failed) fail, "
        + "\(unsupported) not supported")
    if failed + unsupported > 0 { throw ExitCode.failure }
  }

  /// Makes the folders of the results, once it is clear that these stay within theirs and replace none of the cases'
  /// own files.
  private func prepareResults(of folder: ReferenceFolder, in results: String) throws {
    guard !results.isEmpty else {
      throw ExitPlaneError(.unwritableFile, "--write-results is empty; name a folder")
    }
    for reference in folder.cases {
      let file = reference.expected.file
      guard
        file.split(separator: "/", omittingEmptySubsequences: false).allSatisfy({
          !["", ".", ".."].contains($0)
        })
      else {
        throw ExitPlaneError.file(
          "\(folder.path)/cases.json", found: "the expected array of \(reference.name) is in '\(file)'",
          need: "need a path within the folder to write results")
      }
    }
    // Cases may share an expected array.
    let outputs = Set(folder.cases.map { "\(results)/\($0.expected.file)" }).sorted()
    for output in outputs { try makeFolders(above: output) }
    let inputs =
      folder.cases.flatMap { [$0.expected.file, $0.volume?.file].compactMap { $0 } } + ["cases.json"]
    try requireSeparateFiles(outputs: outputs, inputs: inputs.map(folder.file))
  }

  private struct Verdict {
    enum Outcome: String {
      case holds
      case fails
      case unsupported = "not supported"
    }
    let outcome: Outcome
    let detail: String
  }

  private func judge<Scalar>(
    _ reference: ReferenceCase, _ methods: ReferenceMethods<Scalar>
  ) throws -> Verdict {
    let result: ReferenceResult
    do {
      result = try methods.run(reference)
    } catch let error as ExitPlaneError {
      return Verdict(outcome: error.kind == .unsupported ? .unsupported : .fails, detail: error.description)
    }
    let expected = try methods.folder.readExpected(reference.expected)
    if let writeResults {
      try writeFileAtomically(
        "\(writeResults)/\(reference.expected.file)",
        result.values.flatMap { value in
          (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
        })
    }
    guard result.shape == reference.expected.shape, result.isComplex == reference.expected.isComplex else {
      return Verdict(
        outcome: .fails,
        detail: "shape \(result.shape) of \(result.isComplex ? "complex" : "real") numbers; expected "
          + "\(reference.expected.shape) of \(reference.expected.isComplex ? "complex" : "real") numbers")
    }
    let error = largestError(result.values, expected, isComplex: result.isComplex)
    let tolerance =
      precision == .single
      ? max(2e-5, reference.maxAbsErrorOverMaxAbs) : reference.maxAbsErrorOverMaxAbs
    return Verdict(
      outcome: error <= tolerance ? .holds : .fails,
      detail: "error \(scientific(error)), tolerance \(scientific(tolerance))")
  }

  /// The largest difference over the largest value expected, moduli of complex numbers.
  private func largestError(_ got: [Double], _ want: [Double], isComplex: Bool) -> Double {
    let step = isComplex ? 2 : 1
    var (difference, peak) = (0.0, 0.0)
    for i in stride(from: 0, to: want.count, by: step) {
      let d = (i..<i + step).reduce(0) { $0 + (got[$1] - want[$1]) * (got[$1] - want[$1]) }.squareRoot()
      let p = (i..<i + step).reduce(0) { $0 + want[$1] * want[$1] }.squareRoot()
      // A result that is no number must not pass for a small difference.
      difference = d.isNaN ? .infinity : max(difference, d)
      peak = max(peak, p)
    }
    return peak > 0 ? difference / peak : difference
  }
}
