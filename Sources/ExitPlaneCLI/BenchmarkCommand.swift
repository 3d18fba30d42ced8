import ArgumentParser
import Dispatch
import ExitPlane
import ExitPlaneIO

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure milliseconds a projection for a named workload.",
    discussion: """
      Plans and volumes are prepared beforehand; images are computed in real space and not written. The time \
      is the best of several repeats over random poses.

      Example:
        exitplane benchmark slice-cubic-256 --threads 1 --json

      Workloads: \(BenchmarkWorkload.all.map(\.name).joined(separator: ", ")).
      """)

  @Argument(help: "The workload, or 'all'.")
  var workload: String

  @Option(parsing: .unconditional, help: "Threads to use.")
  var threads = availableProcessors

  @Option(parsing: .unconditional, help: "The padding of linear and cubic slices. (default: 1)")
  var padScale: Double?

  @Option(parsing: .unconditional, help: "The accuracy of exact slices. (default: 1e-3)")
  var accuracy: Double?

  @Option(help: "The precision: single or double.")
  var precision = Precision.single

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    guard (1...1024).contains(threads) else {
      throw ValidationError("--threads is \(threads); it must be 1 to 1024")
    }
    guard workload == "all" || BenchmarkWorkload.named(workload) != nil else {
      let names = BenchmarkWorkload.all.map(\.name).joined(separator: ", ")
      throw ValidationError("there is no workload '\(workload)'; there are: \(names), all")
    }
  }

  func run() throws {
    let workloads = BenchmarkWorkload.named(workload).map { [$0] } ?? BenchmarkWorkload.all
    try [
      OptionUse(
        "--pad-scale", given: padScale != nil, used: workloads.contains { $0.single.usesPadding },
        for: "linear and cubic slices"),
      OptionUse(
        "--accuracy", given: accuracy != nil, used: workloads.contains { $0.single.usesAccuracy },
        for: "exact slices"),
    ].requireEffect("\(workload) makes none")
    let setting = SliceSetting(padScale: padScale ?? 1, accuracy: accuracy ?? 1e-3)
    for workload in workloads {
      let milliseconds =
        switch precision {
        case .single: try workload.single.milliseconds(threads, setting)
        case .double: try workload.double.milliseconds(threads, setting)
        }
      if json {
        show(
          """
          {"workload":"\(workload.name)","milliseconds_per_projection":\(milliseconds),\
          "threads":\(threads),"precision":"\(precision.rawValue)","machine":"\(machineDescription())"}
          """)
      } else {
        show("\(workload.name): \(rounded(milliseconds, places: 4)) ms a projection on \(threads) threads")
      }
    }
  }
}
