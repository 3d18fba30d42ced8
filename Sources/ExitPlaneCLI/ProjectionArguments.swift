import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// How a map or a structure is projected: what commands that make images have in common.
struct ProjectionArguments: ParsableArguments {
  @OptionGroup(title: "Images")
  var images: ImageOptions

  @Option(
    help: """
      'fourier-slice' (the default for maps) or 'real-voxel' (nonuniform FFT of the voxels); 'gaussian' (the \
      default for structures) or 'fft-atom' (nonuniform FFT of the atoms; periodic).
      """)
  var method: Projecting.Method?

  @Option(
    parsing: .unconditional,
    help: """
      The relative error of exact interpolation (1e-3 by default) and of nonuniform FFTs (1e-6), or the part of \
      its peak down to which a Gaussian is computed (1e-6).
      """)
  var accuracy: Double?

  @Option(
    parsing: .unconditional,
    help:
      "Leave out everything beyond this resolution, in Å, sharply; of Fourier slices it then costs nothing.")
  var resolution: Double?

  @OptionGroup(title: "Fourier slices of a map")
  var slices: SliceOptions

  @Option(
    help: """
      How --method real-voxel computes: 'spreading' (each pose costs the voxels), 'gathering' (the pixels, after \
      one transform of the map), or 'automatic' (the default), by the number of poses.
      """)
  var algorithm: RealVoxelAlgorithm?

  @OptionGroup(title: "Gaussians of a structure")
  var gaussians: GaussianOptions

  @OptionGroup(title: "Nonuniform FFTs of a structure")
  var fftAtoms: FFTAtomOptions

  @OptionGroup(title: "Atoms of a structure")
  var atoms: StructureArguments

  /// Reads a map or a structure, and refuses options that are not for it.
  func load<Scalar: GridScalar>(_ input: String, as _: Scalar.Type) throws -> ProjectedObject<Scalar> {
    guard try chosenMethod(for: input).isOfStructure else { return .map(try loadMap(input)) }
    return .structure(try atoms.load(input))
  }

  /// What is asked of projections; the library chooses the rest.
  var wishes: Projecting {
    var wishes = Projecting()
    wishes.method = method
    wishes.accuracy = accuracy
    wishes.resolutionInAngstroms = resolution
    if let interpolation = slices.interpolation { wishes.interpolation = interpolation }
    wishes.padScale = slices.padScale
    wishes.correctsGridding = !slices.noGriddingCorrection
    if let grid = slices.sliceGrid { wishes.sliceGrid = grid }
    if slices.ewald { wishes.ewaldSphere = slices.reverseCurvature ? .negative : .positive }
    wishes.outputsIntegral = !images.sum
    wishes.resamples = images.rescale
    wishes.algorithm = algorithm ?? .automatic
    wishes.averagesPixels = !gaussians.pointSampling && !fftAtoms.noAntialias
    wishes.upsamplingFactor = gaussians.upsampling ?? fftAtoms.upsample ?? 1
    return wishes
  }

  /// What projects the object, for each plane.
  ///
  /// - Parameter poses: how many there are; of a set made in parts, in all of them, so that the parts are made alike.
  func makeProjectors<Scalar: GridScalar>(
    for object: ProjectedObject<Scalar>, onto planes: [ImageConfiguration], poses: Int, threads: Int
  ) throws -> [any RealImageProjector<Scalar>] {
    if case .structure(let structure, _) = object {
      let mixture = try GaussianMixtureVolume(structure)
      for plane in planes {
        if let warning = mixture.warning(
          forImageOf: plane.shape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms)
        {
          say("warning: \(warning)")
        }
      }
    }
    return try wishes.makeProjectors(for: object, onto: planes, expectedPoses: poses, threads: threads)
  }

  /// What projections depend on beside the input, for a later run to be held against.
  func describe(into parameters: inout RunParameters) throws {
    parameters.append("method", method?.rawValue ?? "by input")
    parameters.append("accuracy", accuracy.map { "\($0)" } ?? "by method")
    parameters.append("algorithm", wishes.algorithm.rawValue)
    parameters.append("voxel size of the map", images.voxelSize.map { "\($0)" } ?? "its own")
    parameters.append("sums", images.sum)
    parameters.append("rescaling", images.rescale)
    parameters.append("interpolation", wishes.interpolation.rawValue)
    parameters.append("padding", slices.padScale.map { "\($0)" } ?? "by size")
    parameters.append("gridding correction", !slices.noGriddingCorrection)
    parameters.append("slice grid", wishes.sliceGrid.rawValue)
    parameters.append("resolution", resolution.map { "\($0)" } ?? "all")
    if slices.ewald { parameters.append("Ewald sphere", slices.reverseCurvature ? "reversed" : "positive") }
    parameters.append("point sampling", gaussians.pointSampling)
    parameters.append(
      "upsampling", "\(gaussians.upsampling ?? 1) and \(fftAtoms.upsample.map { "\($0)" } ?? "none")")
    parameters.append("antialiasing", !fftAtoms.noAntialias)
    parameters.append("atoms", "\(try atoms.options())")
  }

  private func loadMap<Scalar: GridScalar>(_ input: String) throws -> RealVoxelGridVolume<Scalar> {
    let file = try MRCFile(path: input)
    guard let voxelSize = try images.checkedVoxelSize() ?? file.voxelSizeInAngstroms else {
      throw ExitPlaneError.file(
        input, at: .byte(28), found: "the header gives no voxel size", need: "state it with --voxel-size")
    }
    let map = try file.readVolume(as: Scalar.self, voxelSizeInAngstroms: voxelSize)
    if method != .realVoxel { try requireCubic(map, from: input) }
    return map
  }
}
