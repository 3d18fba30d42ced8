import CKernels
import ComplexModule

extension NonuniformFFT2D {
  /// What a loss changes with the points of a transform: `∂L/∂` of each number.
  public struct Gradient: Sendable, Hashable {
    /// A strength a point.
    public let strengths: [Scalar]
    /// Per pixel; a coordinate a point.
    public let x: [Scalar]
    /// Per pixel; a coordinate a point.
    public let y: [Scalar]
  }

  /// The transpose of `transform` of real strengths, and the slopes by the points.
  ///
  /// - Parameters:
  ///   - cotangent: `∂L/∂` of the half spectrum, entries each for itself, real and imaginary parts as two.
  ///   - x: in pixels, those that were transformed.
  ///   - y: likewise.
  ///   - strengths: of the points, those that were transformed.
  /// - Throws: as `transform` does; `.mismatch` for a spectrum of another shape.
  public func pullBack(
    _ cotangent: HalfSpectrum<Scalar>, x: [Double], y: [Double], strengths: [Scalar]
  ) throws -> Gradient {
    try requireShape(cotangent.shape)
    try requireOneOfEach(x, y, strengths: strengths.count)
    let half = try buffer(of: cotangent)
    shape.symmetrize(half.pointer)
    return try withWorkspace(points: x.count) { workspace, periodic in
      grid.transformTranspose(of: half.pointer, scale: 1, workspace, into: periodic)
      return try interpolate(periodic, x: x, y: y, strengths: strengths, workspace)
    }
  }

  /// A type 2 transform: a real image, known by its half spectrum, at any points:
  /// `f(x, y) = Σ_k F(k) exp(2πi (k_x x / columns + k_y y / rows))` over the frequencies of the full spectrum.
  ///
  /// - Parameters:
  ///   - spectrum: with phases referred to the point (0, 0); not normalised, so that an image is its sum over pixels
  ///     divided by their number.
  ///   - x: in pixels.
  ///   - y: likewise.
  /// - Throws: as `transform` does; `.mismatch` for a spectrum of another shape.
  public func values(of spectrum: HalfSpectrum<Scalar>, x: [Double], y: [Double]) throws -> [Scalar] {
    try requireShape(spectrum.shape)
    try requireOneOfEach(x, y, strengths: x.count)
    let half = try buffer(of: spectrum)
    shape.symmetrize(half.pointer)
    shape.scaleInnerColumns(half.pointer, by: 2)
    return try withWorkspace(points: x.count) { workspace, periodic in
      grid.transformTranspose(of: half.pointer, scale: 1, workspace, into: periodic)
      return try interpolate(periodic, x: x, y: y, strengths: nil, workspace).strengths
    }
  }

  /// A type 2 transform, the transpose of `transform` of complex strengths:
  /// `f(x, y) = Σ_k F(k) exp(2πi (k_x x / columns + k_y y / rows))`.
  ///
  /// - Parameters:
  ///   - spectrum: full, `rows × columns`, zero frequency in the corner and the Nyquist frequency of an even axis
  ///     negative.
  ///   - x: in pixels.
  ///   - y: likewise.
  /// - Throws: as `transform` does; `.mismatch` for a spectrum of another shape.
  public func values(
    of spectrum: FullSpectrum<Scalar>, x: [Double], y: [Double]
  ) throws -> [Complex<Scalar>] {
    try requireShape(spectrum.shape)
    try requireOneOfEach(x, y, strengths: x.count)
    return try withWorkspace(points: x.count) { workspace, periodic in
      // The real part of −i times a sum is its imaginary part.
      let parts = try [Complex<Scalar>.one, Complex(0, -1)].map { unit in
        grid.transformColumnsTranspose(ofFull: spectrum.values, times: unit, workspace)
        grid.transformRowsTranspose(of: workspace.transformed, grid.allRows, workspace, into: periodic)
        return try interpolate(periodic, x: x, y: y, strengths: nil, workspace).strengths
      }
      return zip(parts[0], parts[1]).map { Complex($0, $1) }
    }
  }

