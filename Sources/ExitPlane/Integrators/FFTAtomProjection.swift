import RealModule

/// Projects atoms in Fourier space: `P̂(q) = (1/h²) Σ_types f(|Mq|) Σ_n w_n exp(−2πi Mq·(R r_n)_xy)`, a nonuniform
/// FFT and a product with the scattering factor for each type, or for some that span the others to the accuracy.
///
/// The image is periodic: what falls outside it wraps around, and frequencies beyond its own are cut off
/// sharply, which shows as ringing where scattering factors reach beyond Nyquist (fine with B-factors or
/// pixels well below the resolution). Prefer `GaussianMixtureProjection` for sums of Gaussians: it computes in
/// real space without either, and costs less for few atoms. Prefer this for scattering factors that are no
/// sums of Gaussians, for very many atoms, or where the spectrum itself is the goal.
public struct FFTAtomProjection<Scalar: GridScalar>: VolumeIntegrator {
  /// Multiplies by `sinc(q_x h) sinc(q_y h)`: the average over a pixel rather than the value at its centre.
  public var antialias: Bool
  /// Computes on pixels smaller by this odd factor and averages blocks of them; 1 or nil for none.
  public var upsampleFactor: Int?
  /// The shape that is computed, then cropped or padded to the padded shape; that shape if nil.
  public var shape: GridShape?
  /// The relative RMS error of the transforms; see `NonuniformFFT2D`.
  public var accuracy: Double
  public var options: NonuniformFFTOptions

  public init(
    antialias: Bool = true, upsampleFactor: Int? = nil, shape: GridShape? = nil, eps accuracy: Double = 1e-6,
    options: NonuniformFFTOptions = NonuniformFFTOptions()
  ) {
    self.antialias = antialias
    self.upsampleFactor = upsampleFactor
    self.shape = shape
    self.accuracy = accuracy
    self.options = options
  }

  /// - Throws: `.invalidValue` for an upsampling factor that is not odd, one that makes too large an image or a
  ///   scattering factor that is not finite, and as `NonuniformFFT2D` does.
  public func makePlan(
    for volume: IndependentAtomVolume, onto plane: ImageConfiguration
  ) throws -> FFTAtomPlan<Scalar> {
    let factor = upsampleFactor ?? 1
    guard factor >= 1, factor % 2 == 1 else {
      throw ExitPlaneError.invalid(
        "upsampling factor", got: "\(factor)", need: "odd and at least 1, so that blocks have a centre")
    }
    return try FFTAtomPlan(volume: volume, plane: plane, factor: factor, options: self)
  }
}

public struct FFTAtomPlan<Scalar: GridScalar>: RealImagePlan {
  public let plane: ImageConfiguration
  /// Of the finer pixels, and how many of them a pixel is across.
  private let pixelSize: Double
  private let factor: Int
  private let grid: SpreadingGrid2D<Scalar>
  private let passes: [AtomPass<Scalar>]
  private let combination: FFTAtomCombination<Scalar>
  /// In ångströms of the image, of a sphere about the origin that holds all atoms.
  private let radius: Double
  private let layout: SpreadingGrid2D<Scalar>.Layout
  private let threads: Int
  /// Of the computed shape with its finer pixels.
  private let fine: ImageSynthesis<Scalar>
  /// The computed shape.
  private let shape: GridShape
  /// Of the padded shape.
  private let output: ImageSynthesis<Scalar>

