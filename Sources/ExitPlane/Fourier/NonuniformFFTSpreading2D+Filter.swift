import RealModule

/// A real, even function of the frequency along y for each column of a spectrum, as a filter of few taps:
/// `Σ_d c_d cos(2π d k_y / rows)`, which on transformed rows is a sum of neighbours and spares the columns' FFTs.
struct ColumnFilter<Scalar: GridScalar>: Sendable {
  let degree: Int
  /// By column the coefficients, but for d = 0 halved: each stands for two neighbours.
  private let table: AlignedBuffer<Scalar>

  fileprivate init(degree: Int, table: AlignedBuffer<Scalar>) {
    self.degree = degree
    self.table = table
  }

  @inline(__always)
  func column(_ column: Int) -> UnsafePointer<Scalar> { UnsafePointer(table.pointer + column * (degree + 1)) }

  /// The filter that leaves everything as it is.
  static func identity(_ grid: SpreadingGrid2D<Scalar>) throws -> ColumnFilter {
    let table = try AlignedBuffer<Scalar>(count: grid.modes.spectrumColumns, of: "a filter of \(grid.modes)")
    table.pointer.update(repeating: 1, count: table.count)
    return ColumnFilter(degree: 0, table: table)
  }
}

/// Fits filters to functions: polynomials in `cos(2π k_y / rows)` through Chebyshev nodes of the band.
struct ColumnFilterFit {
  let degree: Int
  /// `k_y` at the nodes.
  private let nodes: [Double]
  /// From values at the nodes to coefficients of cosines, row by row.
  private let matrix: [Double]
  private let rows: Int
  private let band: Double

  /// - Parameters:
  ///   - modes: the spectrum's rows; `rows` those of the finer grid.
  init(degree: Int, modes: Int, rows: Int) {
    self.degree = degree
    self.rows = rows
    band = Double(modes) / 2
    let count = degree + 1
    let lowest = Double.cos(2 * .pi * band / Double(rows))
    let angles = (0..<count).map { Double.pi * (Double($0) + 0.5) / Double(count) }
    let points = angles.map { (1 + lowest) / 2 + (1 - lowest) / 2 * Double.cos($0) }
    nodes = points.map { Double.acos($0) * Double(rows) / (2 * .pi) }
    // The interpolating polynomial at the nodes of the whole period, by Lagrange's formula.
    let extended = angles.map { angle in
      let u = Double.cos(angle)
      return points.indices.map { i in
        points.indices.reduce(1.0) { $1 == i ? $0 : $0 * (u - points[$1]) / (points[i] - points[$1]) }
      }
    }
    matrix = (0..<count).flatMap { d in
      (0..<count).map { i in
        (d == 0 ? 1 : 2) / Double(count)
          * angles.indices.reduce(0.0) { $0 + Double.cos(Double(d) * angles[$1]) * extended[$1][i] }
      }
    }
  }

  /// Coefficients of the cosines.
  func coefficients(_ function: (_ ky: Double) throws -> Double) rethrows -> [Double] {
    let values = try nodes.map(function)
    return (0...degree).map { d in
      values.indices.reduce(0.0) { $0 + matrix[d * values.count + $1] * values[$1] }
    }
  }

  /// The largest error between nodes; infinite where the terms cancel so far that rounding would show.
  func error(of coefficients: [Double], _ function: (_ ky: Double) throws -> Double) rethrows -> Double {
    var (error, peak) = (0.0, 0.0)
    let points = 4 * (degree + 1)
    for point in 0...points {
      let ky = band * Double(point) / Double(points)
      let (want, angle) = (try function(ky), 2 * Double.pi * ky / Double(rows))
      let got = coefficients.indices.reduce(0.0) { $0 + coefficients[$1] * Double.cos(Double($1) * angle) }
      error = max(error, abs(got - want))
      peak = max(peak, abs(want))
    }
    return coefficients.reduce(0) { $0 + abs($1) } > 20 * peak + error ? .infinity : error
  }

  /// - Parameter function: at `k_y` and a column.
  func filter<Scalar: GridScalar>(
    for grid: SpreadingGrid2D<Scalar>, _ function: (_ ky: Double, _ column: Int) throws -> Double
  ) throws -> ColumnFilter<Scalar> {
    let columns = grid.modes.spectrumColumns
    let table = try AlignedBuffer<Scalar>(count: columns * (degree + 1), of: "a filter of \(grid.modes)")
    for column in 0..<columns {
      for (d, value) in try coefficients({ try function($0, column) }).enumerated() {
        table.pointer[column * (degree + 1) + d] = Scalar(d == 0 ? value : value / 2)
      }
    }
    return ColumnFilter(degree: degree, table: table)
  }
}

extension SpreadingGrid2D {
  /// The rows that filters of rows within a reach touch; all of them, where the reach left no margin.
  func filtered(_ reached: RowReach, degree: Int) -> RowReach {
    guard reached.count < rows else { return reached }
    return RowReach(first: (reached.first - degree + rows) % rows, count: reached.count + 2 * degree)
  }

  /// Adds transformed rows, filtered, to the workspace's sum.
  ///
  /// - Parameter degree: the largest of all filters of the sum.
  func combine(
    _ filter: ColumnFilter<Scalar>, degree: Int, _ reached: RowReach, isFirst: Bool, _ workspace: Workspace
  ) {
    guard let combined = workspace.combined else { return }
    let atATime = Self.linesAtATime
    forEach((modes.spectrumColumns + atATime - 1) / atATime, workspace) { strip, _ in
      for column in (strip * atATime)..<min((strip + 1) * atATime, modes.spectrumColumns) {
        combine(
          workspace.transformed.column(column), filter.column(column), filter.degree, sumDegree: degree,
          reached, isFirst: isFirst, into: combined.column(column))
      }
    }
  }

  /// The column has a margin of twice the sum's degree on either side.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func combine(
    _ column: UnsafeMutablePointer<Scalar>, _ coefficients: UnsafePointer<Scalar>, _ degree: Int,
    sumDegree: Int, _ reached: RowReach, isFirst: Bool, into sum: UnsafeMutablePointer<Scalar>
  ) {
    let isWhole = reached.count == rows
    let count = filtered(reached, degree: sumDegree).count
    if isWhole {
      (column - 2 * sumDegree).update(from: column + 2 * (rows - sumDegree), count: 2 * sumDegree)
      (column + 2 * rows).update(from: column, count: 2 * sumDegree)
    } else {
      (column - 4 * sumDegree).update(repeating: 0, count: 4 * sumDegree)
      (column + 2 * reached.count).update(repeating: 0, count: 4 * sumDegree)
    }
    if isFirst { sum.update(repeating: 0, count: 2 * count) }
    Scalar.filterColumn(
      isWhole ? column : column - 2 * sumDegree, coefficients: coefficients, degree: degree, count: count,
      addingTo: sum)
  }
}
