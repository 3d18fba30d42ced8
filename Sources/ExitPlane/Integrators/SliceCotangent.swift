/// What an image's way back leaves of a slice: the cotangent of the values that were sampled, until it is added to the
/// grid.
final class SliceCotangent<Scalar: GridScalar> {
  let shape: GridShape
  let half: AlignedBuffer<Scalar>
  /// Of the slice, kept as long as the plane that points to them.
  let factors: PhaseFactors<Scalar>
  private var plane: SlicePlane?
  private var corner: Scalar = 0
  private var zeroFrequency = 0.0

  init(_ shape: GridShape) throws {
    self.shape = shape
    half = try .half(shape)
    factors = PhaseFactors(shape)
  }

  /// Takes the cotangent of a slice that was sampled with these factors. Zero frequency, which is not sampled, is
  /// taken out of it.
  func take(_ cotangent: UnsafePointer<Scalar>, factors: PhaseFactors<Scalar>) {
    half.pointer.update(from: cotangent, count: half.count)
    self.factors.copy(factors)
    zeroFrequency = Double(cotangent[0]) * Double(factors.columns[0]) * Double(factors.rows[0])
    (half.pointer[0], half.pointer[1]) = (0, 0)
  }

  /// How a shift along x is in the Nyquist column.
  enum NyquistShift {
    /// The mean of both signs: a cosine, and its derivative to the shift in pixels.
    case cosine(Scalar, slope: Double)
    /// As in every other column, at +½.
    case frequency
    /// There is no such column.
    case none
  }

  /// `∂L/∂τ`, τ the shift in pixels: `Re(conj(g) ∂v/∂τ)` over the values v, in double precision row by row.
  ///
  /// - Parameters:
  ///   - values: with all their factors but the cosine of the Nyquist column, which the cotangent then takes up.
  ///   - nyquist: how the shift is in that column.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func shiftCotangent(
    of values: UnsafePointer<Scalar>, nyquist: NyquistShift
  ) -> SIMD2<Double> {
    let width = shape.spectrumColumns
    let inner = (shape.columns + 1) / 2
    var (alongX, alongY, atNyquist) = (0.0, 0.0, 0.0)
    for row in 0..<shape.rows {
      let (g, v) = (half.pointer + 2 &* width &* row, values + 2 &* width &* row)
      var (sum, moment): (Scalar, Scalar) = (0, 0)
      for column in 0..<inner {
        let product = g[2 &* column] * v[2 &* column &+ 1] - g[2 &* column &+ 1] * v[2 &* column]
        sum += product
        moment += Scalar(column) * product
      }
      if inner < width {
        let i = 2 &* inner
        if case .cosine(let cosine, let slope) = nyquist {
          atNyquist += slope * Double(g[i] * v[i] + g[i &+ 1] * v[i &+ 1])
          g[i] *= cosine
          g[i &+ 1] *= cosine
        }
        let product = g[i] * v[i &+ 1] - g[i &+ 1] * v[i]
        sum += product
        if case .frequency = nyquist { moment += Scalar(inner) * product }
      }
      alongX += Double(moment)
      alongY += Double(signedFrequency(row, of: shape.rows)) * Double(sum)
    }
    return SIMD2(
      2 * .pi * alongX / Double(shape.columns) + atNyquist, 2 * .pi * alongY / Double(shape.rows))
  }

  /// Keeps the plane on which the cotangent is added, and the corner apart, which lies elsewhere.
  func finish(on plane: SlicePlane, of samples: FourierSamples<Scalar>) {
    self.plane = plane
    corner = samples.takeCorner(of: plane, from: half.pointer)
  }

  /// Adds cotangents to a gradient, in their order on any number of threads.
  static func add(
    _ cotangents: [SliceCotangent], of samples: FourierSamples<Scalar>, outOfBounds: OutOfBoundsMode<Scalar>,
    to gradient: FourierSamplesGradient<Scalar>, threads: Int
  ) {
    let slabs = gradient.slabs(threads)
    // Threads only read them now.
    nonisolated(unsafe) let cotangents = cotangents
    parallelForEach(
      count: slabs.count, threads: threads, workspace: { () },
      body: { slab, _ in
        for cotangent in cotangents {
          guard let plane = cotangent.plane else { continue }
          samples.add(
            cotangent.half.pointer, on: plane, outOfBounds: outOfBounds, to: gradient.grid,
            planes: slabs[slab])
          samples.addCorner(
            cotangent.corner, of: plane, outOfBounds: outOfBounds, to: gradient.grid, planes: slabs[slab])
        }
      })
    for cotangent in cotangents { gradient.zeroFrequency += cotangent.zeroFrequency }
  }
}

/// What a slice leaves for its way back.
struct KeptSlice<Scalar: GridScalar> {
  /// As sampled.
  let values: AlignedBuffer<Scalar>
  let slopes: SliceSlopes<Scalar>

  init(_ shape: GridShape) throws {
    values = try .half(shape)
    slopes = try SliceSlopes(shape)
  }
}

extension GridShape {
  /// Multiplies the Nyquist column of a half spectrum of even width.
  func scaleNyquistColumn<Scalar: GridScalar>(_ half: UnsafeMutablePointer<Scalar>, by factor: Scalar) {
    for row in 0..<rows {
      let entry = half + 2 * (row * spectrumColumns + columns / 2)
      (entry[0], entry[1]) = (entry[0] * factor, entry[1] * factor)
    }
  }
}
