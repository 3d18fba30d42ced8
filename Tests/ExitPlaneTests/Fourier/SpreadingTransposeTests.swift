import CKernels
import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// `|⟨A x, y⟩ − ⟨x, Aᵀ y⟩|` of `|A x| |y|`.
private func asymmetry<Scalar: GridScalar>(
  ofResult result: [Scalar], _ y: [Scalar], argument x: [Scalar], _ transposed: [Scalar]
) -> Double {
  func dot(_ a: [Scalar], _ b: [Scalar]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  let size = (dot(result, result) * dot(y, y)).squareRoot()
  return abs(dot(result, y) - dot(x, transposed)) / size
}

private func limit<Scalar: GridScalar>(_: Scalar.Type) -> Double { Scalar.self == Float.self ? 1e-6 : 1e-13 }

private func noise<Scalar: GridScalar>(_ count: Int, seed: UInt64) -> [Scalar] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in Scalar(generator.uniform()) }
}

@Suite("Interpolation kernels")
struct InterpolationKernelTests {
  /// Points located on a grid of a side without a period, and the grid's strides.
  private struct Located<Scalar: GridScalar> {
    let dimensions: SpreadingDimensions
    let kernel: WindowKernel<Scalar>
    let side: Int
    let count: Int
    let points: AlignedBuffer<UInt8>
    let strengths: [Scalar]
    var samples: Int { dimensions == .two ? side * side : side * side * side }

    init(_ kernel: WindowKernel<Scalar>, _ dimensions: SpreadingDimensions, at axes: [[Double]], seed: UInt64)
      throws
    {
      self.kernel = kernel
      self.dimensions = dimensions
      count = axes[0].count
      side = 16 + 2 * kernel.paddedWidth
      strengths = noise(count, seed: seed)
      points = try AlignedBuffer(count: count * Scalar.pointBytes(in: dimensions), of: "points")
      var bins = ep_bins(
        halo: 0, shift: (31, 31, 31), mask: (-1, -1, -1), binStride: (0, 0, 0),
        stride: (1, Int32(side), Int32(side * side)))
      axes[0].withUnsafeBufferPointer { x in
        axes[1].withUnsafeBufferPointer { y in
          axes[2].withUnsafeBufferPointer { z in
            var source = ep_point_source(
              origin: (0, 0, 0), map: ((1, 0, 0), (0, 1, 0), (0, 0, 1)), period: (1e6, 1e6, 1e6),
              x: x.baseAddress, y: y.baseAddress, z: dimensions == .two ? nil : z.baseAddress)
            strengths.withUnsafeBufferPointer {
              _ = Scalar.locatePoints(
                in: dimensions, of: &source, 0..<count, width: kernel.width, bins: &bins,
                strengths: $0.baseAddress, cursors: nil, into: points.pointer)
            }
          }
        }
      }
    }

    func spread() -> [Scalar] {
      var grid = [Scalar](repeating: 0, count: samples)
      grid.withUnsafeMutableBufferPointer { grid in
        guard let target = grid.baseAddress else { return }
        kernel.withDescriptor {
          Scalar.spreadPoints(
            in: dimensions, points.pointer, count: count, window: $0, rowStride: side,
            planeStride: side * side,
            onto: target)
        }
      }
      return grid
    }

    func interpolate(_ grid: [Scalar], slopes: Bool) throws -> (values: [Scalar], slopes: [[Scalar]]) {
      let buffers = try (0..<4).map { _ in try AlignedBuffer<Scalar>(count: count, of: "values") }
      grid.withUnsafeBufferPointer { grid in
        guard let grid = grid.baseAddress else { return }
        kernel.withDescriptor {
          Scalar.interpolate(
            in: dimensions, at: points.pointer, count: count, window: $0, rowStride: side,
            planeStride: side * side, grid: grid, values: buffers[3].pointer,
            slopes: slopes ? (0..<(dimensions == .two ? 2 : 3)).map { buffers[$0].pointer } : nil)
        }
      }
      return withExtendedLifetime(buffers) {
        (Array(buffers[3].buffer), (0..<3).map { Array(buffers[$0].buffer) })
      }
    }
  }

