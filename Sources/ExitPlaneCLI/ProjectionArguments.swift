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
  var method: MethodName?

  @Option(
    help: """
      The relative error of exact interpolation (1e-3 by default) and of nonuniform FFTs (1e-6), or the part of \
      its peak down to which a Gaussian is computed (1e-6).
      """)
  var accuracy: Double?

  @OptionGroup(title: "Fourier slices of a map")
  var slices: SliceOptions

  @Option(
    help: """
      How --method real-voxel computes: 'spreading' (each pose costs the voxels), 'gathering' (the pixels, after \
      one transform of the map), or 'automatic', by the number of poses.
      """)
  var algorithm = AlgorithmName.automatic

  @OptionGroup(title: "Gaussians of a structure")
  var gaussians: GaussianOptions

  @OptionGroup(title: "Nonuniform FFTs of a structure")
  var fftAtoms: FFTAtomOptions

  @OptionGroup(title: "Atoms of a structure")
  var atoms: StructureArguments

  /// What is projected, read but not yet transformed, and the pixel size of its images.
  enum Source<Scalar: GridScalar> {
    case map(RealVoxelGridVolume<Scalar>, pixelSizeInAngstroms: Double)
    case structure(AtomicStructure, pixelSizeInAngstroms: Double)

    var pixelSizeInAngstroms: Double {
      switch self {
      case .map(_, let size), .structure(_, let size): size
      }
    }
  }

  /// Reads a map or a structure, and refuses options that are not for it.
  func load<Scalar: GridScalar>(_ input: String, as _: Scalar.Type, threads: Int) throws -> Source<Scalar> {
    switch (InputKind(path: input), method) {
    case (.map, nil), (.map, .fourierSlice), (.map, .realVoxel):
      return try loadMap(input, threads: threads)
    case (.structure, nil), (.structure, .gaussian), (.structure, .fftAtom):
      guard let pixelSize = try images.checkedPixelSize(), images.box != nil else {
        throw ValidationError(
          "a structure needs --box and --pixel-size: 'exitplane info \(input)' suggests a box")
      }
      guard !images.sum, !images.rescale else {
        throw ValidationError("--sum and --rescale are for maps; \(input) is a structure")
      }
      return .structure(try atoms.load(input), pixelSizeInAngstroms: pixelSize)
    case (.map, .some(let method)):
      throw ExitPlaneError.mismatch("\(input) is a map", "--method \(method.rawValue) projects a structure")
    case (.structure, .some(let method)):
      throw ExitPlaneError.mismatch(
        "\(input) is a structure", "make a map of it with exitplane render for --method \(method.rawValue)")
    case (.star, _):
      throw ExitPlaneError.mismatch("\(input) is a STAR file", "give a map or a structure to project")
    }
  }

  /// What the images are to be.
  func plane<Scalar: GridScalar>(
    for source: Source<Scalar>, voltageInKilovolts: Double = 300
  ) throws -> ImageConfiguration {
    let pixelSize = source.pixelSizeInAngstroms
    var side = 1
    if case .map(let map, _) = source {
      side = max(1, Int((Double(map.columns) * map.voxelSizeInAngstroms / pixelSize).rounded()))
    }
    return try ImageConfiguration(
      shape: images.shape(defaultSide: side), pixelSizeInAngstroms: pixelSize,
      voltageInKilovolts: voltageInKilovolts)
  }

  /// Everything about the projection that does not depend on the pose.
  ///
  /// - Parameter poses: how many there are; of a set made in parts, in all of them, so that the parts are made alike.
  func makePlan<Scalar: GridScalar>(
    for source: Source<Scalar>, onto plane: ImageConfiguration, poses: Int, threads: Int
  ) throws -> any RealImagePlan<Scalar> {
    switch source {
    case .map(let map, _): try plan(map, onto: plane, poses: poses, threads: threads)
    case .structure(let structure, _): try plan(structure, onto: plane)
    }
  }

  /// What projections depend on beside the input, for a later run to be held against.
  func describe(into parameters: inout RunParameters) throws {
    parameters.append("method", method?.rawValue ?? "by input")
    parameters.append("accuracy", accuracy.map { "\($0)" } ?? "by method")
    parameters.append("algorithm", algorithm.rawValue)
    parameters.append("sums", images.sum)
    parameters.append("rescaling", images.rescale)
    parameters.append("interpolation", slices.interpolation.rawValue)
    parameters.append("padding", slices.padScale.map { "\($0)" } ?? "by size")
    parameters.append("gridding correction", !slices.noGriddingCorrection)
    parameters.append("slice grid", slices.sliceGrid.rawValue)
    parameters.append("resolution", slices.resolution.map { "\($0)" } ?? "all")
    parameters.append("point sampling", gaussians.pointSampling)
    parameters.append(
      "upsampling", "\(gaussians.upsampling) and \(fftAtoms.upsample.map { "\($0)" } ?? "none")")
    parameters.append("antialiasing", !fftAtoms.noAntialias)
    parameters.append("atoms", "\(try atoms.options())")
  }

  private func plan<Scalar: GridScalar>(
    _ map: RealVoxelGridVolume<Scalar>, onto plane: ImageConfiguration, poses: Int, threads: Int
  ) throws -> any RealImagePlan<Scalar> {
    if method == .realVoxel {
      guard !images.sum, map.voxelSizeInAngstroms == plane.pixelSizeInAngstroms else {
        throw ValidationError("--sum and --rescale are for --method fourier-slice")
      }
      return try RealVoxelProjection<Scalar>(
        eps: accuracy ?? 1e-6, algorithm: algorithm.value(), expectedPoses: poses, preparationThreads: threads
      ).makePlan(for: map, onto: plane)
    }
    let padScale = slices.padScale(mapSize: map.columns)
    func plan<Volume: FourierSliceVolume>(
      _ volume: Volume
    ) throws -> any RealImagePlan<Scalar> where Volume.Scalar == Scalar {
      try FourierSliceExtraction<Volume>(
        outputsIntegral: !images.sum, sliceGrid: slices.sliceGrid,
        resamples: images.rescale && slices.resamples, resolutionInAngstroms: slices.resolution
      ).makePlan(for: volume, onto: plane)
    }
    switch slices.interpolation {
    case .linear:
      return try plan(
        FourierVoxelGridVolume(
          map, padScale: padScale, griddingCorrection: !slices.noGriddingCorrection, threads: threads))
    case .cubic:
      return try plan(
        FourierVoxelSplineVolume(
          map, padScale: padScale, prefilter: slices.noGriddingCorrection ? .natural : .griddingCorrected,
          threads: threads))
    case .exact:
      return try plan(FourierVoxelWindowVolume(map, accuracy: accuracy ?? 1e-3, threads: threads))
    }
  }

  private func plan<Scalar: GridScalar>(
    _ structure: AtomicStructure, onto plane: ImageConfiguration
  ) throws -> any RealImagePlan<Scalar> {
    let mixture = try GaussianMixtureVolume(structure)
    if let warning = mixture.warning(
      forImageOf: plane.shape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms)
    {
      say("warning: \(warning)")
    }
    guard method == .fftAtom else {
      return try GaussianMixtureProjection<Scalar>(
        useErrorFunctions: !gaussians.pointSampling, upsamplingFactor: gaussians.upsampling,
        accuracy: accuracy ?? 1e-6
      ).makePlan(for: mixture, onto: plane)
    }
    return try FFTAtomProjection<Scalar>(
      antialias: !fftAtoms.noAntialias, upsampleFactor: fftAtoms.upsample, eps: accuracy ?? 1e-6
    ).makePlan(for: IndependentAtomVolume(structure), onto: plane)
  }

  /// The map and the pixel size of the images, at which the map is unless slices will resample it.
  private func loadMap<Scalar: GridScalar>(_ input: String, threads: Int) throws -> Source<Scalar> {
    let file = try MRCFile(path: input)
    let stated = try file.voxelSizeInAngstroms
    let wanted = try images.checkedPixelSize()
    guard let voxelSize = stated ?? wanted else {
      throw ExitPlaneError.file(
        input, at: .byte(28), found: "the header gives no voxel size", need: "state it with --pixel-size")
    }
    let map = try file.readVolume(as: Scalar.self, voxelSizeInAngstroms: voxelSize)
    guard let wanted, abs(wanted - voxelSize) > 1e-4 * voxelSize else {
      return .map(map, pixelSizeInAngstroms: voxelSize)
    }
    guard images.rescale else {
      throw ExitPlaneError.mismatch(
        "--pixel-size is \(wanted) Å and the voxel size of \(input) is \(rounded(voxelSize, places: 4)) Å",
        "leave --pixel-size out, or add --rescale to resample the map")
    }
    if slices.resamples { return .map(map, pixelSizeInAngstroms: wanted) }
    return .map(
      try map.rescaled(toVoxelSizeInAngstroms: wanted, threads: threads), pixelSizeInAngstroms: wanted)
  }
}
