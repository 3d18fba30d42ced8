import ComplexModule

/// The transform of a cubic map on an optionally zero-padded grid, for linear interpolation.
///
/// Half of it is stored (`HermitianGrid`): a 256³ map padded by 2 takes 0.55 GB in single precision.
public struct FourierVoxelGridVolume<Scalar: GridScalar>: FourierSliceVolume {
  /// Voxels an axis of the map.
  public let mapSize: Int
  /// Of the map.
  public let voxelSizeInAngstroms: Double
  /// Whether the map was divided by what interpolation does to it.
  public let hasGriddingCorrection: Bool
  /// `Int(mapSize · padScale)` an axis.
  public let samples: FourierSamples<Scalar>
  private let preparation: MapPreparation<Scalar>
  public static var takesInverseSincMask: Bool { true }

  /// Transforms a map.
  ///
  /// - Parameters:
  ///   - map: cubic, of even or odd size.
  ///   - padScale: at least 1; the transform is that of the map in a box of `Int(size · padScale)`.
  ///   - griddingCorrection: divides the map by `sinc²(x / gridSize)` on every axis first, which undoes,
  ///     on average over directions, the fall-off that linear interpolation causes (Docs/Accuracy.md).
  ///   - filter: multiplies the transform, as a function of the radius in 1/Å.
  ///   - threads: how many at the most; the result does not depend on it.
  /// - Throws: `.unsupported` for a map that is not cubic, `.invalidValue` for padding below 1 or a grid
  ///   beyond memory.
  public init(
    _ map: RealVoxelGridVolume<Scalar>, padScale: Double = 1, griddingCorrection: Bool = false,
    filter: (@Sendable (_ frequencyInInverseAngstroms: Double) -> Double)? = nil,
    threads: Int = availableProcessors
  ) throws {
    let size = try paddedGridSize(of: map, padScale: padScale)
    mapSize = map.columns
    voxelSizeInAngstroms = map.voxelSizeInAngstroms
    hasGriddingCorrection = griddingCorrection
    let weights: [Scalar]? =
      griddingCorrection
      ? (0..<mapSize).map { i in
        let s = sinc(Double(i - originOffset(map.columns)) / Double(size))
        return Scalar(1 / (s * s))
      } : nil
    preparation = MapPreparation(
      size: mapSize, voxelSizeInAngstroms: voxelSizeInAngstroms, axisWeights: weights, filter: filter)
    let (grid, sum) = try preparation.transform(map, gridSize: size, border: .linear, threads: threads)
    samples = FourierSamples(
      grid: grid, interpolation: .linear, window: try .linear(half: grid.half), zeroFrequency: sum)
  }

  /// The transform at a frequency given in samples of the grid, each in `−n/2…n/2`; zero outside.
  public subscript(z: Int, y: Int, x: Int) -> Complex<Scalar> {
    max(abs(x), abs(y), abs(z)) <= samples.grid.half ? samples.stored(SIMD3(x, y, z)) : .zero
  }

  public func voxelGradient(
    of gradient: FourierSamplesGradient<Scalar>, threads: Int = availableProcessors
  ) throws -> [Scalar] {
    try requireGradient(gradient, of: samples)
    return try preparation.voxelGradient(of: gradient, threads: threads)
  }
}

/// - Throws: `.unsupported` for a map that is not cubic, `.invalidValue` for padding below 1 or beyond reason.
func paddedGridSize<Scalar>(of map: RealVoxelGridVolume<Scalar>, padScale: Double) throws -> Int {
  guard map.isCubic else {
    throw ExitPlaneError(
      .unsupported,
      "the map is \(map.shapeDescription); Fourier volumes need a cubic map: pad it to \(max(map.depth, map.rows, map.columns))³"
    )
  }
  guard padScale.isFinite, (1...16).contains(padScale) else {
    throw ExitPlaneError.invalid("pad scale", got: "\(padScale)", need: "1 to 16")
  }
  return Int(Double(map.columns) * padScale)
}

/// `sin(πu) / (πu)`.
func sinc(_ u: Double) -> Double {
  u == 0 ? 1 : Double.sin(.pi * u) / (.pi * u)
}

