import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct CompareCommand: TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare",
    abstract: "Say to which resolution two maps, or two stacks of images, agree.",
    discussion: """
      Two cubic maps are compared by Fourier shell correlation, two stacks image by image by Fourier ring \
      correlation: each ring's products and powers are summed over all pairs of images, then divided. Prints \
      the curve and where it first falls below 0.5 and 0.143.

      With --mask both maps, or all images, are multiplied by it first. What a mask with sharp edges adds to both \
      sides correlates too: use a soft one.

      Examples:
        exitplane compare half1.mrc half2.mrc --star fsc.star --plot fsc.png
        exitplane compare half1.mrc half2.mrc --mask mask.mrc --json
      """)

  @Argument(help: "A map or a stack (MRC).")
  var first: String

  @Argument(help: "Another of the same kind, shape and pixel size.")
  var second: String

  @Option(
    help: "A mask of the same shape and pixel size, within 0 to 1: a map for maps, one image for stacks.")
  var mask: String?

  @Flag(help: "Print one JSON object instead of the table; Docs/JSON.md says what is in it.")
  var json = false

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

  @OptionGroup(title: "Running")
  var talk: TalkOptions

  func run() throws {
    try requireFiles([first, second, mask])
    try requireSeparateFiles(
      outputs: [star, plot].compactMap { $0 }, inputs: [first, second, mask].compactMap { $0 })
    if let pixelSize { try PlausibleRange.pixelSize("--pixel-size").require(pixelSize) }
    let files = (try MRCFile(path: first), try MRCFile(path: second))
    guard files.0.isStack == files.1.isStack else {
      let (stack, map) = files.0.isStack ? (first, second) : (second, first)
      throw ExitPlaneError.mismatch("\(stack) is a stack and \(map) a volume", "compare like with like")
    }
    let report =
      switch running.precision {
      case .single: try report(files.0, files.1, Float.self)
      case .double: try report(files.0, files.1, Double.self)
      }
    if let star { try writeFileAtomically(star, report.starFile()) }
    if let plot {
      let title = "Fourier \(files.0.isStack ? "ring" : "shell") correlation"
      try writeFileAtomically(plot, CorrelationPlot(report.curve, title: title).png())
    }
    for line in json ? ["\(report.json)"] : report.lines { show(line) }
  }

  private func report<Scalar: GridScalar>(
    _ a: MRCFile, _ b: MRCFile, _: Scalar.Type
  ) throws -> CorrelationReport {
    let size = try commonPixelSize(a, b)
    let (rows, columns) = (a.shape.rows, a.shape.columns)
    return CorrelationReport(
      curve: a.isStack
        ? try ringCorrelation(a, b, pixelSize: size, Scalar.self)
        : try shellCorrelation(a, b, pixelSize: size, Scalar.self),
      files: [first, second], mask: mask, shape: a.isStack ? [rows, columns] : [a.depth, rows, columns],
      imageCount: a.isStack ? a.imageCount : nil, pixelSizeInAngstroms: size)
  }

  private func shellCorrelation<Scalar: GridScalar>(
    _ a: MRCFile, _ b: MRCFile, pixelSize size: Double, _: Scalar.Type
  ) throws -> FourierCorrelation {
    let maps = (
      try a.readVolume(as: Scalar.self, voxelSizeInAngstroms: size),
      try b.readVolume(as: Scalar.self, voxelSizeInAngstroms: size)
    )
    try requireCubic(maps.0, from: first)
    try requireCubic(maps.1, from: second)
    guard maps.0.columns == maps.1.columns else {
      throw ExitPlaneError.mismatch(
        "\(first) has \(maps.0.shapeDescription) voxels, \(second) \(maps.1.shapeDescription)",
        "maps of one shape can be compared: 'exitplane resize' makes them so")
    }
    guard let mask else { return try .ofMaps(maps.0, maps.1, threads: running.threads) }
    let file = try MRCFile(path: mask)
    let volume = try file.readVolume(
      as: Scalar.self, voxelSizeInAngstroms: try sizeOfMask(file, for: size))
    return try naming(mask) { try .ofMaps(maps.0, maps.1, mask: volume, threads: running.threads) }
  }

  private func ringCorrelation<Scalar: GridScalar>(
    _ a: MRCFile, _ b: MRCFile, pixelSize size: Double, _: Scalar.Type
  ) throws -> FourierCorrelation {
    guard a.shape == b.shape, a.imageCount == b.imageCount else {
      throw ExitPlaneError.mismatch(
        "\(first) has \(a.imageCount) images of \(a.shape), \(second) \(b.imageCount) of \(b.shape)",
        "stacks of as many images of one shape can be compared")
    }
    var image: RealImage<Scalar>?
    if let mask {
      let file = try MRCFile(path: mask)
      guard file.imageCount == 1 else {
        throw ExitPlaneError.mismatch(
          "\(mask) holds \(file.isStack ? "\(file.imageCount) images" : "a volume")",
          "a mask for stacks is one image")
      }
      try FourierCorrelation.requireEqualSampling(
        size, try sizeOfMask(file, for: size), of: "the stacks", and: mask)
      image = try file.readImage(0)
    }
    return try naming(mask) {
      try .ofImages(
        count: a.imageCount, shape: a.shape, pixelSizeInAngstroms: size, mask: image,
        threads: running.threads,
        { try a.readImage($0, as: Scalar.self) }, { try b.readImage($0) })
    }
  }

  /// Errors of values name the mask's file, which alone has any.
  private func naming<Result>(_ mask: String?, _ body: () throws -> Result) throws -> Result {
    do {
      return try body()
    } catch let error as ExitPlaneError where error.kind == .invalidValue && mask != nil {
      throw ExitPlaneError(error.kind, "\(mask ?? ""): \(error)")
    }
  }

  private func sizeOfMask(_ file: MRCFile, for size: Double) throws -> Double {
    if pixelSize != nil { return size }
    guard let stated = try file.voxelSizeInAngstroms else {
      throw ExitPlaneError.mismatch(
        "\(file.path) gives no pixel size", "state the one of all files with --pixel-size")
    }
    return stated
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
}
