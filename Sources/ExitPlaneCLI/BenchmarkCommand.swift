import ArgumentParser
import Dispatch
import ExitPlane

struct BenchmarkCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "benchmark",
    abstract: "Measure milliseconds a projection for a named workload.",
    discussion: """
      Plans and volumes are prepared beforehand; images are computed in real space and not written. The time \
      is the best of several repeats over random poses.

      Workloads: \(BenchmarkWorkload.all.map(\.name).joined(separator: ", ")).
      """)

  @Argument(help: "The workload, or 'all'.")
  var workload: String

  @Option(help: "Threads to use.")
  var threads = availableProcessors

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
    for workload in workloads {
      let milliseconds =
        switch precision {
        case .single: try workload.run(Float.self, threads: threads)
        case .double: try workload.run(Double.self, threads: threads)
        }
      if json {
        print(
          """
          {"workload":"\(workload.name)","milliseconds_per_projection":\(milliseconds),\
          "threads":\(threads),"precision":"\(precision.rawValue)","machine":"\(machineDescription())"}
          """)
      } else {
        print("\(workload.name): \(rounded(milliseconds, places: 4)) ms a projection on \(threads) threads")
      }
    }
  }
}

/// A measurement by name, in either precision.
struct BenchmarkWorkload: Sendable {
  let name: String
  private let single: @Sendable (_ threads: Int) throws -> Double
  private let double: @Sendable (_ threads: Int) throws -> Double

  func run<Scalar: GridScalar>(_: Scalar.Type, threads: Int) throws -> Double {
    Scalar.self == Float.self ? try single(threads) : try double(threads)
  }

  static func named(_ name: String) -> BenchmarkWorkload? { all.first { $0.name == name } }

  static let all: [BenchmarkWorkload] =
    [128, 256, 384].map { box in
      BenchmarkWorkload(
        name: "slice-linear-\(box)",
        single: { try sliceLinear(box: box, Float.self, threads: $0) },
        double: { try sliceLinear(box: box, Double.self, threads: $0) })
    }
    + [128, 256, 384].map { box in
      BenchmarkWorkload(
        name: "inverse-fft-\(box)",
        single: { try inverseFFT(box: box, Float.self, threads: $0) },
        double: { try inverseFFT(box: box, Double.self, threads: $0) })
    }

  private static func sliceLinear<Scalar: GridScalar>(
    box: Int, _: Scalar.Type, threads: Int
  ) throws -> Double {
    let volume = try FourierVoxelGridVolume(syntheticMap(box: box, as: Scalar.self), threads: threads)
    let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
    let plan = try FourierSliceExtraction().makePlan(for: volume, onto: plane)
    return try time(plan, threads: threads)
  }

  private static func inverseFFT<Scalar: GridScalar>(
    box: Int, _: Scalar.Type, threads: Int
  ) throws -> Double {
    let shape = try GridShape(square: box)
    return try bestMilliseconds(count: 400) { count in
      try timeInverseFFTs(of: shape, count: count, threads: threads, as: Scalar.self)
    }
  }

  private static func time<Plan: RealImagePlan>(_ plan: Plan, threads: Int) throws -> Double {
    try bestMilliseconds(count: 400) { count in
      try plan.projectEach(
        count: count, threads: threads,
        pose: { Pose(rotation: .random(seed: 1, index: $0)) }, consume: { _, _ in })
    }
  }

  /// The best of nine repeats after one that warms caches, over about as many items as asked.
  private static func bestMilliseconds(count: Int, _ body: (_ count: Int) throws -> Void) throws -> Double {
    func run(_ count: Int) throws -> Double {
      let start = DispatchTime.now().uptimeNanoseconds
      try body(count)
      return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e6 / Double(count)
    }
    // Slow workloads get fewer items: a repeat takes half a second at the most, but four items at least.
    let first = try run(min(count, 8))
    let items = max(4, min(count, Int(500 / max(first, 1e-3))))
    _ = try run(items)
    return try (0..<9).map { _ in try run(items) }.min() ?? first
  }

  /// A map that is no special case: blobs of several widths off the centre, rough enough to fill the
  /// transform.
  private static func syntheticMap<Scalar: GridScalar>(
    box: Int, as _: Scalar.Type
  ) throws -> RealVoxelGridVolume<Scalar> {
    var values = [Scalar](repeating: 0, count: box * box * box)
    var state: UInt64 = 88_172_645_463_325_252
    for index in values.indices {
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      values[index] = Scalar(Double(state >> 11) * 0x1p-53)
    }
    return try RealVoxelGridVolume(
      depth: box, rows: box, columns: box, voxelSizeInAngstroms: 1, values: values)
  }
}
