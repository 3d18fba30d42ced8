import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct ResizeCommand: TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "resize",
    abstract: "Put a map or a stack of images into another box, by padding or cropping.",
    discussion: """
      The origin (sample n/2 of every axis) stays the origin, or --centre says which voxel of a map becomes it. \
      Samples are copied, never interpolated: the pixel size is what it was. A map stays where it was in space, so \
      that a model that fits the one fits the other: nstart and origin in the header move with the first voxel.

      Examples:
        exitplane resize map.mrc --box 256 --output map-256.mrc
        exitplane resize map.mrc --box 200 --centre mass --level 0.02 \\
          --output centred.mrc
        exitplane resize tomogram.mrc --box 96 --centre-voxel 512,230.5,140 \\
          --output ribosome.mrc
        exitplane resize particles.mrcs --box 128 --fill edge --output small.mrcs
      """)

  @Argument(help: "The map or the stack (MRC).")
  var input: String

  @Option(help: "The new side in voxels or pixels; or 'z,y,x' for a map, 'rows,columns' for images.")
  var box: ResizedBox

  @Option(name: [.short, .long], help: "The map or the stack to write.")
  var output: String

  @Option(
    help: """
      What becomes the origin: 'origin', the map's own; 'mass', the centre of mass of what is above --level; \
      'file', the point 0,0,0 of the frame in which the header's origin or nstart places the map; or a point \
      'x,y,z' of that frame in Å, as programs that show maps give it. The nearest voxel is taken. (default: origin)
      """)
  var centre: ResizingCentre?

  @Option(help: "The voxel that becomes the origin, as 'x,y,z' counted from 0.")
  var centreVoxel: PointArgument?

  @Option(help: "With --centre mass: only what is above this counts, by how much it is. (default: 0)")
  var level: Double?

  @Option(help: "What lies beyond the input: a number, or 'edge', the mean of the outermost samples.")
  var fill = FillArgument(fill: .value(0))

  @Option(
    name: [.customLong("voxel-size"), .customLong("pixel-size")],
    help: "The voxel or pixel size in Å, in place of the file's own.")
  var voxelSize: Double?

  @OptionGroup
  var talk: TalkOptions

  mutating func validate() throws {
    if centre != nil, centreVoxel != nil {
      throw ValidationError("give --centre or --centre-voxel, not both")
    }
    if let level {
      guard case .mass = centre else { throw ValidationError("--level is for --centre mass") }
      guard level.isFinite else { throw ValidationError("--level is \(level); it must be finite") }
    }
  }

  func run() throws {
    try requireSeparateFiles(outputs: [output], inputs: [input])
    let resizing = try makeResizing()
    let progress = ProgressBar(what: "resizing", count: resizing.count)
    try resizing.write(to: output) { progress.advance() }
    progress.finish()
    say(closingLine(resizing))
  }

  private func makeResizing() throws -> MRCResizing {
    let file = try MRCFile(path: input)
    let sizes = box.sizes
    if let wrong = sizes.first(where: { !(1...GridShape.largestAxis).contains($0) }) {
      throw ExitPlaneError.invalid("--box", got: "\(wrong)", need: "1 to \(GridShape.largestAxis)")
    }
    guard sizes.count != (file.isStack ? 3 : 2) else {
      throw ValidationError(
        file.isStack
          ? "\(input) is a stack of images: --box takes one number or 'rows,columns'"
          : "\(input) is a map: --box takes one number or 'z,y,x'")
    }
    guard !file.isStack || (centre ?? .origin == .origin && centreVoxel == nil) else {
      throw ValidationError("--centre and --centre-voxel are for maps; \(input) is a stack of images")
    }
    guard file.isStack || !output.lowercased().hasSuffix(".mrcs") else {
      throw ExitPlaneError.mismatch(
        "\(input) is a map and a file named .mrcs is a stack of images", "end --output in .mrc")
    }
    guard let rows = sizes.dropFirst(sizes.count == 3 ? 1 : 0).first, let columns = sizes.last else {
      throw ValidationError("--box takes one number, 'z,y,x' or 'rows,columns'")
    }
    if try voxelSize == nil && file.voxelSizeInAngstroms == nil {
      throw ExitPlaneError.file(
        input, at: .byte(28), found: "the header gives no \(file.isStack ? "pixel" : "voxel") size",
        need: "state it with --\(file.isStack ? "pixel" : "voxel")-size")
    }
    return try MRCResizing(
      file, depth: file.isStack ? nil : sizes.first, shape: GridShape(rows: rows, columns: columns),
      about: resizingCentre, fill: fill.fill, voxelSizeInAngstroms: voxelSize)
  }

  private var resizingCentre: MRCResizing.Centre {
    if let centreVoxel { return .voxel(centreVoxel.point) }
    return switch centre {
    case nil, .origin: .origin
    case .mass: .mass(above: level ?? 0)
    case .position(let point): .position(point)
    }
  }

  private func closingLine(_ resizing: MRCResizing) -> String {
    if resizing.isStack { return "wrote \(resizing.count) images of \(resizing.shape) to \(output)" }
    let size = "\(resizing.depth) × \(resizing.shape)"
    let c = resizing.centre
    let about = resizingCentre == .origin ? "" : ", its origin at voxel \(c.x), \(c.y), \(c.z) of \(input)"
    return "wrote a map of \(size) voxels to \(output)\(about)"
  }
}

/// "N", "rows,columns" or "z,y,x".
struct ResizedBox: ExpressibleByArgument {
  let sizes: [Int]

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...3).contains(numbers.count), !numbers.contains(nil) else { return nil }
    sizes = numbers.compactMap { $0 }
  }
}

/// "origin", "mass", "file" or "x,y,z".
enum ResizingCentre: ExpressibleByArgument, Hashable {
  case origin, mass
  case position(SIMD3<Double>)

  init?(argument: String) {
    switch argument {
    case "origin": self = .origin
    case "mass": self = .mass
    case "file": self = .position(SIMD3(0, 0, 0))
    default:
      guard let point = PointArgument(argument: argument) else { return nil }
      self = .position(point.point)
    }
  }
}

/// "x,y,z".
struct PointArgument: ExpressibleByArgument {
  let point: SIMD3<Double>

  init?(argument: String) {
    let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
    guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2],
      x.isFinite, y.isFinite, z.isFinite
    else { return nil }
    point = SIMD3(x, y, z)
  }
}

/// A number, or "edge".
struct FillArgument: ExpressibleByArgument {
  let fill: MRCResizing.Fill

  init(fill: MRCResizing.Fill) { self.fill = fill }

  init?(argument: String) {
    if argument == "edge" {
      fill = .edgeMean
    } else {
      guard let value = Double(argument), Float(value).isFinite else { return nil }
      fill = .value(value)
    }
  }

  var defaultValueDescription: String {
    switch fill {
    case .value(let value): value == 0 ? "0" : "\(value)"
    case .edgeMean: "edge"
    }
  }
}