  init(
    volume: IndependentAtomVolume, plane: ImageConfiguration, factor: Int,
    options: FFTAtomProjection<Scalar>
  ) throws {
    self.plane = plane
    self.factor = factor
    threads = options.options.threads
    shape = options.shape ?? plane.paddedShape
    let (rows, tooTall) = shape.rows.multipliedReportingOverflow(by: factor)
    let (columns, tooWide) = shape.columns.multipliedReportingOverflow(by: factor)
    guard !tooTall, !tooWide else {
      throw ExitPlaneError.invalid("upsampling factor", got: "\(factor)", need: "a smaller one")
    }
    let modes = try GridShape(rows: rows, columns: columns)
    let pixelSize = plane.pixelSizeInAngstroms / Double(factor)
    self.pixelSize = pixelSize
    let accuracy = options.accuracy
    let stretch = plane.magnification.stretches.most
    try WindowKernel<Scalar>.validate(tolerance: accuracy)
    let passes: [AtomPass<Scalar>] = try volume.passes(
      upTo: stretch * 0.5.squareRoot() / pixelSize, accuracy: accuracy, samples: 4 * modes.count)
    let most = passes.reduce(0) { max($0, $1.count) }
    let mean = passes.reduce(0) { $0 + $1.count } / max(passes.count, 1)
    let grid = try SpreadingGrid2D<Scalar>(
      modes: modes, accuracy: accuracy, options: options.options, points: mean)
    self.passes = passes.map { $0.inSpatialOrder() }
    self.grid = grid
    layout = grid.layout(forPoints: most, sorting: options.options.sorting)
    fine = try ImageSynthesis(modes)
    output = modes == plane.paddedShape ? fine : try ImageSynthesis(plane.paddedShape)
    radius =
      stretch
      * volume.types.reduce(0) { radius, type in
        (0..<type.count).reduce(radius) {
          max($0, Double.hypot(Double.hypot(type.x[$1], type.y[$1]), type.z[$1]))
        }
      }
    combination = try FFTAtomCombination(
      passes.map(\.factor), on: grid, pixelSize: pixelSize, magnification: plane.magnification,
      accuracy: accuracy, reachedRows: grid.rows(within: radius / pixelSize, of: 0).count
    ) { ky, kx in
      let (v, u) = (Double(ky) / Double(modes.rows), Double(kx) / Double(modes.columns))
      return (options.antialias ? sinc(u) * sinc(v) : 1) / (pixelSize * pixelSize)
    }
  }

  /// What one projection writes.
  public final class Workspace {
    fileprivate let spreading: SpreadingGrid2D<Scalar>.Workspace
    fileprivate let half: AlignedBuffer<Scalar>
    fileprivate let fine: AlignedBuffer<Scalar>
    /// One transform of several, where each is multiplied on its own.
    fileprivate let partial: AlignedBuffer<Scalar>?
    fileprivate let averaged: AlignedBuffer<Scalar>?
    fileprivate let image: AlignedBuffer<Scalar>?
    /// Of the padded shape, where that is another.
    fileprivate let outputHalf: AlignedBuffer<Scalar>?
    fileprivate let factors: PhaseFactors<Scalar>

    fileprivate init(_ plan: FFTAtomPlan) throws {
      let (modes, padded) = (plan.fine.shape, plan.output.shape)
      spreading = try SpreadingGrid2D<Scalar>.Workspace(
        plan.grid, layout: plan.layout, points: plan.passes.reduce(0) { max($0, $1.count) },
        threads: plan.threads, filterDegree: plan.combination.filterDegree)
      half = try .half(modes)
      fine = try .image(modes)
      partial = if case .entries = plan.combination { try .half(modes) } else { nil }
      averaged = plan.factor > 1 ? try .image(plan.shape) : nil
      image = plan.shape == padded ? nil : try .image(padded)
      outputHalf = modes == padded ? nil : try .half(padded)
      factors = PhaseFactors(padded)
    }
  }

  public func makeWorkspace() throws -> Workspace { try Workspace(self) }

