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

  /// What is projected, read but neither transformed nor resampled.
  enum Source<Scalar: GridScalar> {
    case map(RealVoxelGridVolume<Scalar>)
    case structure(AtomicStructure)
  }

  /// Reads a map or a structure, and refuses options that are not for it.
  func load<Scalar: GridScalar>(_ input: String, as _: Scalar.Type) throws -> Source<Scalar> {
    guard try chosenMethod(for: input).isOfStructure else { return .map(try loadMap(input)) }
    return .structure(try atoms.load(input))
  }

  /// Everything about the projections that does not depend on the pose, for each plane.
  ///
  /// - Parameter poses: how many there are; of a set made in parts, in all of them, so that the parts are made alike.
  func makePlans<Scalar: GridScalar>(
    for source: Source<Scalar>, onto planes: [ImageConfiguration], poses: Int, threads: Int
  ) throws -> [any RealImagePlan<Scalar>] {
    switch source {
    case .structure(let structure):
      return try planes.map { try limited(plan(structure, onto: $0)) }
    case .map(let map):
      // A transform serves all planes of its pixel size; where slices resample, of any.
      var makers: [(pixelSize: Double, make: (ImageConfiguration) throws -> any RealImagePlan<Scalar>)] = []
      return try planes.map { plane in
        let size = slices.resamples ? map.voxelSizeInAngstroms : plane.pixelSizeInAngstroms
        if let known = makers.first(where: { $0.pixelSize == size }) { return try known.make(plane) }
        let resampled =
          size == map.voxelSizeInAngstroms
          ? map : try map.rescaled(toVoxelSizeInAngstroms: size, threads: threads)
        let make = try planMaker(for: resampled, poses: poses, threads: threads)
        makers.append((size, make))
        return try make(plane)
      }
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

  private func planMaker<Scalar: GridScalar>(
    for map: RealVoxelGridVolume<Scalar>, poses: Int, threads: Int
  ) throws -> (ImageConfiguration) throws -> any RealImagePlan<Scalar> {
    if method == .realVoxel {
      return { plane in
        try limited(
          RealVoxelProjection<Scalar>(
            eps: accuracy ?? 1e-6, algorithm: chosenAlgorithm.value(), expectedPoses: poses,
            preparationThreads: threads
          ).makePlan(for: map, onto: plane))
      }
    }
    let padScale = slices.padScale(mapSize: map.columns)
    func maker<Volume: FourierSliceVolume>(
      _ volume: Volume
    ) -> (ImageConfiguration) throws -> any RealImagePlan<Scalar> where Volume.Scalar == Scalar {
      { plane in
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
    }
    switch slices.chosenInterpolation {
    case .linear:
      return maker(
        try FourierVoxelGridVolume(
          map, padScale: padScale, griddingCorrection: !slices.noGriddingCorrection, threads: threads))
    case .cubic:
      return maker(
        try FourierVoxelSplineVolume(
          map, padScale: padScale, prefilter: slices.noGriddingCorrection ? .natural : .griddingCorrected,
          threads: threads))
    case .exact:
      return maker(try FourierVoxelWindowVolume(map, accuracy: accuracy ?? 1e-3, threads: threads))
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
