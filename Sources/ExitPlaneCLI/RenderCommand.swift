import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct RenderCommand: PrecisionCommand, TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Render a structure to a map.",
    discussion: """
      Every atom is five Gaussians (Peng et al. 1996, widened by its B-factor); a voxel holds the mean of the \
      potential over it, in Å⁻², so that projections of the map are those of the structure.

      --method fft-atom makes the same map in Fourier space, by a nonuniform FFT: it is cut off sharply beyond \
      the map's own frequencies and periodic, where Gaussians are whole and end at the box.

      --like renders into the box of another map, of any shape, with its voxel size, axis order, origin and nstart: \
      atoms stay where their file has them, so that a fitted model lies on its density, unless --centre is given, \
      which then comes to the middle of the box.

      Examples:
        exitplane render model.cif --box 128 --voxel-size 1.2 --output map.mrc
        exitplane render fitted.cif --like emd_1234.map --resolution 3.5 \\
          --output fitted.mrc
      """)

  @Argument(help: "The structure: PDB or mmCIF, gzipped or not.")
  var structure: String

  @Option(
    parsing: .unconditional,
    help: "The map's side in voxels; by default the least even side that holds the structure in every pose.")
  var box: Int?

  @Option(parsing: .unconditional, help: "The voxel size in Å; needed unless --like is given.")
  var voxelSize: Double?

  @Option(help: "A map whose box, voxel size, axis order, origin and nstart are taken.")
  var like: String?

  @Option(
    parsing: .unconditional, help: "Leave out everything beyond this resolution, in Å, cut off sharply.")
  var resolution: Double?

  @Option(name: [.short, .long], help: "The map to write.")
  var output: String

  @Option(help: "gaussian: every Gaussian where it matters; fft-atom: a nonuniform FFT of the atoms.")
  var method = RenderMethod.gaussian

  @Flag(help: "Take the potential at voxel centres instead of its mean over voxels.")
  var pointSampling = false

  @Option(
    parsing: .unconditional,
    help: "Each Gaussian is computed as far as this part of its peak; or the transform's relative RMS error.")
  var accuracy = 1e-6

  @OptionGroup(title: "Atoms")
  var atoms: StructureArguments

  @OptionGroup(title: "Running")
  var running: RunningOptions

  @OptionGroup(title: "Running")
  var talk: TalkOptions

  mutating func validate() throws {
    if like != nil, box != nil || voxelSize != nil {
      throw ValidationError("--like gives the box and the voxel size: leave --box and --voxel-size out")
    }
    if like == nil, voxelSize == nil { throw ValidationError("give --voxel-size, or --like and a map") }
  }

  func run<Scalar: GridScalar>(_: Scalar.Type) throws {
    let inputs = [structure] + (like.map { [$0] } ?? [])
    try requireFiles(inputs)
    if let voxelSize { try PlausibleRange.pixelSize("--voxel-size").require(voxelSize) }
    if let resolution { try PlausibleRange.resolution.require(resolution) }
    try requireSeparateFiles(outputs: [output], inputs: inputs)
    let target = try like.map { try MapFrame(of: $0) }
    var model = try atoms.load(structure, defaultCentring: target == nil ? .mass : .none)
    if let target, atoms.centre == nil { model = try model.withOrigin(atInAngstroms: target.middle) }
    let frame = try target ?? MapFrame(cubeFor: model, of: structure, side: box, voxelSize: voxelSize ?? 1)
    let mixture = try GaussianMixtureVolume(model)
    var map: RealVoxelGridVolume<Scalar> = try render(model, mixture, in: frame)
    if let resolution { map = try map.limited(toResolutionInAngstroms: resolution, threads: running.threads) }
    if let warning = mixture.warning(forMapOf: frame.shape, voxelSizeInAngstroms: frame.voxelSize) {
      say("warning: \(warning)")
    }
    if let header = frame.header {
      try writeMRCVolume(output, map, like: header)
    } else {
      try writeMRCVolume(output, map)
    }
    let size = voxelSize.map { "\($0)" } ?? rounded(frame.voxelSize, places: 4)
    say("wrote a map of \(map.shapeDescription) voxels of \(size) Å to \(output): \(model.count) atoms")
  }

  private func render<Scalar: GridScalar>(
    _ model: AtomicStructure, _ mixture: GaussianMixtureVolume, in frame: MapFrame
  ) throws -> RealVoxelGridVolume<Scalar> {
    let (depth, rows, columns) = frame.shape
    switch method {
    case .gaussian:
      return try GaussianMixtureRendering(useErrorFunctions: !pointSampling, accuracy: accuracy).render(
        mixture, depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: frame.voxelSize,
        threads: running.threads)
    case .fftAtom:
      guard depth == rows, rows == columns else {
        throw ExitPlaneError(
          .unsupported,
          "--method fft-atom renders cubes, and \(like ?? output) is of \(depth) × \(rows) × \(columns) voxels; "
            + "--method gaussian renders any shape")
      }
      return try FFTAtomRendering(
        antialias: !pointSampling, eps: accuracy, options: NonuniformFFTOptions(threads: running.threads)
      ).render(IndependentAtomVolume(model), size: columns, voxelSizeInAngstroms: frame.voxelSize)
    }
  }
}

/// The box that a map is made in.
private struct MapFrame {
  let shape: (depth: Int, rows: Int, columns: Int)
  let voxelSize: Double
  /// Of the map whose frame it is, with the place of its central voxel in the file's frame, in ångströms.
  var header: MRCHeader?
  var middle = SIMD3<Double>(0, 0, 0)

  init(cubeFor model: AtomicStructure, of path: String, side: Int?, voxelSize: Double) throws {
    do {
      let side = try side ?? model.boxSize(pixelSizeInAngstroms: voxelSize)
      shape = (side, side, side)
    } catch let error as ExitPlaneError {
      throw ExitPlaneError(error.kind, "\(path): \(error)")
    }
    self.voxelSize = voxelSize
  }

  init(of path: String) throws {
    let file = try MRCFile(path: path)
    guard !file.isStack else {
      throw ExitPlaneError.mismatch("\(path) is a stack of images", "--like needs a map")
    }
    guard let size = try file.voxelSizeInAngstroms else {
      throw ExitPlaneError.file(
        path, at: .byte(28), found: "the header gives no voxel size",
        need: "name another map, or give --box and --voxel-size in place of --like")
    }
    shape = (file.depth, file.shape.rows, file.shape.columns)
    voxelSize = size
    header = file.header
    middle = try file.centralVoxelInAngstroms(voxelSizeInAngstroms: size)
  }
}

enum RenderMethod: String, ExpressibleByArgument, CaseIterable {
  case gaussian
  case fftAtom = "fft-atom"
}