  /// The fine pixels' half spectrum times a factor, its phases referred to the pixel at `origin`.
  private func computeSpectrum(
    at pose: Pose, origin: SIMD2<Double>, scale: Double, _ workspace: Workspace
  ) {
    let shift = pose.shiftInAngstroms / pixelSize
    let axes = ImageAxes(pose.rotation, plane.magnification)
    let half = workspace.half.pointer
    let spreading = workspace.spreading
    let reached = grid.rows(
      within: radius / pixelSize, of: origin.y + shift.y, margin: combination.filterDegree ?? 0)
    func spread(_ pass: AtomPass<Scalar>) {
      grid.spread(
        x: pass.x, y: pass.y, z: pass.z, origin: origin + shift, xRow: axes.x / pixelSize,
        yRow: axes.y / pixelSize, strengths: pass.strengths, into: spreading)
    }
    switch combination {
    case .products(let weights):
      for (index, pass) in passes.enumerated() {
        spread(pass)
        grid.transform(
          spreading, scale: scale, reached: reached, weights: weights[index], adding: index > 0, into: half)
      }
    case .entries(let tables):
      guard let partial = workspace.partial else { return }
      for (index, pass) in passes.enumerated() {
        spread(pass)
        grid.transform(spreading, scale: scale, reached: reached, into: partial.pointer)
        accumulate(partial.pointer, times: tables[index], adding: index > 0, into: half)
      }
    case .filters(let filters, let degree, let weights):
      for (index, pass) in passes.enumerated() {
        spread(pass)
        grid.transformRows(spreading, reached)
        grid.combine(filters[index], degree: degree, reached, isFirst: index == 0, spreading)
      }
      if let combined = spreading.combined {
        grid.transformColumns(
          of: combined, grid.filtered(reached, degree: degree), spreading, scale: scale, weights: weights,
          into: half)
      }
    }
    fine.shape.symmetrize(half)
    if shift != SIMD2(0, 0) { fine.shape.zeroUnshiftable(half) }
  }

  public func image(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let modes = fine.shape
    computeSpectrum(
      at: pose, origin: SIMD2(Double(originOffset(modes.columns)), Double(originOffset(modes.rows))),
      scale: 1 / Double(modes.count), workspace)
    fine.inverse(workspace.half.pointer, workspace.fine.pointer)
    var result = workspace.fine
    if let averaged = workspace.averaged {
      averageBlocks(result.pointer, into: averaged.pointer)
      result = averaged
    }
    if let image = workspace.image {
      cropOrPad(result.pointer, shape, into: image.pointer, plane.paddedShape)
      result = image
    }
    return result.buffer
  }

  public func spectrum(
    at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    guard let half = workspace.outputHalf else {
      computeSpectrum(at: pose, origin: SIMD2(0, 0), scale: 1, workspace)
      return workspace.half.buffer
    }
    if let image = image(at: pose, using: &workspace).baseAddress {
      output.forward(image, into: half.pointer, factors: workspace.factors)
    }
    return half.buffer
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func accumulate(
    _ pairs: UnsafePointer<Scalar>, times factors: [Scalar], adding: Bool,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    factors.withUnsafeBufferPointer { factors in
      for index in factors.indices {
        let (re, im) = (pairs[2 &* index] * factors[index], pairs[2 &* index &+ 1] * factors[index])
        half[2 &* index] = adding ? half[2 &* index] + re : re
        half[2 &* index &+ 1] = adding ? half[2 &* index &+ 1] + im : im
      }
    }
  }

  /// Averages blocks of `factor × factor` fine pixels, each centred on a pixel; the origin's on the origin. What
  /// a block lacks beyond the edge counts as zeros.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func averageBlocks(_ source: UnsafePointer<Scalar>, into target: UnsafeMutablePointer<Scalar>) {
    let modes = fine.shape
    func block(_ index: Int, _ length: Int, _ fineLength: Int) -> Range<Int> {
      let centre = (index - originOffset(length)) * factor + originOffset(fineLength)
      return max(0, centre - factor / 2)..<min(fineLength, centre + factor / 2 + 1)
    }
    let weight = 1 / Scalar(factor * factor)
    for row in 0..<shape.rows {
      let rows = block(row, shape.rows, modes.rows)
      for column in 0..<shape.columns {
        let columns = block(column, shape.columns, modes.columns)
        var sum: Scalar = 0
        for y in rows {
          for x in columns { sum += source[y &* modes.columns &+ x] }
        }
        target[row &* shape.columns &+ column] = sum * weight
      }
    }
  }
}
