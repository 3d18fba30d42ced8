extension FFTAtomRendering {
  /// The transpose of `render`: what a loss changes with the atoms of a map, in the caller's order.
  ///
  /// - Parameters:
  ///   - cotangent: `∂L/∂` of each voxel of the map that `render` makes of the volume; a cube.
  ///   - volume: the atoms that were rendered.
  /// - Throws: as `render` does; `.invalidValue` for a map that is not a cube.
  public func pullBack(
    _ cotangent: RealVoxelGridVolume<Scalar>, to volume: IndependentAtomVolume
  ) throws -> IndependentAtomVolume.Gradient {
    guard cotangent.isCubic else {
      throw ExitPlaneError.invalid(
        "cotangent of a map", got: cotangent.shapeDescription, need: "a cube, as rendered maps are")
    }
    let (size, h) = (cotangent.columns, cotangent.voxelSizeInAngstroms)
    let setup = try setup(volume, size: size, voxelSizeInAngstroms: h)
    let real = try AlignedBuffer<Scalar>(count: size * size * size, of: "a map of \(size)³")
    _ = real.buffer.update(fromContentsOf: cotangent.values)
    let half = try AlignedBuffer<Scalar>(
      count: 2 * size * size * (size / 2 + 1), of: "the transform of \(size)³ voxels")
    try FFTPlan(.realToHalfCube(size: size)).execute(real.pointer, half.pointer)
    // An inverse real transform counts the columns between 0 and Nyquist twice, and with it its transpose.
    scaleInnerColumns(half, size: size)
    if antialias { averageOverVoxels(half, size: size) }
    return try gradient(half.pointer, of: volume, setup, size: size, voxelSize: h)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func scaleInnerColumns(_ half: AlignedBuffer<Scalar>, size: Int) {
    let columns = size / 2 + 1
    for row in 0..<(size * size) {
      let line = half.pointer + 2 * row * columns
      for i in 2..<max(2, 2 * ((size + 1) / 2)) { line[i] *= 2 }
    }
  }

  private func gradient(
    _ half: UnsafePointer<Scalar>, of volume: IndependentAtomVolume, _ setup: Setup, size: Int,
    voxelSize h: Double
  ) throws -> IndependentAtomVolume.Gradient {
    let workspace = try SpreadingGrid3D<Scalar>.Workspace(setup.grid, points: setup.points)
    var positions = [SIMD3<Double>](repeating: SIMD3(0, 0, 0), count: volume.atomCount)
    var weights = [Double](repeating: 0, count: volume.atomCount)
    func buffer() throws -> AlignedBuffer<Scalar> {
      try AlignedBuffer(count: setup.points, of: "the gradient of \(setup.points) atoms")
    }
    let (x, y, z, values) = (try buffer(), try buffer(), try buffer(), try buffer())
    for pass in setup.passes {
      try setup.grid.transformTranspose(
        of: half, factorOfSquare: factors(pass, size: size, voxelSize: h), workspace)
      setup.grid.interpolate(
        x: pass.x, y: pass.y, z: pass.z, origin: Double(originOffset(size)), scale: 1 / h,
        strengths: pass.strengths, workspace, values: values.pointer,
        slopes: [x.pointer, y.pointer, z.pointer])
      withExtendedLifetime((x, y, z, values)) {
        for (index, atom) in pass.atoms.enumerated() {
          positions[Int(atom)] += SIMD3(
            Double(x.pointer[index]), Double(y.pointer[index]), Double(z.pointer[index]))
          weights[Int(atom)] += Double(
            values.pointer[index] * (pass.strengthsOfUnitWeights?[index] ?? 1))
        }
      }
    }
    return IndependentAtomVolume.Gradient(
      positionsInAngstroms: positions, weights: weights, atomCounts: volume.types.map(\.count))
  }
}
