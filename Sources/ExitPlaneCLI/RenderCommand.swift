import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct RenderCommand: PrecisionCommand {
  static let configuration = CommandConfiguration(
    commandName: "render",
    abstract: "Render a structure to a map.",
    discussion: """
      Every atom is five Gaussians (Peng et al. 1996, widened by its B-factor); a voxel holds the mean of the \
      potential over it, in Å⁻², so that projections of the map are those of the structure.

      --method fft-atom makes the same map in Fourier space, by a nonuniform FFT: it is cut off sharply beyond \
      the map's own frequencies and periodic, where Gaussians are whole and end at the box.

      Example:
        exitplane render model.cif --box 128 --voxel-size 1.2 --output map.mrc
      """)

  @Argument(help: "The structure: PDB or mmCIF, gzipped or not.")
  var structure: String

  @Option(
    parsing: .unconditional,
    help: "The map's side in voxels; by default the least even side that holds the structure in every pose.")
  var box: Int?

  @Option(parsing: .unconditional, help: "The voxel size in Å.")
  var voxelSize: Double

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

  func run<Scalar: GridScalar>(_: Scalar.Type) throws {
    try requireFiles([structure])
    try PlausibleRange.pixelSize("--voxel-size").require(voxelSize)
    try requireSeparateFiles(outputs: [output], inputs: [structure])
    let model = try atoms.load(structure)
    let side = try box ?? model.boxSize(pixelSizeInAngstroms: voxelSize)
    let mixture = try GaussianMixtureVolume(model)
    let map: RealVoxelGridVolume<Scalar> =
      switch method {
      case .gaussian:
        try GaussianMixtureRendering(useErrorFunctions: !pointSampling, accuracy: accuracy)
          .render(mixture, boxSize: side, voxelSizeInAngstroms: voxelSize, threads: running.threads)
      case .fftAtom:
        try FFTAtomRendering(
          antialias: !pointSampling, eps: accuracy, options: NonuniformFFTOptions(threads: running.threads)
        ).render(IndependentAtomVolume(model), size: side, voxelSizeInAngstroms: voxelSize)
      }
    if let warning = mixture.warning(
      forImageOf: try GridShape(square: side), pixelSizeInAngstroms: voxelSize)
    {
      say("warning: \(warning)")
    }
    try writeMRCVolume(output, map)
    say("wrote a map of \(map.shapeDescription) voxels of \(voxelSize) Å to \(output): \(model.count) atoms")
  }
}

enum RenderMethod: String, ExpressibleByArgument, CaseIterable {
  case gaussian
  case fftAtom = "fft-atom"
}