extension HermitianGrid {
  /// The transform of a cubic map, weighted per axis and zero-padded, written into its final place.
  ///
  /// Plane by plane: a two-dimensional transform of each of the map's slabs (the padding's are zero and
  /// skipped), stored at its depth; then transforms along z, a row of x at a time. Beside the result only
  /// a plane or two a thread is needed, where a transform of the padded cube would need another copy.
  static func transform(
    of map: RealVoxelGridVolume<Scalar>, size n: Int, border: Border = .linear, axisWeights: [Scalar]?,
    threads: Int
  ) throws -> HermitianGrid {
    let grid = try HermitianGrid(size: n, border: border)
    let m = map.columns
    let shape = try GridShape(square: n)
    let fft = try FFTPlan<Scalar>(.realToHalf(shape))
    let columns = shape.spectrumColumns

    try parallelForEach(
      count: m, threads: threads,
      workspace: {
        (
          try AlignedBuffer<Scalar>(count: n * n, of: "a plane of \(shape)"),
          try AlignedBuffer<Scalar>(count: 2 * n * columns, of: "a plane of \(shape)")
        )
      },
      body: { z, scratch in
        let (real, half) = (scratch.0.pointer, scratch.1.pointer)
        placeSlab(map, z: z, weights: axisWeights, into: real, size: n)
        fft.execute(real, half)
        // The slab's depth from the origin is its plane; the z transform reads it from there.
        grid.storePlane(half, z: z - originOffset(m))
      })

    let columnFFT = try FFTPlan<Scalar>(.columns(length: n, width: columns, stride: columns))
    try parallelForEach(
      count: 2 * grid.half + 1, threads: threads,
      workspace: { try AlignedBuffer<Scalar>(count: 2 * n * columns, of: "a plane of \(shape)") },
      body: { row, scratch in
        grid.transformRow(
          y: row - grid.half, slabs: -originOffset(m)..<(m - originOffset(m)), fft: columnFFT,
          scratch: scratch.pointer)
      })
    for x in n % 2 == 0 ? [0, grid.half] : [0] { grid.makeHermitian(x: x, reach: grid.half) }
    return grid
  }

  /// Writes slab `z` with its origin sample at (0, 0), so that phases are referred to the origin.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func placeSlab(
    _ map: RealVoxelGridVolume<Scalar>, z: Int, weights: [Scalar]?, into real: UnsafeMutablePointer<Scalar>,
    size n: Int
  ) {
    let m = map.columns
    let centre = originOffset(m)
    real.update(repeating: 0, count: n * n)
    map.values.withUnsafeBufferPointer { values in
      for y in 0..<m {
        let row = real + (y >= centre ? y - centre : y - centre + n) * n
        let source = values.baseAddress! + (z * m + y) * m
        if let weights {
          weights.withUnsafeBufferPointer { weights in
            let weight = weights[z] * weights[y]
            for x in centre..<m { row[x &- centre] = source[x] * (weight * weights[x]) }
            for x in 0..<centre { row[x &- centre &+ n] = source[x] * (weight * weights[x]) }
          }
        } else {
          row.update(from: source + centre, count: m - centre)
          (row + (n - centre)).update(from: source, count: centre)
        }
      }
    }
  }

  /// Copies a half spectrum to the plane `z`, its rows in order of signed frequency.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func storePlane(_ half: UnsafeMutablePointer<Scalar>, z: Int) {
    let columns = size / 2 + 1
    for y in -self.half...self.half {
      // For an even size −n/2 and +n/2 meet in one row, which so is stored twice.
      setRow(y: y, z: z, from: half + 2 * columns * (y < 0 ? y + size : y), count: columns)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformRow(
    y: Int, slabs: Range<Int>, fft: FFTPlan<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) {
    let columns = size / 2 + 1
    scratch.update(repeating: 0, count: 2 * columns * size)
    for z in slabs {
      readRow(y: y, z: z, into: scratch + 2 * columns * (z < 0 ? z + size : z), count: columns)
    }
    fft.execute(scratch)
    for z in -half...half {
      setRow(y: y, z: z, from: scratch + 2 * columns * (z < 0 ? z + size : z), count: columns)
    }
  }

  func multiply(
    by filter: @Sendable (Double) -> Double, voxelSizeInAngstroms h: Double, threads: Int
  ) {
    let step = 1 / (Double(size) * h)
    parallelForEach(
      count: 2 * half + 1, threads: threads, workspace: { () },
      body: { plane, _ in
        let z = plane - half
        for y in -half...half {
          for x in 0...half {
            let value = Scalar(filter(step * Double(x * x + y * y + z * z).squareRoot()))
            let i = index(x: x, y: y, z: z)
            storage.pointer[i] *= value
            storage.pointer[i + 1] *= value
          }
        }
      })
  }
}