  private func positions(_ count: Int, width: Int, seed: UInt64) -> [[Double]] {
    var generator = SeededGenerator(seed: seed)
    return (0..<3).map { _ in (0..<count).map { _ in Double(width) + generator.uniform(0...14) } }
  }

  private func check<Scalar: GridScalar>(
    width: Int, oversampling: Double, _ dimensions: SpreadingDimensions, as _: Scalar.Type
  ) throws {
    let kernel = try WindowKernel<Scalar>(
      width: width, oversampling: oversampling, dimensions: dimensions == .two ? 2 : 3)
    let axes = positions(21, width: width, seed: UInt64(width))
    let located = try Located(kernel, dimensions, at: axes, seed: 2)
    let grid: [Scalar] = noise(located.samples, seed: 3)
    for slopes in [false, true] {
      let values = try located.interpolate(grid, slopes: slopes).values
      #expect(
        asymmetry(ofResult: located.spread(), grid, argument: located.strengths, values)
          < limit(Scalar.self))
    }
    guard Scalar.self == Double.self else { return }
    let slopes = try located.interpolate(grid, slopes: true).slopes
    let step = 1e-6
    for axis in 0..<(dimensions == .two ? 2 : 3) {
      func values(_ offset: Double) throws -> [Scalar] {
        var moved = axes
        for i in moved[axis].indices { moved[axis][i] += offset }
        return try Located(kernel, dimensions, at: moved, seed: 2).interpolate(grid, slopes: false).values
      }
      let (above, below) = (try values(step), try values(-step))
      let largest = slopes[axis].reduce(0) { max($0, abs(Double($1))) }
      for i in slopes[axis].indices {
        let lower = axes[axis][i] - Double(width) / 2
        guard abs(lower - lower.rounded()) > 2 * step else { continue }
        let difference = Double(located.strengths[i]) * Double(above[i] - below[i]) / (2 * step)
        #expect(abs(difference - Double(slopes[axis][i])) < 1e-8 * largest)
      }
    }
  }

  @Test(
    "every width, degree and precision is the transpose of spreading, and slopes are those of its values",
    arguments: Array(2...16))
  func transpose(width: Int) throws {
    for level in InstructionSet.available {
      try level.use {
        for dimensions in [SpreadingDimensions.two, .three] {
          for oversampling in [1.2, 2.0] {
            try check(width: width, oversampling: oversampling, dimensions, as: Double.self)
            try check(width: width, oversampling: oversampling, dimensions, as: Float.self)
          }
        }
      }
    }
  }

  @Test("moments and sums of slopes are the plain ones", arguments: [0, 1, 7, 8, 29])
  func sums(count: Int) {
    func check<Scalar: GridScalar>(_: Scalar.Type) {
      let (u, v): ([Scalar], [Scalar]) = (noise(count, seed: 1), noise(count, seed: 2))
      let (x, y, z): ([Double], [Double], [Double]) = (
        noise(count, seed: 3), noise(count, seed: 4), noise(count, seed: 5)
      )
      let rows = (SIMD3(0.5, -1, 2), SIMD3(3, 0.25, -0.125))
      for level in InstructionSet.available {
        level.use {
          var (all, one) = (SIMD4<Double>(1, 2, 3, 4), SIMD4<Double>(0, 0, 0, 0))
          u.withUnsafeBufferPointer { u in
            guard let u = u.baseAddress else { return }
            Scalar.addMoments(of: u, x: x, y: y, z: z, count: count, to: &all)
            Scalar.addMoments(of: u, x: x, y: nil, z: nil, count: count, to: &one)
          }
          func sum(_ other: [Double]) -> Double { u.indices.reduce(0) { $0 + Double(u[$1]) * other[$1] } }
          let ones = [Double](repeating: 1, count: count)
          let want = SIMD4(sum(ones), sum(x), sum(y), sum(z))
          for i in 0..<4 { #expect(abs(all[i] - want[i] - Double(i + 1)) < 1e-13) }
          #expect(abs(one[0] - want[0]) < 1e-13 && abs(one[1] - want[1]) < 1e-13)
          #expect(one[2] == 0 && one[3] == 0)
          var (gx, gy, gz) = (x, y, z)
          u.withUnsafeBufferPointer { u in
            v.withUnsafeBufferPointer { v in
              guard let u = u.baseAddress, let v = v.baseAddress else { return }
              Scalar.addSlopes(u, v, rows: rows, count: count, to: &gx, &gy, &gz)
            }
          }
          for i in 0..<count {
            let added = Double(u[i]) * rows.0 + Double(v[i]) * rows.1
            #expect(abs(gx[i] - x[i] - added.x) < 1e-14)
            #expect(abs(gy[i] - y[i] - added.y) < 1e-14)
            #expect(abs(gz[i] - z[i] - added.z) < 1e-14)
          }
        }
      }
    }
    check(Float.self)
    check(Double.self)
  }
}

