/// What is projected, before it is prepared for a method.
public enum ProjectedObject<Scalar: GridScalar>: Sendable {
  /// Voxels.
  case map(RealVoxelGridVolume<Scalar>)
  /// - Parameter scatteringFactor: by atomic number; called with the name of an atom that has it.
  case structure(
    AtomicStructure,
    scatteringFactor: @Sendable (_ atomicNumber: Int, _ exampleName: String?) throws -> ScatteringFactor)
}

/// How a map or a structure is projected: a few wishes, and for all that they leave open the choice that
/// Docs/Accuracy.md recommends.
///
/// This is the one place where methods, paddings and accuracies are chosen for a user; the command is a door to it.
public struct Projecting: Hashable, Sendable {
  /// A way of projecting; what it is for is one kind of object alone.
  public enum Method: String, Hashable, Sendable, CaseIterable {
    /// Central slices of a map's transform.
    case fourierSlice = "fourier-slice"
    /// A nonuniform FFT of a map's voxels.
    case realVoxel = "real-voxel"
    /// A structure's atoms as sums of Gaussians, in real space.
    case gaussian
    /// A nonuniform FFT of a structure's atoms.
    case fftAtom = "fft-atom"

    /// Whether the method projects a structure, not a map.
    public var isOfStructure: Bool { self == .gaussian || self == .fftAtom }
  }

  /// How a map's transform is interpolated.
  public enum Interpolation: String, Hashable, Sendable, CaseIterable {
    /// Between the eight samples about a point.
    case linear
    /// By B-splines.
    case cubic
    /// By a window that keeps an accuracy.
    case exact
  }

  /// Nil for Fourier slices of a map and Gaussians of a structure.
  public var method: Method?
  /// The relative error of exact slices (by default 1e-3) and of nonuniform FFTs (1e-6), or the part of its peak down
  /// to which a Gaussian is computed (1e-6).
  public var accuracy: Double?
  /// Leaves out what lies beyond this resolution, sharply; nil for nothing.
  public var resolutionInAngstroms: Double?

  /// Of Fourier slices.
  public var interpolation = Interpolation.exact
  /// The zero-padding of a map before its transform, as a factor of its side, for linear and cubic slices; nil for 2, and
  /// for linear ones 4 or 3 where that keeps the padded side within 384.
  public var padScale: Double?
  /// Divides the map by what interpolation does to it; without, cubic slices solve for spline coefficients.
  public var correctsGridding = true
  /// On which frequencies slices are taken.
  public var sliceGrid = SliceGrid.image
  /// Scatters to the Ewald sphere, curved to this side; nil for a plane.
  public var ewaldSphere: EwaldHemisphere?
  /// Images are integrals along the beam; otherwise slices are plain sums of voxels.
  public var outputsIntegral = true
  /// Whether images may have other pixel sizes than the map.
  public var resamples = false

  /// Of real voxels.
  public var algorithm = RealVoxelAlgorithm.automatic

  /// Of atoms: averages over pixels; otherwise takes values at their centres.
  public var averagesPixels = true
  /// Of atoms: pixels computed for each one, on both axes.
  public var upsamplingFactor = 1

  /// No wishes: the choices of Docs/Accuracy.md.
  public init() {}

  /// The method for a kind of object.
  public func method(isStructure: Bool) -> Method { method ?? (isStructure ? .gaussian : .fourierSlice) }

  /// The accuracy that a method computes to.
  public func accuracy(of method: Method) -> Double { accuracy ?? (method == .fourierSlice ? 1e-3 : 1e-6) }

  /// The padding for a map of a side.
  public func padScale(mapSize: Int) -> Double {
    if let padScale { return padScale }
    guard interpolation == .linear else { return 2 }
    // Padding is what linear interpolation's accuracy hangs on (Docs/Accuracy.md): as much as costs under
    // a second and a quarter of a gigabyte.
    return [4.0, 3].first { $0 * Double(mapSize) <= 384 } ?? 2
  }

  /// Whether slices are taken at other pixel sizes than the map's; otherwise the map is rescaled first.
  public var slicesResample: Bool { interpolation != .linear && sliceGrid == .image }

  // MARK: Making projectors

  /// What projects an object onto a plane.
  ///
  /// - Parameters:
  ///   - object: a map or a structure.
  ///   - plane: what the images are.
  ///   - expectedPoses: how many poses there will be; of a set made in parts, in all of them, so that the parts are
  ///     made alike.
  ///   - threads: that the object is prepared on; no result depends on it.
  /// - Throws: `.mismatch` for a method that is for the other kind of object, or pixel sizes that differ and must not;
  ///   what the volumes and integrators throw.
  public func makeProjector<Scalar: GridScalar>(
    for object: ProjectedObject<Scalar>, onto plane: ImageConfiguration, expectedPoses: Int? = nil,
    threads: Int = availableProcessors
  ) throws -> any RealImageProjector<Scalar> {
    try makeProjectors(for: object, onto: [plane], expectedPoses: expectedPoses, threads: threads)[0]
  }

