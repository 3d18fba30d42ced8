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
  var algorithm: AlgorithmName?

  var chosenAlgorithm: AlgorithmName { algorithm ?? .automatic }

  @OptionGroup(title: "Gaussians of a structure")
  var gaussians: GaussianOptions

  @OptionGroup(title: "Nonuniform FFTs of a structure")
  var fftAtoms: FFTAtomOptions

  @OptionGroup(title: "Atoms of a structure")
  var atoms: StructureArguments

  /// What is projected, read but not yet transformed, and the pixel size of its images.
  enum Source<Scalar: GridScalar> {
    case map(RealVoxelGridVolume<Scalar>, pixelSizeInAngstroms: Double)
    case structure(AtomicStructure, pixelSizeInAngstroms: Double, side: Int)

    var pixelSizeInAngstroms: Double {
      switch self {
      case .map(_, let size), .structure(_, let size, _): size
      }
    }
  }

  /// Reads a map or a structure, and refuses options that are not for it.
  ///
  /// - Parameter stated: what the poses' file says of its images, for a structure's where no option does.
  func load<Scalar: GridScalar>(
    _ input: String, stated: StatedImages = StatedImages(), as _: Scalar.Type, threads: Int
  ) throws -> Source<Scalar> {
    guard try chosenMethod(for: input).isOfStructure else {
      return try loadMap(input, stated: stated, threads: threads)
    }
    guard let pixelSize = try images.checkedPixelSize() ?? stated.pixelSizeInAngstroms,
      let side = images.box?.columns ?? stated.side
    else {
      throw ValidationError(
        "a structure needs --box and --pixel-size\(stated.lack): 'exitplane info \(input)' suggests a box")
    }
    return .structure(try atoms.load(input), pixelSizeInAngstroms: pixelSize, side: side)
  }

  /// What the images are to be.
  func plane<Scalar: GridScalar>(
    for source: Source<Scalar>, voltageInKilovolts: Double = 300
  ) throws -> ImageConfiguration {
    let pixelSize = source.pixelSizeInAngstroms
    let plane = try ImageConfiguration(
      shape: images.shape(defaultSide: defaultSide(of: source)), pixelSizeInAngstroms: pixelSize,
      voltageInKilovolts: voltageInKilovolts)
    if let resolution { try requireEffect(ofResolution: resolution, on: plane, of: source) }
    return plane
  }

  /// - Throws: `.invalidValue` for what is no resolution; `.mismatch` for one beyond which there is nothing anyway.
  private func requireEffect<Scalar: GridScalar>(
    ofResolution resolution: Double, on plane: ImageConfiguration, of source: Source<Scalar>
  ) throws {
    try PlausibleRange.resolution.require(resolution)
    var finest = plane.finestResolutionInAngstroms
    if case .map(let map, let pixelSize) = source, pixelSize < map.voxelSizeInAngstroms {
      // Of a map that is resampled to finer pixels: the corner of its transform's cube.
      finest = max(finest, 2 / 3.0.squareRoot() * map.voxelSizeInAngstroms)
    }
    guard resolution <= finest else { return }
    throw ExitPlaneError.mismatch(
      "--resolution is \(resolution) Å, and the images hold nothing beyond \(rounded(finest, places: 3)) Å",
      "leave it out, or give a coarser one")
  }

  private func defaultSide<Scalar: GridScalar>(of source: Source<Scalar>) throws -> Int {
    switch source {
    case .structure(_, _, let side): return side
    case .map(let map, let pixelSize):
      let side = (Double(map.columns) * map.voxelSizeInAngstroms / pixelSize).rounded()
      guard side <= Double(GridShape.largestAxis) else {
        throw ExitPlaneError.mismatch(
          "the map's \(map.columns) voxels of \(map.voxelSizeInAngstroms) Å are \(side) pixels of \(pixelSize) Å",
          "images have 1 to \(GridShape.largestAxis) a side: give a larger --pixel-size, or a --box")
      }
      return max(1, Int(side))
    }
  }

  /// Everything about the projection that does not depend on the pose.
  ///
  /// - Parameter poses: how many there are; of a set made in parts, in all of them, so that the parts are made alike.
  func makePlan<Scalar: GridScalar>(
    for source: Source<Scalar>, onto plane: ImageConfiguration, poses: Int, threads: Int
  ) throws -> any RealImagePlan<Scalar> {
    switch source {
    case .map(let map, _): try plan(map, onto: plane, poses: poses, threads: threads)
    case .structure(let structure, _, _): try limited(plan(structure, onto: plane))
    }
  }

  /// Fourier slices have their resolution from the start; of all else it is cut off.
  private func limited<Scalar: GridScalar>(
    _ plan: any RealImagePlan<Scalar>
  ) throws -> any RealImagePlan<Scalar> {
    guard let resolution else { return plan }
    func limited<Plan: RealImagePlan<Scalar>>(_ plan: Plan) throws -> any RealImagePlan<Scalar> {
      try ResolutionLimitedPlan(plan, resolutionInAngstroms: resolution)
    }
    return try limited(plan)
  }

  /// What projections depend on beside the input, for a later run to be held against.
  func describe(into parameters: inout RunParameters) throws {
    parameters.append("method", method?.rawValue ?? "by input")
    parameters.append("accuracy", accuracy.map { "\($0)" } ?? "by method")
    parameters.append("algorithm", chosenAlgorithm.rawValue)
    parameters.append("voxel size of the map", images.voxelSize.map { "\($0)" } ?? "its own")
    parameters.append("sums", images.sum)
    parameters.append("rescaling", images.rescale)
    parameters.append("interpolation", slices.chosenInterpolation.rawValue)
    parameters.append("padding", slices.padScale.map { "\($0)" } ?? "by size")
    parameters.append("gridding correction", !slices.noGriddingCorrection)
    parameters.append("slice grid", slices.chosenGrid.rawValue)
    parameters.append("resolution", resolution.map { "\($0)" } ?? "all")
    if slices.ewald { parameters.append("Ewald sphere", slices.reverseCurvature ? "reversed" : "positive") }
    parameters.append("point sampling", gaussians.pointSampling)
    parameters.append(
      "upsampling", "\(gaussians.chosenUpsampling) and \(fftAtoms.upsample.map { "\($0)" } ?? "none")")
    parameters.append("antialiasing", !fftAtoms.noAntialias)
    parameters.append("atoms", "\(try atoms.options())")
  }

  private func plan<Scalar: GridScalar>(
    _ map: RealVoxelGridVolume<Scalar>, onto plane: ImageConfiguration, poses: Int, threads: Int
  ) throws -> any RealImagePlan<Scalar> {
    if method == .realVoxel {
      return try limited(
        RealVoxelProjection<Scalar>(
          eps: accuracy ?? 1e-6, algorithm: chosenAlgorithm.value(), expectedPoses: poses,
          preparationThreads: threads
        ).makePlan(for: map, onto: plane))
    }
    let padScale = slices.padScale(mapSize: map.columns)
    func plan<Volume: FourierSliceVolume>(
      _ volume: Volume
    ) throws -> any RealImagePlan<Scalar> where Volume.Scalar == Scalar {
      if slices.ewald {
        return try EwaldSphereProjection<Volume>(
          outputsIntegral: !images.sum, sliceGrid: slices.chosenGrid,
          hemisphere: slices.reverseCurvature ? .negative : .positive,
          resamples: images.rescale && slices.resamples, resolutionInAngstroms: resolution
        ).makePlan(for: volume, onto: plane)
      }
      return try FourierSliceExtraction<Volume>(
        outputsIntegral: !images.sum, sliceGrid: slices.chosenGrid,
        resamples: images.rescale && slices.resamples, resolutionInAngstroms: resolution
      ).makePlan(for: volume, onto: plane)
    }
    switch slices.chosenInterpolation {
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
        useErrorFunctions: !gaussians.pointSampling, upsamplingFactor: gaussians.chosenUpsampling,
        accuracy: accuracy ?? 1e-6
      ).makePlan(for: mixture, onto: plane)
    }
    return try FFTAtomProjection<Scalar>(
      antialias: !fftAtoms.noAntialias, upsampleFactor: fftAtoms.upsample, eps: accuracy ?? 1e-6
    ).makePlan(for: IndependentAtomVolume(structure), onto: plane)
  }

  /// The map and the pixel size of the images, at which the map is unless slices will resample it.
  private func loadMap<Scalar: GridScalar>(
    _ input: String, stated: StatedImages, threads: Int
  ) throws -> Source<Scalar> {
    let file = try MRCFile(path: input)
    guard let voxelSize = try images.checkedVoxelSize() ?? file.voxelSizeInAngstroms else {
      throw ExitPlaneError.file(
        input, at: .byte(28), found: "the header gives no voxel size", need: "state it with --voxel-size")
    }
    let wanted = try images.checkedPixelSize()
    try [
      OptionUse(
        "--rescale", given: images.rescale,
        used: wanted != nil || stated.pixelSizeInAngstroms.map { $0 != voxelSize } ?? false,
        for: "images of another pixel size than the map's")
    ].requireEffect("none is asked for", remedy: "give --pixel-size, or leave it out")
    let map = try file.readVolume(as: Scalar.self, voxelSizeInAngstroms: voxelSize)
    if method != .realVoxel { try requireCubic(map, from: input) }
    guard let wanted, abs(wanted - voxelSize) > 1e-4 * voxelSize else {
      return .map(map, pixelSizeInAngstroms: voxelSize)
    }
    guard images.rescale else {
      throw ExitPlaneError.mismatch(
        "--pixel-size is \(wanted) Å and the voxel size of \(input) is \(rounded(voxelSize, places: 4)) Å",
        method == .realVoxel
          ? "leave --pixel-size out, or project by --method fourier-slice with --rescale"
          : "leave --pixel-size out, or add --rescale to resample the map")
    }
    if slices.resamples { return .map(map, pixelSizeInAngstroms: wanted) }
    return .map(
      try map.rescaled(toVoxelSizeInAngstroms: wanted, threads: threads), pixelSizeInAngstroms: wanted)
  }
}