@Suite("Nonuniform FFT in two dimensions, transposed")
struct SpreadingTransposeTests {
  /// Points and what they are spread with.
  private struct Problem<Scalar: GridScalar> {
    let grid: SpreadingGrid2D<Scalar>
    let layout: SpreadingGrid2D<Scalar>.Layout
    var reached: SpreadingGrid2D<Scalar>.RowReach?
    var threads = 1
    let x, y: [Double]
    let strengths: [Scalar]
    let half: [Scalar]

    init(
      _ rows: Int, _ columns: Int, _ options: NonuniformFFTOptions, points: Int = 40,
      within side: Double = 70,
      layout: SpreadingGrid2D<Scalar>.Layout = .whole(copies: 1)
    ) throws {
      let shape = try GridShape(rows: rows, columns: columns)
      grid = try SpreadingGrid2D(modes: shape, accuracy: 1e-6, options: options, points: points)
      self.layout = layout
      var generator = SeededGenerator(seed: UInt64(rows * 1000 + columns))
      x = (0..<points).map { _ in generator.uniform(-70...70) }
      y = (0..<points).map { _ in generator.uniform(-side...side) }
      strengths = noise(points, seed: 3)
      half = noise(2 * rows * shape.spectrumColumns, seed: 4)
    }

    func workspace(filterDegree: Int? = nil) throws -> SpreadingGrid2D<Scalar>.Workspace {
      try SpreadingGrid2D<Scalar>.Workspace(
        grid, layout: layout, points: x.count, threads: threads, blockLength: 16, filterDegree: filterDegree)
    }

