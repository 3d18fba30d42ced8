import ExitPlane
import ExitPlaneIO

extension Measurement {
  /// Milliseconds an image for `½ |P − y|²` and its gradients to the volume and the pose together.
  func milliseconds(
    ofGradient workload: GradientWorkload, _ threads: Int, _ setting: SliceSetting
  ) throws -> Double {
    switch workload {
    case .slice(let box, let interpolation):
      let map = try noiseMap(box: box)
      let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
      switch interpolation {
      case .linear:
        return try timeSlices(
          of: FourierVoxelGridVolume(map, padScale: setting.padScale), onto: plane, threads)
      case .cubic:
        return try timeSlices(
          of: FourierVoxelSplineVolume(map, padScale: setting.padScale), onto: plane, threads)
      case .exact:
        return try timeSlices(
          of: FourierVoxelWindowVolume(map, accuracy: setting.accuracy), onto: plane, threads)
      }
    case .realVoxel(let box):
      let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
      return try time(RealVoxelProjection<Scalar>(), of: noiseMap(box: box), onto: plane, threads)
    case .gaussian(let atoms):
      let plane = try ImageConfiguration(shape: GridShape(square: 256), pixelSizeInAngstroms: 1)
      return try time(
        GaussianMixtureProjection<Scalar>(gradientParts: .positions),
        of: GaussianMixtureVolume(ballOfAtoms(count: atoms)), onto: plane, threads)
    case .fftAtom(let atoms):
      let plane = try ImageConfiguration(shape: GridShape(square: 256), pixelSizeInAngstroms: 1)
      return try time(
        FFTAtomProjection<Scalar>(), of: IndependentAtomVolume(ballOfAtoms(count: atoms)), onto: plane,
        threads)
    }
  }

  /// Milliseconds an image for inserting data and weights into the grid.
  func milliseconds(
    ofInsertion interpolation: Projecting.Interpolation, box: Int, _ threads: Int, _ setting: SliceSetting
  ) throws -> Double {
    let map = try noiseMap(box: box)
    switch interpolation {
    case .linear:
      return try timeInsertion(like: FourierVoxelGridVolume(map, padScale: setting.padScale), box, threads)
    case .cubic:
      return try timeInsertion(like: FourierVoxelSplineVolume(map, padScale: setting.padScale), box, threads)
    case .exact:
      return try timeInsertion(
        like: FourierVoxelWindowVolume(map, accuracy: setting.accuracy), box, threads)
    }
  }

  private func timeSlices<Volume: FourierSliceVolume>(
    of volume: Volume, onto plane: ImageConfiguration, _ threads: Int
  ) throws -> Double where Volume.Scalar == Scalar {
    try time(FourierSliceExtraction<Volume>(), of: volume, onto: plane, threads)
  }

  private func time<Integrator: VolumeIntegrator>(
    _ integrator: Integrator, of volume: Integrator.Volume, onto plane: ImageConfiguration, _ threads: Int
  ) throws -> Double where Integrator.Plan: DifferentiablePlan, Integrator.Plan.Scalar == Scalar {
    let projector = try integrator.makeProjector(for: volume, onto: plane)
    let objective = try LeastSquares(projector.plan)
    var gradient: Integrator.Plan.Gradient? = try projector.plan.makeGradient(for: projector.prepared)
    let image = noise(count: plane.shape.count)
    return try bestMilliseconds { count in
      _ = try objective.evaluate(
        projector.prepared, count: count, threads: threads, addingTo: &gradient
      ) { index, pixels in
        _ = pixels.update(fromContentsOf: image)
        return .init(
          pose: Pose(
            rotation: .random(seed: 1, index: index),
            shiftInAngstroms: SIMD2(Double(index % 7) / 3 - 1, Double(index % 5) / 3 - 0.6)))
      }
    }
  }

  private func timeInsertion<Volume: FourierSliceVolume>(
    like volume: Volume, _ box: Int, _ threads: Int
  ) throws -> Double where Volume.Scalar == Scalar {
    let plane = try ImageConfiguration(shape: GridShape(square: box), pixelSizeInAngstroms: 1)
    let insertion = try SliceInsertion(like: volume, from: plane)
    let (data, weights) = (try insertion.makeSums(), try insertion.makeSums())
    let spectrum = noise(count: 2 * box * (box / 2 + 1))
    return try bestMilliseconds { count in
      try insertion.insert(count: count, threads: threads, into: data, weights: weights) {
        index, half, entries in
        _ = half.update(fromContentsOf: spectrum)
        entries.update(repeating: 1)
        return Pose(rotation: .random(seed: 1, index: index))
      }
    }
  }
}

/// What gradients are taken of; sizes as for projections.
enum GradientWorkload: Sendable {
  case slice(box: Int, Projecting.Interpolation)
  case realVoxel(box: Int)
  /// To the atoms' positions.
  case gaussian(atoms: Int)
  case fftAtom(atoms: Int)
}
