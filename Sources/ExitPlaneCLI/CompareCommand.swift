import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say to which resolution two maps, or two stacks of images, agree.",
    discussion: """
      Two cubic maps are compared by Fourier shell correlation, two stacks image by image by Fourier ring \
      correlation: each ring's products and powers are summed over all pairs of images, then divided. Prints \
      the curve and where it first falls below 0.5 and 0.143.

      Example:
        exitplane compare half1.mrc half2.mrc --star fsc.star --plot fsc.png
      """)

  @Argument(help: "A map or a stack (MRC).")
  var first: String

  @Argument(help: "Another of the same kind, shape and pixel size.")
  var second: String

  @Option(help: "Write the curve as a STAR file, its columns named as RELION names them.")
  var star: String?

  @Option(help: "Write a plot of the curve as a PNG file.")
  var plot: String?

  @Option(
    name: [.customLong("pixel-size"), .customLong("voxel-size")], parsing: .unconditional,
    help: "The images' pixel size, or the maps' voxel size, in Å, in place of the files' own.")
  var pixelSize: Double?

  @OptionGroup(title: "Running")
  var running: RunningOptions

  func run() throws {
    installInterruptHandler()
    try requireFiles([first, second])
    try requireSeparateFiles(outputs: [star, plot].compactMap { $0 }, inputs: [first, second])
    if let pixelSize { try PlausibleRange.pixelSize("--pixel-size").require(pixelSize) }
    let files = (try MRCFile(path: first), try MRCFile(path: second))
    guard files.0.isStack == files.1.isStack else {
      let (stack, map) = files.0.isStack ? (first, second) : (second, first)
      throw ExitPlaneError.mismatch("\(stack) is a stack and \(map) a volume", "compare like with like")
    }
    let curve =
      switch running.precision {
      case .single: try correlation(files.0, files.1, Float.self)
      case .double: try correlation(files.0, files.1, Double.self)
      }
    let name = files.0.isStack ? "ring" : "shell"
    if let star { try writeFileAtomically(star, starFile(of: curve)) }
    if let plot {
      try writeFileAtomically(plot, CorrelationPlot(curve, title: "Fourier \(name) correlation").png())
    }
    printTable(curve, name: name)
  }

  private func correlation<Scalar: GridScalar>(
    _ a: MRCFile, _ b: MRCFile, _: Scalar.Type
  ) throws -> FourierCorrelation {
    let size = try commonPixelSize(a, b)
    guard a.isStack else {
      return try .ofMaps(
        a.readVolume(as: Scalar.self, voxelSizeInAngstroms: size),
        b.readVolume(as: Scalar.self, voxelSizeInAngstroms: size), threads: running.threads)
    }
    guard a.shape == b.shape, a.imageCount == b.imageCount else {
      throw ExitPlaneError.mismatch(
        "\(first) has \(a.imageCount) images of \(a.shape), \(second) \(b.imageCount) of \(b.shape)",
        "stacks of as many images of one shape can be compared")
    }
    return try .ofImages(
      count: a.imageCount, shape: a.shape, pixelSizeInAngstroms: size, threads: running.threads,
      { try a.readImage($0, as: Scalar.self) }, { try b.readImage($0) })
  }

  private func commonPixelSize(_ a: MRCFile, _ b: MRCFile) throws -> Double {
    if let pixelSize { return pixelSize }
    guard let sizeA = try a.voxelSizeInAngstroms, let sizeB = try b.voxelSizeInAngstroms else {
      throw ExitPlaneError.mismatch(
        "\(first) or \(second) gives no pixel size", "state the one of both with --pixel-size")
    }
    try FourierCorrelation.requireEqualSampling(sizeA, sizeB)
    return sizeA
  }

  private func printTable(_ curve: FourierCorrelation, name: String) {
    show("\(name)  frequency (1/Å)  resolution (Å)  correlation       count")
    for shell in curve.shells {
      let frequency = shell.frequencyInInverseAngstroms
      let columns = [
        ("\(shell.index)", name.count), (rounded(frequency, places: 5), 15),
        (frequency > 0 ? rounded(1 / frequency, places: 3) : "-", 14),
        (rounded(shell.correlation, places: 6), 11), ("\(shell.count)", 10),
      ]
      show(columns.map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined(separator: "  "))
    }
    show()
    for threshold in [0.5, 0.143] {
      let found =
        switch curve.resolution(at: threshold) {
        case .at(let resolution): "\(rounded(resolution, places: 3)) Å"
        case .never(let last): "never below it, to \(rounded(last, places: 3)) Å"
        case .always: "below it from the first \(name)"
        }
      show("resolution at \(threshold): \(found)")
    }
  }

  private func starFile(of curve: FourierCorrelation) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var writer = STARWriter { bytes.append(contentsOf: $0) }
    try writer.beginBlock("fsc")
    try writer.beginLoop([
      "rlnSpectralIndex", "rlnResolution", "rlnAngstromResolution", "rlnFourierShellCorrelation",
    ])
    for shell in curve.shells {
      let frequency = shell.frequencyInInverseAngstroms
      writer.append(shell.index)
      try writer.append(frequency)
      // RELION's own stand-in for the resolution of zero frequency.
      try writer.append(frequency > 0 ? 1 / frequency : 999)
      try writer.append(shell.correlation)
      try writer.endRow()
    }
    try writer.endBlock()
    try writer.finish()
    return bytes
  }
}