    func withSource(_ body: (ep_point_source) -> Void) {
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          body(
            grid.source(
              origin: SIMD2(0.3, -0.2), xRow: SIMD3(1, 0, 0), yRow: SIMD3(0, 1, 0), x: x.baseAddress,
              y: y.baseAddress))
        }
      }
    }

    func spread(into workspace: SpreadingGrid2D<Scalar>.Workspace) {
      withSource { _ = grid.spread($0, count: x.count, strengths: strengths, into: workspace) }
    }

    func forward(weights: SpectrumWeights<Scalar>? = nil) throws -> [Scalar] {
      let workspace = try workspace()
      let out = try AlignedBuffer<Scalar>(count: half.count, of: "a half spectrum")
      spread(into: workspace)
      grid.transform(workspace, scale: 0.7, reached: reached, weights: weights, into: out.pointer)
      return Array(out.buffer)
    }

    func values(
      _ periodic: SpreadingGrid2D<Scalar>.PeriodicGrid, _ workspace: SpreadingGrid2D<Scalar>.Workspace
    ) throws
      -> (values: [Scalar], x: [Scalar], y: [Scalar])
    {
      let out = try (0..<3).map { _ in try AlignedBuffer<Scalar>(count: max(x.count, 1), of: "values") }
      withSource {
        _ = grid.interpolate(
          periodic, at: $0, count: x.count, strengths: strengths, values: out[0].pointer,
          slopes: (out[1].pointer, out[2].pointer), workspace)
      }
      return withExtendedLifetime(out) {
        (Array(out[0].buffer), Array(out[1].buffer), Array(out[2].buffer))
      }
    }

    func transposed(weights: SpectrumWeights<Scalar>? = nil) throws -> (
      values: [Scalar], x: [Scalar], y: [Scalar]
    ) {
      let workspace = try workspace()
      let periodic = try SpreadingGrid2D<Scalar>.PeriodicGrid(grid)
      grid.transformTranspose(
        of: half, scale: 0.7, reached: reached, weights: weights, workspace, into: periodic)
      return try values(periodic, workspace)
    }
  }

  private func check<Scalar: GridScalar>(_ problem: Problem<Scalar>, weighted: Bool = false) throws {
    let weights = weighted ? try problem.grid.weights { ky, kx in 1 / Double(1 + ky + 2 * kx) } : nil
    let error = asymmetry(
      ofResult: try problem.forward(weights: weights), problem.half, argument: problem.strengths,
      try problem.transposed(weights: weights).values)
    #expect(error < limit(Scalar.self))
  }

  static let shapes = [
    (1, 1), (2, 2), (1, 6), (5, 1), (16, 16), (17, 19), (24, 30), (31, 22), (22, 13), (40, 36),
  ]

  @Test("inner products of transforms of every shape", arguments: shapes, [1.25, 2.0])
  func ofShape(shape: (Int, Int), oversampling: Double) throws {
    let options = NonuniformFFTOptions(oversampling: oversampling, windowWidth: 6)
    for weighted in [false, true] {
      try check(Problem<Double>(shape.0, shape.1, options), weighted: weighted)
      try check(Problem<Float>(shape.0, shape.1, options), weighted: weighted)
    }
  }

  @Test("and of every width, whose halos may be wider than a grid", arguments: Array(2...16))
  func widths(width: Int) throws {
    for (rows, columns) in [(6, 9), (26, 21)] {
      let options = NonuniformFFTOptions(oversampling: 2, windowWidth: width)
      try check(Problem<Double>(rows, columns, options))
      try check(Problem<Float>(rows, columns, options))
    }
  }

  @Test("with copies, tiles and many points, from few rows or all")
  func layouts() throws {
    let options = NonuniformFFTOptions(oversampling: 1.5, windowWidth: 5)
    try check(Problem<Double>(60, 50, options, points: 900, layout: .whole(copies: 3)))
    try check(Problem<Double>(60, 50, options, points: 900, layout: .tiles(shift: 5)))
    for side in [0.0, 3, 11, 31] {
      var problem = try Problem<Double>(64, 50, options, within: side)
      let reached = problem.grid.rows(within: side, of: -0.2)
      #expect((reached.count < problem.grid.rows) == (side < 20))
      problem.reached = reached
      try check(problem)
    }
  }

  @Test("through filters", arguments: [3.0, 30])
  func filters(side: Double) throws {
    func check<Scalar: GridScalar>(_: Scalar.Type) throws {
      let degree = 6
      let problem = try Problem<Scalar>(
        48, 33, NonuniformFFTOptions(oversampling: 1.5, windowWidth: 4), within: side)
      let grid = problem.grid
      let fit = ColumnFilterFit(degree: degree, modes: 48, rows: grid.rows)
      let filter: ColumnFilter<Scalar> = try fit.filter(for: grid) { ky, column in
        Double.exp(-(ky * ky + Double(column * column)) / 900)
      }
      for filter in [filter, try .identity(grid)] {
        let reached = grid.rows(within: side, of: -0.2, margin: degree)
        #expect((reached.count < grid.rows) == (side < 20))
        let filtered = grid.filtered(reached, degree: degree)
        let workspace = try problem.workspace(filterDegree: degree)
        let combined = try #require(workspace.combined)
        let out = try AlignedBuffer<Scalar>(count: problem.half.count, of: "a half spectrum")
        problem.spread(into: workspace)
        grid.transformRows(workspace, reached)
        grid.combine(filter, degree: degree, reached, isFirst: true, workspace)
        grid.transformColumns(
          of: combined, filtered, workspace, scale: 1, weights: grid.deconvolution, into: out.pointer)
        let periodic = try SpreadingGrid2D<Scalar>.PeriodicGrid(grid)
        grid.transformColumnsTranspose(
          of: problem.half, scale: 1, weights: grid.deconvolution, filtered, workspace)
        grid.combineTranspose(filter, degree: degree, reached, workspace)
        grid.transformRowsTranspose(of: combined, reached, workspace, into: periodic)
        let error = asymmetry(
          ofResult: Array(out.buffer), problem.half, argument: problem.strengths,
          try problem.values(periodic, workspace).values)
        #expect(error < limit(Scalar.self))
      }
    }
    try check(Double.self)
    try check(Float.self)
  }

  @Test("threads change no bit of values and slopes")
  func threads() throws {
    var problem = try Problem<Float>(45, 64, NonuniformFFTOptions(windowWidth: 7), points: 700)
    let one = try problem.transposed()
    for threads in [2, 3, 8] {
      problem.threads = threads
      let many = try problem.transposed()
      #expect(many == one)
    }
  }
}

