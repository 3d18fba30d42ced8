import RealModule

/// The half spectrum of atoms: what `FFTAtomProjection` computes of a volume once, and how a pose's spectrum is made of it.
public struct FFTAtomSpectrum<Scalar: GridScalar>: Sendable {
  let magnification: AnisotropicMagnification
  /// Of the pixels computed.
  let pixelSize: Double
  let grid: SpreadingGrid2D<Scalar>
  let passes: [AtomPass<Scalar>]
  let combination: FFTAtomCombination<Scalar>
  /// In ångströms of the image, of a sphere about the origin that holds all atoms.
  let radius: Double
  private let gridLayout: SpreadingGrid2D<Scalar>.Layout
  private let threads: Int
  /// Of each type.
  let atomCounts: [Int]
  /// For gradients to scattering factors, where they are wanted.
  let types: FFTAtomTypes<Scalar>?

  init(
    of volume: IndependentAtomVolume, modes: GridShape, pixelSizeInAngstroms pixelSize: Double,
    magnification: AnisotropicMagnification, options: FFTAtomProjection<Scalar>
  ) throws {
    self.pixelSize = pixelSize
    self.magnification = magnification
    threads = options.options.threads
    atomCounts = volume.types.map(\.count)
    let accuracy = options.accuracy
    let stretch = magnification.stretches.most
    let passes: [AtomPass<Scalar>] = try volume.passes(
      upTo: stretch * 0.5.squareRoot() / pixelSize, accuracy: accuracy, samples: 4 * modes.count)
    let most = passes.reduce(0) { max($0, $1.count) }
    let mean = passes.reduce(0) { $0 + $1.count } / max(passes.count, 1)
    let grid = try SpreadingGrid2D<Scalar>(
      modes: modes, accuracy: accuracy, options: options.options, points: mean)
    self.passes = passes.map { $0.inSpatialOrder() }
    self.grid = grid
    gridLayout = grid.layout(forPoints: most, sorting: options.options.sorting)
    radius =
      stretch
      * volume.types.reduce(0) { radius, type in
        (0..<type.count).reduce(radius) {
          max($0, Double.hypot(Double.hypot(type.x[$1], type.y[$1]), type.z[$1]))
        }
      }
    func common(_ ky: Int, _ kx: Int) -> Double {
      let (v, u) = (Double(ky) / Double(modes.rows), Double(kx) / Double(modes.columns))
      return (options.antialias ? sinc(u) * sinc(v) : 1) / (pixelSize * pixelSize)
    }
    combination = try FFTAtomCombination(
      passes.map(\.factor), on: grid, pixelSize: pixelSize, magnification: magnification,
      accuracy: accuracy, reachedRows: grid.rows(within: radius / pixelSize, of: 0).count, common: common)
    types =
      options.differentiatesScatteringFactors
      ? FFTAtomTypes(passes: volume.passesByType(), weights: try grid.weights(common)) : nil
  }

  /// What one spectrum writes, apart from its result.
  final class Workspace {
    let spreading: SpreadingGrid2D<Scalar>.Workspace
    /// One transform of several, where each is multiplied on its own.
    let partial: AlignedBuffer<Scalar>?
    /// What the way back interpolates, and what it finds for a transform that others are added to.
    let periodic: SpreadingGrid2D<Scalar>.PeriodicGrid
    let found: FFTAtomTrace<Scalar>?

    init(_ atoms: FFTAtomSpectrum) throws {
      spreading = try SpreadingGrid2D<Scalar>.Workspace(
        atoms.grid, layout: atoms.gridLayout, points: atoms.passes.reduce(0) { max($0, $1.count) },
        threads: atoms.threads, filterDegree: atoms.combination.filterDegree)
      let isPartial = if case .entries = atoms.combination { true } else { atoms.types != nil }
      partial = isPartial ? try .half(atoms.grid.modes) : nil
      periodic = try SpreadingGrid2D<Scalar>.PeriodicGrid(atoms.grid)
      found = atoms.sharesAtoms ? try FFTAtomTrace(atoms) : nil
    }
  }

  /// The half spectrum times a factor, its phases referred to the pixel at `origin`; nothing is averaged.
  func compute(
    at pose: Pose, origin: SIMD2<Double>, scale: Double, _ workspace: Workspace,
    into half: UnsafeMutablePointer<Scalar>
  ) {
    let shift = pose.shiftInAngstroms / pixelSize
    let axes = ImageAxes(pose.rotation, magnification)
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
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func accumulate(
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
}
