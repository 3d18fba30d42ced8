import RealModule

/// The grid that gathering takes: the one on which a number of poses costs least, its preparation included.
struct RealVoxelGatheringChoice<Scalar: GridScalar> {
  let oversampling: Double
  private let gridSize: Int
  private let width: Int

  /// - Throws: `.unsupported` where the map is too large, the window's width is given or the oversampling cannot
  ///   keep the accuracy.
  init(
    for volume: RealVoxelGridVolume<Scalar>, accuracy: Double, options: NonuniformFFTOptions, poses: Int
  ) throws {
    try WindowKernel<Scalar>.validate(tolerance: accuracy)
    guard options.windowWidth == nil else {
      throw ExitPlaneError(
        .unsupported, "a window width is for spreading; gathering takes its own from the accuracy")
    }
    let size = max(volume.depth, volume.rows, volume.columns)
    guard size <= 1200 else {
      throw ExitPlaneError(
        .unsupported, "gathering is for maps of at most 1200 voxels an axis, not \(size): spread them")
    }
    var best: (cost: Double, choice: Self)?
    for oversampling in options.oversampling.map({ [$0] }) ?? [1.25, 1.5, 1.75, 2] {
      guard
        let grid = try? WindowGrid<Scalar>.make(
          mapSize: size, accuracy: accuracy, oversampling: oversampling)
      else { continue }
      let choice = Self(oversampling: oversampling, gridSize: grid.size, width: grid.kernel.width)
      let cost = choice.cost(poses: poses, pixels: size * size)
      if cost < best?.cost ?? .infinity { best = (cost, choice) }
    }
    guard let best else {
      throw ExitPlaneError(
        .unsupported,
        "no window keeps an accuracy of \(accuracy) at an oversampling of \(options.oversampling ?? 2)")
    }
    self = best.choice
  }

  private init(oversampling: Double, gridSize: Int, width: Int) {
    self.oversampling = oversampling
    self.gridSize = gridSize
    self.width = width
  }

  /// Whether the transform is within 4 GiB, and so is held without a thought.
  var isEasilyHeld: Bool {
    let samples = Double(gridSize) * Double(gridSize) * Double(gridSize)
    return samples * Double(MemoryLayout<Scalar>.stride) < 4 * 0x1p30
  }

  func cost(poses: Int, onto plane: ImageConfiguration) -> Double {
    cost(poses: poses, pixels: plane.paddedShape.count)
  }

  /// Nanoseconds on one core, roughly.
  private func cost(poses: Int, pixels: Int) -> Double {
    let bytes = Double(MemoryLayout<Scalar>.stride)
    let samples = Double(gridSize) * Double(gridSize) * Double(gridSize)
    let vectors = max(1, (Double(width) * bytes / 16).rounded(.up))
    let point = 0.7 * Double(width * width) * vectors
    return samples * bytes * 2 + Double(max(poses, 1)) * Double(pixels) * (point / 2 + 5)
  }
}

/// Gathers the image's frequencies from one oversampled transform of the map: the same sum as spreading, as a
/// nonuniform transform of type 2.
struct RealVoxelGathering<Scalar: GridScalar>: Sendable {
  let plane: ImageConfiguration
  let transform: FourierVoxelWindowVolume<Scalar>
  let geometry: SliceGeometry

  /// - Parameter oversampling: of the map's transform; nil for that of the least cost a pose.
  init(
    volume: RealVoxelGridVolume<Scalar>, plane: ImageConfiguration, accuracy: Double, oversampling: Double?,
    threads: Int
  ) throws {
    self.plane = plane
    transform = try FourierVoxelWindowVolume(
      volume.paddedToCube(), accuracy: accuracy, oversampling: oversampling, threads: threads)
    geometry = try SliceGeometry(
      transform.layout, onto: plane, sliceGrid: .image, outputsIntegral: true, resamples: false,
      resolutionInAngstroms: nil)
  }

  /// The plain sum times a factor, its phases referred to the origin's pixel or, with `fromCentre`, to the
  /// first. Its Nyquist column is that of +½ and wants averaging with its conjugate partners.
  func transform(
    at pose: Pose, fromCentre: Bool, scale: Double, factors: PhaseFactors<Scalar>,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let (slice, origin) = prepareSlice(at: pose, fromCentre: fromCentre, scale: scale, factors)
    transform.samples.sample(slice, outOfBounds: .zero, into: half)
    (half[0], half[1]) = (origin, 0)
    transform.samples.sampleCorner(of: slice, outOfBounds: .zero, into: half)
  }

  /// The plane to sample, its factors set, and the value at zero frequency.
  func prepareSlice(
    at pose: Pose, fromCentre: Bool, scale: Double, _ factors: PhaseFactors<Scalar>
  ) -> (plane: SlicePlane, origin: Scalar) {
    let shift = pose.shiftInAngstroms / plane.pixelSizeInAngstroms
    let scale = scale * geometry.scale
    factors.set(shiftInPixels: shift, fromCentre: fromCentre, scale: scale)
    if plane.paddedShape.columns % 2 == 0 {
      setNyquist(factors, shift: shift.x, fromCentre: fromCentre, scale: scale)
    }
    return (geometry.plane(at: pose.rotation, factors: factors), Scalar(transform.zeroFrequency * scale))
  }

  /// The Nyquist column's factor for every voxel shifted by itself: the average with the conjugate partner
  /// makes of it what the sum at −½ becomes. A shift of the finished image multiplies by a cosine instead.
  private func setNyquist(
    _ factors: PhaseFactors<Scalar>, shift: Double, fromCentre: Bool, scale: Double
  ) {
    let columns = plane.paddedShape.columns
    let sign: Double = fromCentre && originOffset(columns) % 2 == 1 ? -1 : 1
    factors.columns[columns] = Scalar(scale * sign * Double.cos(.pi * shift))
    factors.columns[columns + 1] = Scalar(-scale * sign * Double.sin(.pi * shift))
  }
}

extension RealVoxelGridVolume.Layout {
  /// The map's voxels in the cube of its longest axis: first of each axis, depth first, and the cube's side.
  var placeInCube: (first: SIMD3<Int>, size: Int) {
    let size = max(depth, rows, columns)
    func first(_ length: Int) -> Int { originOffset(size) - originOffset(length) }
    return (SIMD3(first(depth), first(rows), first(columns)), size)
  }
}

extension RealVoxelGridVolume {
  /// The map with zeros about it, its origin at the cube's.
  fileprivate func paddedToCube() throws -> RealVoxelGridVolume {
    guard !isCubic else { return self }
    let (first, size) = layout.placeInCube
    var cube = [Scalar](repeating: 0, count: size * size * size)
    for z in 0..<depth {
      for y in 0..<rows {
        let source = (z * rows + y) * columns
        let target = ((z + first.x) * size + y + first.y) * size + first.z
        cube.replaceSubrange(target..<(target + columns), with: values[source..<(source + columns)])
      }
    }
    return try RealVoxelGridVolume(
      depth: size, rows: size, columns: size, voxelSizeInAngstroms: voxelSizeInAngstroms, values: cube)
  }
}
