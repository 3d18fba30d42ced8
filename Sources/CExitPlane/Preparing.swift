// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Functions have the names that the header gives them.

import CExitPlaneHeader
import ExitPlane

@c @implementation
public func exitplane_prepare_slices(
  _ map: UnsafePointer<exitplane_map>!, _ plane: UnsafePointer<exitplane_plane>!,
  _ options: UnsafePointer<exitplane_slice_options>!, _ threads: Int32,
  _ projector: UnsafeMutablePointer<exitplane_handle>!, _ message: UnsafeMutablePointer<CChar>!,
  _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let map = try required(map, "map").pointee
    let plane = try required(plane, "plane").pointee.configuration()
    let options = try required(options, "options").pointee
    let target = try required(projector, "projector")
    let threads = try threadCount(threads)
    target.pointee =
      try isDouble(map.scalar)
      ? Handles.add(sliceProjector(map.volume(as: Double.self), plane, options, threads))
      : Handles.add(sliceProjector(map.volume(as: Float.self), plane, options, threads))
  }
}

private func sliceProjector<Scalar: GridScalar>(
  _ map: RealVoxelGridVolume<Scalar>, _ plane: ImageConfiguration, _ options: exitplane_slice_options,
  _ threads: Int
) throws -> any AnyProjector {
  var wishes = Projecting()
  wishes.interpolation = try choice(options.interpolation, of: [.linear, .cubic, .exact], "interpolation")
  if options.pad_scale != 0 { wishes.padScale = options.pad_scale }
  if options.accuracy != 0 { wishes.accuracy = options.accuracy }
  wishes.correctsGridding = options.corrects_gridding != 0
  let (padScale, count) = (wishes.padScale(mapSize: map.columns), map.values.count)
  switch wishes.interpolation {
  case .linear:
    return try projector(
      of: FourierVoxelGridVolume(
        map, padScale: padScale, griddingCorrection: wishes.correctsGridding, threads: threads),
      voxels: count, plane, options)
  case .cubic:
    return try projector(
      of: FourierVoxelSplineVolume(
        map, padScale: padScale, prefilter: wishes.correctsGridding ? .griddingCorrected : .natural,
        threads: threads), voxels: count, plane, options)
  case .exact:
    return try projector(
      of: FourierVoxelWindowVolume(map, accuracy: wishes.accuracy(of: .fourierSlice), threads: threads),
      voxels: count, plane, options)
  }
}

private func projector<Volume: FourierSliceVolume>(
  of volume: Volume, voxels count: Int, _ plane: ImageConfiguration, _ options: exitplane_slice_options
) throws -> any AnyProjector {
  let projector = try FourierSliceExtraction<Volume>(
    outputsIntegral: options.outputs_integral != 0,
    sliceGrid: choice(options.slice_grid, of: [.image, .volume], "slice grid"),
    resamples: options.resamples != 0,
    resolutionInAngstroms: options.resolution == 0 ? nil : options.resolution
  ).makeProjector(for: volume, onto: plane)
  return OpenProjector(
    projector,
    .init(
      parts: { [("voxels", count)] },
      write: { gradient, buffers, threads in
        try buffers.write(0, volume.voxelGradient(of: gradient, threads: threads))
      }), elements: Volume.Scalar.self)
}

@c @implementation
public func exitplane_prepare_voxels(
  _ map: UnsafePointer<exitplane_map>!, _ plane: UnsafePointer<exitplane_plane>!,
  _ options: UnsafePointer<exitplane_voxel_options>!, _ threads: Int32,
  _ projector: UnsafeMutablePointer<exitplane_handle>!, _ message: UnsafeMutablePointer<CChar>!,
  _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let map = try required(map, "map").pointee
    let plane = try required(plane, "plane").pointee.configuration()
    let options = try required(options, "options").pointee
    let target = try required(projector, "projector")
    let threads = try threadCount(threads)
    target.pointee =
      try isDouble(map.scalar)
      ? Handles.add(voxelProjector(map.volume(as: Double.self), plane, options, threads))
      : Handles.add(voxelProjector(map.volume(as: Float.self), plane, options, threads))
  }
}

private func voxelProjector<Scalar: GridScalar>(
  _ map: RealVoxelGridVolume<Scalar>, _ plane: ImageConfiguration, _ options: exitplane_voxel_options,
  _ threads: Int
) throws -> OpenProjector<RealVoxelPlan<Scalar>, Scalar> {
  guard options.expected_poses >= 0 else {
    throw ExitPlaneError.invalid("expected poses", got: "\(options.expected_poses)", need: "0 or more")
  }
  let projector = try RealVoxelProjection<Scalar>(
    eps: unlessZero(options.accuracy, Projecting().accuracy(of: .realVoxel)),
    algorithm: choice(options.algorithm, of: [.automatic, .spreading, .gathering], "algorithm"),
    preparationThreads: threads
  ).makeProjector(
    for: map, onto: plane,
    expectedPoses: options.expected_poses == 0 ? nil : Int(options.expected_poses))
  let count = map.values.count
  return OpenProjector(
    projector,
    .init(
      parts: { [("voxels", count)] },
      write: { gradient, buffers, threads in try buffers.write(0, gradient.values(threads: threads)) }),
    elements: Scalar.self)
}

