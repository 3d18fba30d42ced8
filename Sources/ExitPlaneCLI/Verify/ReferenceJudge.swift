import ExitPlane
import ExitPlaneIO

/// Compares what cases compute with what they expect, and writes it where results are wanted.
struct ReferenceJudge {
  enum Outcome: String {
    case holds
    case fails
    case unsupported = "not supported"
  }

  struct Verdict {
    let outcome: Outcome
    let detail: String

    init(_ outcome: Outcome, _ detail: String) {
      self.outcome = outcome
      self.detail = detail
    }

    /// - Parameter worst: the array that is farthest off, where there are several.
    init(error: Double, tolerance: Double, worst: String? = nil) {
      let place = worst.map { " (\($0))" } ?? ""
      self.init(
        error <= tolerance ? .holds : .fails,
        "error \(scientific(error))\(place), tolerance \(scientific(tolerance))")
    }
  }

  let folder: ReferenceFolder
  /// The folder for results; nil for none.
  let resultsPath: String?

  /// - Throws: what reading the expected array and writing the result throw.
  func verdict(
    on expected: StoredArray, tolerance: Double, of run: () throws -> ReferenceResult
  ) throws -> Verdict {
    try supported(run) { result in
      let want = try folder.read(expected)
      try write(result, as: expected)
      if let difference = difference(of: result, from: expected) { return Verdict(.fails, difference) }
      return Verdict(
        error: largestError(result.values, want, isComplex: result.isComplex), tolerance: tolerance)
    }
  }

  /// - Throws: what reading the expected arrays and writing the results throw.
  func verdict(
    on gradient: GradientCase, tolerance: Double, of run: () throws -> GradientResult
  ) throws -> Verdict {
    try supported(run) { result in
      if let image = gradient.image { try write(result.image, as: image) }
      var (error, worst) = (0.0, "")
      for (name, expected) in gradient.expected.sorted(by: { $0.key < $1.key }) {
        guard let got = result.gradients[name] else {
          return Verdict(.unsupported, "a gradient with respect to \(name) is not supported")
        }
        let want = try folder.read(expected)
        try write(got, as: expected)
        if let difference = difference(of: got, from: expected) {
          return Verdict(.fails, "\(name) is of \(difference)")
        }
        let off = largestError(got.values, want, isComplex: got.isComplex)
        if off >= error { (error, worst) = (off, name) }
      }
      return Verdict(error: error, tolerance: tolerance, worst: worst)
    }
  }

  private func supported<Result>(
    _ run: () throws -> Result, _ body: (Result) throws -> Verdict
  ) throws -> Verdict {
    let result: Result
    do {
      result = try run()
    } catch let error as ExitPlaneError {
      return Verdict(error.kind == .unsupported ? .unsupported : .fails, error.description)
    }
    return try body(result)
  }

  private func write(_ result: ReferenceResult, as expected: StoredArray) throws {
    guard let resultsPath else { return }
    try writeFileAtomically("\(resultsPath)/\(expected.file)", result.values.littleEndianBytes)
  }

  /// In words, where shapes or kinds of numbers differ.
  private func difference(of result: ReferenceResult, from expected: StoredArray) -> String? {
    func words(_ shape: [Int], _ isComplex: Bool) -> String {
      "\(shape) of \(isComplex ? "complex" : "real") numbers"
    }
    guard result.shape != expected.shape || result.isComplex != expected.isComplex else { return nil }
    return
      "shape \(words(result.shape, result.isComplex)); expected \(words(expected.shape, expected.isComplex))"
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