  private func requireShape(_ other: GridShape) throws {
    guard other == shape else {
      throw ExitPlaneError.mismatch(
        "the spectrum is of \(other) and the transform of \(shape)",
        "make a transform of the spectrum's shape")
    }
  }

  private func buffer(of spectrum: HalfSpectrum<Scalar>) throws -> AlignedBuffer<Scalar> {
    let half = try AlignedBuffer<Scalar>.half(shape)
    for (index, value) in spectrum.values.enumerated() {
      half.pointer[2 * index] = value.real
      half.pointer[2 * index + 1] = value.imaginary
    }
    return half
  }

  private func withWorkspace<Result>(
    points: Int,
    _ body: (SpreadingGrid2D<Scalar>.Workspace, SpreadingGrid2D<Scalar>.PeriodicGrid) throws -> Result
  ) throws -> Result {
    let workspace = try takeWorkspace(points: points)
    let result = try body(workspace, SpreadingGrid2D<Scalar>.PeriodicGrid(grid))
    returnWorkspace(workspace, points: points)
    return result
  }

  /// Values of a grid and, where there are strengths, slopes times these.
  private func interpolate(
    _ periodic: SpreadingGrid2D<Scalar>.PeriodicGrid, x: [Double], y: [Double], strengths: [Scalar]?,
    _ workspace: SpreadingGrid2D<Scalar>.Workspace
  ) throws -> Gradient {
    func buffer() throws -> AlignedBuffer<Scalar> {
      try AlignedBuffer(count: x.count, of: "values at \(x.count) points")
    }
    let (values, alongX, alongY) = (try buffer(), try buffer(), try buffer())
    func run(_ strengths: UnsafePointer<Scalar>?) -> Bool {
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          grid.interpolate(
            periodic,
            at: grid.source(
              origin: SIMD2(0, 0), xRow: SIMD3(1, 0, 0), yRow: SIMD3(0, 1, 0), x: x.baseAddress,
              y: y.baseAddress),
            count: x.count, strengths: strengths, values: values.pointer,
            slopes: strengths.map { _ in (alongX.pointer, alongY.pointer) }, workspace)
        }
      }
    }
    let finite = strengths.map { $0.withUnsafeBufferPointer { run($0.baseAddress) } } ?? run(nil)
    guard finite else { throw notFinite(x, y) }
    let scale = grid.samplesToAPixel
    return withExtendedLifetime((values, alongX, alongY)) {
      Gradient(
        strengths: Array(values.buffer), x: alongX.buffer.map { $0 * Scalar(scale.x) },
        y: alongY.buffer.map { $0 * Scalar(scale.y) })
    }
  }
}

extension SpreadingGrid2D {
  /// As of a half spectrum, of all entries of a full one times a factor: what is not in the grid's columns, negative
  /// frequencies along x, goes conjugated to the opposite frequency.
  func transformColumnsTranspose(
    ofFull spectrum: [Complex<Scalar>], times factor: Complex<Scalar>, _ workspace: Workspace
  ) {
    forEach(modes.spectrumColumns, workspace) { kx, scratch in
      let lines = scratch.lines.pointer
      lines.update(repeating: 0, count: 2 * rows)
      for column in Set([kx, (modes.columns - kx) % modes.columns]) {
        let fx = signedFrequency(column, of: modes.columns)
        for row in 0..<modes.rows {
          let fy = signedFrequency(row, of: modes.rows)
          let value =
            factor
            * spectrum[row * modes.columns + column]
            .multiplied(by: deconvolution.row(abs(fy))[kx])
          let target = lines + 2 * index(of: fx < 0 ? -fy : fy)
          target[0] += value.real
          target[1] += fx < 0 ? value.imaginary : -value.imaginary
        }
      }
      columnFFT.execute(lines, scratch.line.pointer)
      keep(allRows, of: scratch.line.pointer, in: workspace.transformed.column(kx))
    }
  }
}