@c @implementation
public func exitplane_prepare_gaussians(
  _ mixture: UnsafePointer<exitplane_gaussian_mixture>!, _ plane: UnsafePointer<exitplane_plane>!,
  _ options: UnsafePointer<exitplane_gaussian_options>!, _ projector: UnsafeMutablePointer<exitplane_handle>!,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let mixture = try required(mixture, "mixture").pointee
    let plane = try required(plane, "plane").pointee.configuration()
    let options = try required(options, "options").pointee
    let target = try required(projector, "projector")
    let volume = try mixture.volume()
    target.pointee =
      try isDouble(options.scalar)
      ? Handles.add(gaussianProjector(volume, plane, options, as: Double.self))
      : Handles.add(gaussianProjector(volume, plane, options, as: Float.self))
  }
}

extension exitplane_gaussian_mixture {
  func volume() throws -> GaussianMixtureVolume {
    let numbers = try product(count, gaussians, of: "Gaussians")
    return try GaussianMixtureVolume(
      positions: points(elements(positions, product(count, 3, of: "coordinates"), of: "positions")),
      gaussiansPerPosition: Int(gaussians),
      amplitudes: Array(elements(amplitudes, numbers, of: "amplitudes")),
      variances: Array(elements(variances, numbers, of: "variances")))
  }
}

private func gaussianProjector<Scalar: GridScalar>(
  _ volume: GaussianMixtureVolume, _ plane: ImageConfiguration, _ options: exitplane_gaussian_options,
  as _: Scalar.Type
) throws -> OpenProjector<GaussianMixturePlan<Scalar>, Double> {
  var integrator = GaussianMixtureProjection<Scalar>(
    useErrorFunctions: options.uses_error_functions != 0,
    shape: try shapeUnlessZero(options.rows, options.columns),
    upsamplingFactor: Int(clamping: options.upsampling_factor),
    accuracy: unlessZero(options.accuracy, Projecting().accuracy(of: .gaussian)))
  let projector = try integrator.makeProjector(for: volume, onto: plane)
  integrator.gradientParts = .positions
  // The volume is prepared alike whatever its gradients hold.
  let ofPositions = Projector(
    try integrator.makePlan(for: volume.layout, onto: plane), prepared: projector.prepared)
  let (count, numbers) = (
    volume.positionsInAngstroms.count, volume.positionsInAngstroms.count * volume.gaussiansPerPosition
  )
  return OpenProjector(
    projector,
    .init(
      parts: { [("positions", 3 * count), ("amplitudes", numbers), ("variances", numbers)] },
      write: { gradient, buffers, _ in
        let values = gradient.values()
        try buffers.write(0, coordinates(values.positions))
        try buffers.write(1, values.amplitudes)
        try buffers.write(2, values.variances)
      }), elements: Double.self,
    projectorFor: { $0.isAsked(1) || $0.isAsked(2) ? projector : ofPositions })
}

@c @implementation
public func exitplane_prepare_atoms(
  _ atoms: UnsafePointer<exitplane_atoms>!, _ plane: UnsafePointer<exitplane_plane>!,
  _ options: UnsafePointer<exitplane_atom_options>!, _ projector: UnsafeMutablePointer<exitplane_handle>!,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let atoms = try AtomsByType(required(atoms, "atoms").pointee)
    let plane = try required(plane, "plane").pointee.configuration()
    let options = try required(options, "options").pointee
    let target = try required(projector, "projector")
    target.pointee =
      try isDouble(options.scalar)
      ? Handles.add(atomProjector(atoms, plane, options, as: Double.self))
      : Handles.add(atomProjector(atoms, plane, options, as: Float.self))
  }
}

private func atomProjector<Scalar: GridScalar>(
  _ atoms: AtomsByType, _ plane: ImageConfiguration, _ options: exitplane_atom_options, as _: Scalar.Type
) throws -> OpenProjector<FFTAtomPlan<Scalar>, Double> {
  var integrator = FFTAtomProjection<Scalar>(
    antialias: options.antialias != 0, upsampleFactor: Int(clamping: options.upsample_factor),
    shape: try shapeUnlessZero(options.rows, options.columns),
    eps: unlessZero(options.accuracy, Projecting().accuracy(of: .fftAtom)))
  let differentiatesFactors = options.differentiates_factors != 0
  integrator.differentiatesScatteringFactors = differentiatesFactors
  let projector = try integrator.makeProjector(for: atoms.volume, onto: plane)
  return OpenProjector(
    projector,
    .init(
      parts: { atoms.parts },
      write: { gradient, buffers, _ in try atoms.write(gradient.volume, to: buffers) }),
    elements: Double.self,
    projectorFor: { buffers in
      guard differentiatesFactors || !(buffers.isAsked(2) || buffers.isAsked(3)) else {
        throw ExitPlaneError.mismatch(
          "gradients to amplitudes or variances are asked for", "prepare with differentiates_factors")
      }
      return projector
    })
}

func coordinates(_ points: [SIMD3<Double>]) -> [Double] { points.flatMap { [$0.x, $0.y, $0.z] } }
