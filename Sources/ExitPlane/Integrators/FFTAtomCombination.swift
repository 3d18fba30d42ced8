import RealModule

/// How the transforms of several types of atom become one spectrum: each multiplied by its scattering factor and
/// added, after an FFT of columns each, or filtered and added, before one for all.
enum FFTAtomCombination<Scalar: GridScalar>: Sendable {
  /// What each transform is multiplied by.
  case products([SpectrumWeights<Scalar>])
  /// The same where the plane is distorted: for every entry of the half spectrum, as k and its mirror image then
  /// differ.
  case entries([[Scalar]])
  /// The filters, of a degree at most, and what their sum is multiplied by.
  case filters([ColumnFilter<Scalar>], degree: Int, SpectrumWeights<Scalar>)

  /// - Parameters:
  ///   - factors: scattering factors in Å, at frequencies in 1/Å.
  ///   - reachedRows: of the grid's rows those that atoms reach.
  ///   - common: what all are multiplied by, at frequencies `(k_y, k_x)` of the spectrum.
  /// - Throws: `.invalidValue` for a scattering factor that is not finite.
  init(
    _ factors: [@Sendable (Double) -> Double], on grid: SpreadingGrid2D<Scalar>, pixelSize: Double,
    magnification: AnisotropicMagnification = .none, accuracy: Double, reachedRows: Int,
    common: (_ ky: Int, _ kx: Int) -> Double
  ) throws {
    let modes = grid.modes
    guard magnification.isNone else {
      self = .entries(
        try factors.map {
          try Self.entries($0, of: modes, pixelSize: pixelSize, magnification: magnification, common: common)
        })
      return
    }
    func frequency(_ ky: Double, _ kx: Int) -> Double {
      Double.hypot(ky / Double(modes.rows), Double(kx) / Double(modes.columns)) / pixelSize
    }
    func weights(_ factor: (Double) -> Double) throws -> SpectrumWeights<Scalar> {
      try grid.weights { ky, kx in
        try finiteScatteringFactor(factor, at: frequency(Double(ky), kx)) * common(ky, kx)
      }
    }

    // Ratios to a function that is nowhere small vary less than the functions, and take fewer taps.
    let base = Self.flattest(factors, upTo: frequency(Double(modes.rows) / 2, modes.columns / 2))
    let rest = factors.indices.filter { $0 != base }
    func ratio(_ index: Int, _ frequency: Double) throws -> Double {
      try finiteScatteringFactor(factors[index], at: frequency)
        / (base.map { try finiteScatteringFactor(factors[$0], at: frequency) } ?? 1)
    }
    // A tap on a row costs 0.13 ns a column in single precision, an FFT of the column 2.5 a row.
    let tap = 0.13 * Double(MemoryLayout<Scalar>.stride) / 4
    let most = 2.5 / tap * Double(grid.rows) / Double(min(grid.rows, reachedRows + 20))
    let tolerance = 0.1 * max(accuracy, WindowKernel<Scalar>.floor)
    let fit =
      factors.count < 2
      ? nil
      : try [4, 6, 8, 10, 12, 14, 16, 20, 24, 28, 32].lazy
        .filter { Double($0) < most && 2 * $0 < grid.rows }
        .map { ColumnFilterFit(degree: $0, modes: modes.rows, rows: grid.rows) }
        .first { fit in
          try rest.allSatisfy { index in
            let peak = abs(try ratio(index, 0))
            return try [0, modes.columns / 4, modes.columns / 2].allSatisfy { column in
              let function = { (ky: Double) in try ratio(index, frequency(ky, column)) }
              return try fit.error(of: fit.coefficients(function), function) <= tolerance * peak
            }
          }
        }
    guard let fit else {
      self = .products(try factors.map { try weights($0) })
      return
    }
    let filters = try factors.indices.map { index in
      index == base
        ? try ColumnFilter.identity(grid)
        : try fit.filter(for: grid) { ky, column in try ratio(index, frequency(ky, column)) }
    }
    self = .filters(filters, degree: fit.degree, try weights(base.map { factors[$0] } ?? { _ in 1 }))
  }

  /// Of a distorted plane, `f(|M q|)` and what all have in common; Nyquist frequencies are negative.
  private static func entries(
    _ factor: (Double) -> Double, of modes: GridShape, pixelSize: Double,
    magnification: AnisotropicMagnification, common: (_ ky: Int, _ kx: Int) -> Double
  ) throws -> [Scalar] {
    var entries: [Scalar] = []
    entries.reserveCapacity(modes.rows * modes.spectrumColumns)
    for row in 0..<modes.rows {
      let ky = signedFrequency(row, of: modes.rows)
      for column in 0..<modes.spectrumColumns {
        let kx = signedFrequency(column, of: modes.columns)
        let q = magnification(SIMD2(Double(kx) / Double(modes.columns), Double(ky) / Double(modes.rows)))
        let value = try finiteScatteringFactor(factor, at: Double.hypot(q.x, q.y) / pixelSize)
        entries.append(Scalar(value * common(ky, kx)))
      }
    }
    return entries
  }

  /// The degree of the filters, if there are any.
  var filterDegree: Int? {
    if case .filters(_, let degree, _) = self { degree } else { nil }
  }

  /// Of functions that are nowhere below a millionth of their value at 0 the one that falls least; nil for none.
  private static func flattest(_ factors: [@Sendable (Double) -> Double], upTo limit: Double) -> Int? {
    let least = factors.map { factor in
      (0...64).reduce(Double.infinity) { min($0, factor(limit * Double($1) / 64) / factor(0)) }
    }
    let best = least.indices.max { least[$0] < least[$1] }
    return best.flatMap { least[$0] >= 1e-6 ? $0 : nil }
  }
}