@Suite("Nonuniform FFT onto a cube, transposed")
struct SpreadingTranspose3DTests {
  @Test("inner products, slopes and threads", arguments: [1, 2, 7, 10, 16], [3, 4, 8])
  func cube(size: Int, width: Int) throws {
    func check<Scalar: GridScalar>(_: Scalar.Type) throws {
      let count = 30
      let grid = try SpreadingGrid3D<Scalar>(
        size: size, accuracy: 1e-6,
        options: NonuniformFFTOptions(oversampling: 1.5, windowWidth: width, threads: 2), points: count)
      let workspace = try SpreadingGrid3D<Scalar>.Workspace(grid, points: count)
      let axes: [[Double]] = (0..<3).map { noise(count, seed: UInt64($0)).map { 40 * $0 } }
      let strengths: [Scalar] = noise(count, seed: 7)
      let half: [Scalar] = noise(2 * size * size * (size / 2 + 1), seed: 8)
      let factors = (0...(3 * (size / 2) * (size / 2))).map { 1 / (1 + Double($0) / 100) }
      let out = try AlignedBuffer<Scalar>(count: half.count, of: "a half spectrum")
      grid.spread(
        x: axes[0], y: axes[1], z: axes[2], origin: 3.25, scale: 0.5, strengths: strengths, into: workspace)
      try grid.transform(workspace, factorOfSquare: factors, addingTo: out.pointer)
      try grid.transformTranspose(of: half, factorOfSquare: factors, workspace)
      func values(_ axes: [[Double]]) throws -> [[Scalar]] {
        let found = try (0..<4).map { _ in try AlignedBuffer<Scalar>(count: count, of: "values") }
        grid.interpolate(
          x: axes[0], y: axes[1], z: axes[2], origin: 3.25, scale: 0.5, strengths: strengths, workspace,
          values: found[3].pointer, slopes: (0..<3).map { found[$0].pointer })
        return withExtendedLifetime(found) { found.map { Array($0.buffer) } }
      }
      let found = try values(axes)
      #expect(
        asymmetry(ofResult: Array(out.buffer), half, argument: strengths, found[3]) < limit(Scalar.self))
      guard Scalar.self == Double.self, width == 8, size > 1 else { return }
      for axis in 0..<3 {
        let step = 1e-6
        let ends = try [step, -step].map { offset in
          var moved = axes
          for i in 0..<count { moved[axis][i] += offset }
          return try values(moved)[3]
        }
        let largest = found[axis].reduce(0) { max($0, abs(Double($1))) }
        for i in 0..<count {
          let difference = Double(strengths[i]) * Double(ends[0][i] - ends[1][i]) / (2 * step)
          #expect(abs(difference - Double(found[axis][i])) <= 1e-7 * largest)
        }
      }
    }
    try check(Double.self)
    try check(Float.self)
  }
}