  /// As above, onto several planes: optics groups have planes of their own. What can be is prepared once for all.
  public func makeProjectors<Scalar: GridScalar>(
    for object: ProjectedObject<Scalar>, onto planes: [ImageConfiguration], expectedPoses: Int? = nil,
    threads: Int = availableProcessors
  ) throws -> [any RealImageProjector<Scalar>] {
    switch object {
    case .structure(let structure, let factor):
      return try planes.map { try projector(of: structure, factor, onto: $0, as: Scalar.self) }
    case .map(let map):
      // A transform serves all planes of its pixel size; where slices resample, of any.
      var makers: [(pixelSize: Double, make: (ImageConfiguration) throws -> any RealImageProjector<Scalar>)] =
        []
      return try planes.map { plane in
        let isOwn = slicesResample || !resamples
        let size = isOwn ? map.voxelSizeInAngstroms : plane.pixelSizeInAngstroms
        if let known = makers.first(where: { $0.pixelSize == size }) { return try known.make(plane) }
        let resampled =
          size == map.voxelSizeInAngstroms
          ? map : try map.rescaled(toVoxelSizeInAngstroms: size, threads: threads)
        let make = try maker(for: resampled, expectedPoses: expectedPoses, threads: threads)
        makers.append((size, make))
        return try make(plane)
      }
    }
  }

  private func maker<Scalar: GridScalar>(
    for map: RealVoxelGridVolume<Scalar>, expectedPoses: Int?, threads: Int
  ) throws -> (ImageConfiguration) throws -> any RealImageProjector<Scalar> {
    let method = method(isStructure: false)
    guard !method.isOfStructure else {
      throw ExitPlaneError.mismatch("the object is a map", "\(method.rawValue) projects a structure")
    }
    if method == .realVoxel {
      let integrator = RealVoxelProjection<Scalar>(
        eps: accuracy(of: method), algorithm: algorithm, preparationThreads: threads)
      return { plane in
        try limited(integrator.makeProjector(for: map, onto: plane, expectedPoses: expectedPoses))
      }
    }
    let padScale = padScale(mapSize: map.columns)
    switch interpolation {
    case .linear:
      return sliceMaker(
        try FourierVoxelGridVolume(
          map, padScale: padScale, griddingCorrection: correctsGridding, threads: threads))
    case .cubic:
      return sliceMaker(
        try FourierVoxelSplineVolume(
          map, padScale: padScale, prefilter: correctsGridding ? .griddingCorrected : .natural,
          threads: threads))
    case .exact:
      return sliceMaker(
        try FourierVoxelWindowVolume(map, accuracy: accuracy(of: method), threads: threads))
    }
  }

  private func sliceMaker<Volume: FourierSliceVolume>(
    _ volume: Volume
  ) -> (ImageConfiguration) throws -> any RealImageProjector<Volume.Scalar> {
    { plane in
      if let ewaldSphere {
        return try EwaldSphereProjection<Volume>(
          outputsIntegral: outputsIntegral, sliceGrid: sliceGrid, hemisphere: ewaldSphere,
          resamples: resamples && slicesResample, resolutionInAngstroms: resolutionInAngstroms
        ).makeProjector(for: volume, onto: plane)
      }
      return try FourierSliceExtraction<Volume>(
        outputsIntegral: outputsIntegral, sliceGrid: sliceGrid, resamples: resamples && slicesResample,
        resolutionInAngstroms: resolutionInAngstroms
      ).makeProjector(for: volume, onto: plane)
    }
  }

  private func projector<Scalar: GridScalar>(
    of structure: AtomicStructure, _ factor: (Int, String?) throws -> ScatteringFactor,
    onto plane: ImageConfiguration, as _: Scalar.Type
  ) throws -> any RealImageProjector<Scalar> {
    let method = method(isStructure: true)
    guard method.isOfStructure else {
      throw ExitPlaneError.mismatch(
        "the object is a structure", "\(method.rawValue) projects a map: render one of it")
    }
    if method == .fftAtom {
      return try limited(
        FFTAtomProjection<Scalar>(
          antialias: averagesPixels, upsampleFactor: upsamplingFactor, eps: accuracy(of: method)
        ).makeProjector(for: IndependentAtomVolume(structure, scatteringFactor: factor), onto: plane))
    }
    return try limited(
      GaussianMixtureProjection<Scalar>(
        useErrorFunctions: averagesPixels, upsamplingFactor: upsamplingFactor, accuracy: accuracy(of: method)
      ).makeProjector(for: GaussianMixtureVolume(structure, scatteringFactor: factor), onto: plane))
  }

  /// Fourier slices have their resolution from the start; of all else it is cut off.
  private func limited<Plan: RealImagePlan>(
    _ projector: Projector<Plan>
  ) throws -> any RealImageProjector<Plan.Scalar> {
    guard let resolutionInAngstroms else { return projector }
    return try projector.limited(toResolutionInAngstroms: resolutionInAngstroms)
  }

  // MARK: In words

  /// What a method does to its object: "is projected as a sum of Gaussians".
  public func description(of method: Method) -> String {
    switch method {
    case .fourierSlice: "is projected by Fourier slices, \(interpolation.rawValue) ones"
    case .realVoxel: "is projected by a nonuniform FFT of its voxels"
    case .gaussian: "is projected as a sum of Gaussians"
    case .fftAtom: "is projected by a nonuniform FFT of its atoms"
    }
  }
}
