import RealModule

/// Renders atoms to a map in Fourier space: `Û(q) = (1/h³) Σ_types f(|q|) Σ_n w_n exp(−2πi q·r_n)`, sampled on a
/// cube of voxels by a nonuniform FFT.
///
/// The map is periodic and cut off sharply beyond its own frequencies, as images of `FFTAtomProjection` are.
public struct FFTAtomRendering<Scalar: GridScalar>: Sendable {
  /// Multiplies by `sinc(q_x h) sinc(q_y h) sinc(q_z h)`: the average over a voxel rather than the value at its
  /// centre.
  public var antialias: Bool
  /// The relative RMS error of the transforms; see `NonuniformFFT2D`.
  public var accuracy: Double
  /// Of the nonuniform FFT; all processors by default.
  public var options: NonuniformFFTOptions

  /// Options alone: rendering checks them.
  public init(
    antialias: Bool = true, eps accuracy: Double = 1e-6,
    options: NonuniformFFTOptions = NonuniformFFTOptions(threads: availableProcessors)
  ) {
    self.antialias = antialias
    self.accuracy = accuracy
    self.options = options
  }

  /// A map of `size³` voxels, its origin voxel at the atoms' origin, in Å⁻².
  ///
  /// - Throws: `.invalidValue` for a size or voxel size out of range, a scattering factor that is not finite or
  ///   a cube beyond memory, and as `NonuniformFFT2D` does.
  public func render(
    _ volume: IndependentAtomVolume, size: Int, voxelSizeInAngstroms h: Double
  ) throws -> RealVoxelGridVolume<Scalar> {
    let setup = try setup(volume, size: size, voxelSizeInAngstroms: h)
    let half = try AlignedBuffer<Scalar>(
      count: 2 * size * size * (size / 2 + 1), of: "the transform of \(size)³ voxels")
    try addSpectra(of: setup, voxelSize: h, to: half)
    if antialias { averageOverVoxels(half, size: size) }
    let real = try AlignedBuffer<Scalar>(count: size * size * size, of: "a map of \(size)³")
    try FFTPlan(.halfToRealCube(size: size)).execute(half.pointer, real.pointer)
    return try RealVoxelGridVolume(
      depth: size, rows: size, columns: size, voxelSizeInAngstroms: h, values: Array(real.buffer))
  }

  /// The transforms to make, and the grid for as many points as the largest has.
  struct Setup {
    let passes: [AtomPass<Scalar>]
    let points: Int
    let grid: SpreadingGrid3D<Scalar>
  }

  func setup(
    _ volume: IndependentAtomVolume, size: Int, voxelSizeInAngstroms h: Double
  ) throws -> Setup {
    try validatePositive("voxel size", h, unit: "Å")
    _ = try GridShape(square: size)
    try WindowKernel<Scalar>.validate(tolerance: accuracy)
    let passes: [AtomPass<Scalar>] = try volume.passes(
      upTo: 0.75.squareRoot() / h, accuracy: accuracy, samples: 8 * size * size * size)
    let most = passes.reduce(0) { max($0, $1.count) }
    return Setup(
      passes: passes, points: most,
      grid: try SpreadingGrid3D<Scalar>(size: size, accuracy: accuracy, options: options, points: most))
  }

  /// What a pass's transform is multiplied by at the squares of frequencies, the inverse transform's factor included.
  func factors(_ pass: AtomPass<Scalar>, size: Int, voxelSize h: Double) throws -> [Double] {
    let corner = 3 * (size / 2) * (size / 2)
    let scale = 1 / (h * h * h * Double(size) * Double(size) * Double(size))
    return try (0...corner).map { square in
      scale
        * (try finiteScatteringFactor(pass.factor, at: Double(square).squareRoot() / (Double(size) * h)))
    }
  }

  private func addSpectra(of setup: Setup, voxelSize h: Double, to half: AlignedBuffer<Scalar>) throws {
    let workspace = try SpreadingGrid3D<Scalar>.Workspace(setup.grid, points: setup.points)
    let size = setup.grid.size
    for pass in setup.passes {
      setup.grid.spread(
        x: pass.x, y: pass.y, z: pass.z, origin: Double(originOffset(size)), scale: 1 / h,
        strengths: pass.strengths, into: workspace)
      try setup.grid.transform(
        workspace, factorOfSquare: factors(pass, size: size, voxelSize: h), addingTo: half.pointer)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func averageOverVoxels(_ half: AlignedBuffer<Scalar>, size: Int) {
    let columns = size / 2 + 1
    let factors = (0..<size).map { Scalar(sinc(Double(signedFrequency($0, of: size)) / Double(size))) }
    let p = half.pointer
    for z in 0..<size {
      for y in 0..<size {
        let row = p + 2 * (z * size + y) * columns
        let weight = factors[z] * factors[y]
        // The sinc is even: entry x stands for its negative as well.
        for x in 0..<columns {
          row[2 &* x] *= weight * factors[x]
          row[2 &* x &+ 1] *= weight * factors[x]
        }
      }
    }
  }
}
