import CKernels
import ComplexModule
import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// Random points, and points of a lattice that all fall alike between samples, with white strengths.
private struct Points {
  var x: [Double] = []
  var y: [Double] = []
  var strengths: [ComplexNumber] = []

  init(count: Int, within side: Double, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for _ in 0..<count {
      x.append(generator.uniform(-side...side))
      y.append(generator.uniform(-side...side))
      strengths.append(ComplexNumber(generator.uniform(), generator.uniform()))
    }
  }

  init(latticeOf side: Int, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for i in 0..<side * side {
      x.append(Double(i % side))
      y.append(Double(i / side))
      strengths.append(ComplexNumber(generator.uniform(), 0))
    }
  }

  /// `Σ c exp(−2πi (k_x x / columns + k_y y / rows))` at all frequencies, row by row.
  func directSum(rows: Int, columns: Int, real: Bool) -> [ComplexNumber] {
    fftFrequencies(rows).flatMap { ky in
      fftFrequencies(columns).map { kx in
        var sum = ComplexNumber(0, 0)
        for j in x.indices {
          let turns = Double(kx) * x[j] / Double(columns) + Double(ky) * y[j] / Double(rows)
          let c = real ? ComplexNumber(strengths[j].re, 0) : strengths[j]
          sum = sum + c * .turn(-turns)
        }
        return sum
      }
    }
  }
}

private func relativeRMS<Scalar: GridScalar>(_ got: [Complex<Scalar>], _ want: [ComplexNumber]) -> Double {
  guard got.count == want.count else { return .infinity }
  var (error, norm) = (0.0, 0.0)
  for (g, w) in zip(got, want) {
    let d = ComplexNumber(Double(g.real), Double(g.imaginary)) - w
    error += d.re * d.re + d.im * d.im
    norm += w.re * w.re + w.im * w.im
  }
  return (error / norm).squareRoot()
}

/// A half spectrum of direct sums, made that of a real image.
private func realHalf(_ full: [ComplexNumber], rows: Int, columns: Int) -> [ComplexNumber] {
  let width = columns / 2 + 1
  return (0..<rows).flatMap { y in
    (0..<width).map { x in
      let value = full[y * columns + x]
      guard x == 0 || 2 * x == columns else { return value }
      return (value + full[(rows - y) % rows * columns + x].conjugate) * 0.5
    }
  }
}

@Suite("Nonuniform FFT, type 1")
struct NonuniformFFTTests {
  static let tolerances = [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-8, 1e-10, 1e-12]
  static let oversamplings: [Double?] = [nil, 1.25, 1.5, 2]
  static let shapes = [(24, 24), (25, 31), (30, 22)]

  @Test(
    "the RMS error of white noise is within the tolerance", arguments: shapes,
    oversamplings)
  func sweep(shape: (Int, Int), oversampling: Double?) throws {
    let (rows, columns) = shape
    let points = Points(count: 300, within: 70, seed: UInt64(rows * columns))
    let lattice = Points(latticeOf: 18, seed: 5)
    let full = points.directSum(rows: rows, columns: columns, real: false)
    let half = realHalf(
      points.directSum(rows: rows, columns: columns, real: true), rows: rows, columns: columns)
    let latticeHalf = realHalf(
      lattice.directSum(rows: rows, columns: columns, real: true), rows: rows, columns: columns)

    func check<Scalar: GridScalar>(_ tolerance: Double, limit: Double, as _: Scalar.Type) throws {
      let options = NonuniformFFTOptions(oversampling: oversampling)
      let fft: NonuniformFFT2D<Scalar>
      do {
        fft = try NonuniformFFT2D(
          shape: GridShape(rows: rows, columns: columns), accuracy: tolerance, options: options,
          expectedPoints: 300)
      } catch let error as ExitPlaneError where error.kind == .unsupported {
        // Only what little oversampling makes impossible may be refused.
        let reach = Scalar.self == Float.self ? 1e-4 : 1e-9
        #expect(tolerance < reach && oversampling ?? 2 < 2, "\(error)")
        return
      }
      let complex = points.strengths.map { Complex(Scalar($0.re), Scalar($0.im)) }
      let whole = try fft.transform(x: points.x, y: points.y, complexStrengths: complex)
      #expect(relativeRMS(whole, full) <= limit)
      let real = try fft.transform(x: points.x, y: points.y, strengths: complex.map(\.real))
      #expect(relativeRMS(real.values, half) <= limit)
      let even = try fft.transform(
        x: lattice.x, y: lattice.y, strengths: lattice.strengths.map { Scalar($0.re) })
      #expect(relativeRMS(even.values, latticeHalf) <= limit)
    }
    for tolerance in Self.tolerances {
      try check(tolerance, limit: max(tolerance, 1e-13), as: Double.self)
      if tolerance >= 1e-6 { try check(tolerance, limit: max(tolerance, 3e-6), as: Float.self) }
    }
    if oversampling == nil {
      try check(1e-15, limit: 1e-13, as: Double.self)
      try check(1e-9, limit: 3e-6, as: Float.self)
    }
  }

  @Test("in three dimensions too", arguments: [9, 10])
  func cube(size: Int) throws {
    var generator = SeededGenerator(seed: UInt64(size))
    let count = 80
    let positions = (0..<3).map { _ in (0..<count).map { _ in generator.uniform(-30...30) } }
    let strengths = (0..<count).map { _ in generator.uniform() }
    let frequencies = fftFrequencies(size)
    // The last column of an even size is +½ here.
    let want = frequencies.flatMap { kz in
      frequencies.flatMap { ky in
        (0...size / 2).map { kx in
          strengths.indices.reduce(ComplexNumber(0, 0)) { sum, j in
            let turns =
              Double(kx) * positions[0][j] + Double(ky) * positions[1][j] + Double(kz) * positions[2][j]
            return sum + ComplexNumber.turn(-turns / Double(size)) * strengths[j]
          }
        }
      }
    }
    func check<Scalar: GridScalar>(_ tolerance: Double, as _: Scalar.Type) throws {
      let grid = try SpreadingGrid3D<Scalar>(
        size: size, accuracy: tolerance, options: NonuniformFFTOptions(), points: count)
      let workspace = try SpreadingGrid3D<Scalar>.Workspace(grid, points: count)
      grid.spread(
        x: positions[0], y: positions[1], z: positions[2], origin: 0, scale: 1,
        strengths: strengths.map { Scalar($0) }, into: workspace)
      var half = [Scalar](repeating: 0, count: 2 * want.count)
      try half.withUnsafeMutableBufferPointer {
        try grid.transform(
          workspace, factorOfSquare: Array(repeating: 1, count: size * size),
          addingTo: try #require($0.baseAddress))
      }
      let got = want.indices.map { Complex(half[2 * $0], half[2 * $0 + 1]) }
      #expect(relativeRMS(got, want) <= max(tolerance, WindowKernel<Scalar>.floor), "\(tolerance)")
    }
    for tolerance in Self.tolerances {
      try check(tolerance, as: Double.self)
      if tolerance >= 1e-6 { try check(tolerance, as: Float.self) }
    }
  }

  @Test("tiles, threads and their number change no more than rounding, threads no bit")
  func layouts() throws {
    let shape = try GridShape(rows: 150, columns: 131)
    let points = Points(count: 30_000, within: 400, seed: 12)
    func transform<Scalar: GridScalar>(
      _ sorting: NonuniformFFTOptions.Sorting, _ threads: Int, as _: Scalar.Type
    ) throws -> [Complex<Scalar>] {
      try NonuniformFFT2D<Scalar>(
        shape: shape, accuracy: 1e-6,
        options: NonuniformFFTOptions(oversampling: 2, sorting: sorting, threads: threads)
      ).transform(x: points.x, y: points.y, strengths: points.strengths.map { Scalar($0.re) }).values
    }
    let reference = try transform(.never, 1, as: Double.self)
    let flat = reference.map { ComplexNumber($0.real, $0.imaginary) }
    for sorting in NonuniformFFTOptions.Sorting.allCases {
      let one = try transform(sorting, 1, as: Float.self)
      #expect(relativeRMS(one, flat) < 3e-6)
      #expect(try transform(sorting, 2, as: Float.self) == one)
      #expect(try transform(sorting, 3, as: Float.self) == one)
      #expect(relativeRMS(try transform(sorting, 2, as: Double.self), flat) < 1e-13)
    }
  }

  @Test("a second transform of a plan does not see the first")
  func reuse() throws {
    let fft = try NonuniformFFT2D<Double>(shape: GridShape(square: 32), accuracy: 1e-9)
    let (a, b) = (Points(count: 50, within: 40, seed: 1), Points(count: 50, within: 40, seed: 2))
    let first = try fft.transform(x: a.x, y: a.y, strengths: a.strengths.map(\.re))
    _ = try fft.transform(x: b.x, y: b.y, strengths: b.strengths.map(\.re))
    #expect(try fft.transform(x: a.x, y: a.y, strengths: a.strengths.map(\.re)) == first)
    let none = try fft.transform(x: [], y: [], strengths: [Double]())
    #expect(none.values.allSatisfy { $0 == .zero })
  }

  @Test("points a period away are the same points, and far ones do no harm")
  func periods() throws {
    let fft = try NonuniformFFT2D<Double>(shape: GridShape(rows: 20, columns: 26), accuracy: 1e-12)
    let points = Points(count: 40, within: 30, seed: 3)
    let strengths = points.strengths.map(\.re)
    let here = try fft.transform(x: points.x, y: points.y, strengths: strengths)
    let there = try fft.transform(
      x: points.x.map { $0 - 26 * 3 }, y: points.y.map { $0 + 20 * 7 }, strengths: strengths)
    #expect(
      relativeRMS(there.values, here.values.map { ComplexNumber($0.real, $0.imaginary) }) < 1e-11)
    let far = try fft.transform(
      x: [1e300, -1e18, 26, -0.0], y: [-1e300, 3e17, 20, 1e-300], strengths: [1, 1, 1, 1])
    #expect(abs(far[0, 0].real - 4) < 1e-10)
  }

  @Test("what cannot be transformed is refused in a sentence")
  func refusals() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let shape = try GridShape(square: 64)
    let fft = try NonuniformFFT2D<Float>(shape: shape, accuracy: 1e-3)
    #expect(
      message { _ = try fft.transform(x: [0, 1], y: [0], strengths: [Float(1), 1]) }.contains("1 y coord"))
    #expect(message { _ = try fft.transform(x: [0], y: [0], strengths: [Float]()) }.contains("0 strengths"))
    for sorting in [NonuniformFFTOptions.Sorting.always, .never] {
      let fft = try NonuniformFFT2D<Float>(
        shape: shape, accuracy: 1e-3, options: NonuniformFFTOptions(sorting: sorting))
      #expect(
        message { _ = try fft.transform(x: [0, 1, .nan], y: [0, 1, 2], strengths: [Float(1), 1, 1]) }
          .contains("point 2"))
      #expect(
        message { _ = try fft.transform(x: [0, 1], y: [0, .infinity], strengths: [Float(1), 1]) }
          .contains("point 1"))
    }
    func plan(_ accuracy: Double, _ options: NonuniformFFTOptions = NonuniformFFTOptions()) -> String {
      message { _ = try NonuniformFFT2D<Float>(shape: shape, accuracy: accuracy, options: options) }
    }
    #expect(
      message {
        _ = try NonuniformFFT2D<Float>(shape: GridShape(rows: 4, columns: 30_000), accuracy: 1e-3)
      }.contains("a smaller image"))
    #expect(plan(.nan).contains("accuracy"))
    #expect(plan(2).contains("0.5"))
    #expect(plan(1e-3, NonuniformFFTOptions(oversampling: 1)).contains("1.1 to 4"))
    #expect(plan(1e-3, NonuniformFFTOptions(windowWidth: 17)).contains("2 to 16"))
    #expect(plan(1e-3, NonuniformFFTOptions(threads: 0)).contains("threads"))
    #expect(plan(1e-6, NonuniformFFTOptions(oversampling: 1.25)).contains("single precision"))
  }

  @Test("a width that is asked for is used", arguments: [2, 5, 9, 16])
  func widths(width: Int) throws {
    let fft = try NonuniformFFT2D<Double>(
      shape: GridShape(square: 24), accuracy: 1e-6,
      options: NonuniformFFTOptions(oversampling: 2, windowWidth: width))
    #expect(fft.windowWidth == width)
    let points = Points(count: 100, within: 20, seed: 4)
    let full = points.directSum(rows: 24, columns: 24, real: false)
    let got = try fft.transform(
      x: points.x, y: points.y, complexStrengths: points.strengths.map { Complex($0.re, $0.im) })
    // About a digit a sample.
    #expect((0.1...10).contains(relativeRMS(got, full) / Double.pow(10, 1 - Double(min(width, 14)))))
  }

  @Test("lengths are those FFTs like, and no shorter than asked")
  func lengths() {
    for minimum in 1...3000 {
      let length = fastTransformLength(atLeast: minimum)
      #expect(length >= minimum && length % 2 == 0)
      #expect(minimum <= 16 || Double(length) < 1.35 * Double(minimum))
      var rest = length
      for prime in [2, 3, 5] { while rest % prime == 0 { rest /= prime } }
      #expect(rest == 1)
    }
  }
}

@Suite("Spreading kernels")
struct NonuniformSpreadingTests {
  /// A grid filled by the plain form of the taps, one point at a time.
  private func plain<Scalar: GridScalar>(
    _ kernel: WindowKernel<Scalar>, points: [(position: [Double], strength: Scalar)], side: Int,
    dimensions: Int
  ) -> [Double] {
    let halo = kernel.width / 2
    var grid = [Double](repeating: 0, count: dimensions == 2 ? side * side : side * side * side)
    for (position, strength) in points {
      let located = position.map { kernel.locate($0) }
      let taps = located.map { kernel.taps(at: $0.t).map { Double($0) } }
      for (k, z) in (dimensions == 3 ? taps[2] : [1]).enumerated() {
        for (j, y) in taps[1].enumerated() {
          for (i, x) in taps[0].enumerated() {
            let plane = dimensions == 3 ? located[2].first + halo + k : 0
            let index =
              (plane * side + located[1].first + halo + j) * side + located[0].first + halo + i
            grid[index] += Double(strength) * x * y * z
          }
        }
      }
    }
    return grid
  }

  private func check<Scalar: GridScalar>(width: Int, oversampling: Double, dimensions: Int, as _: Scalar.Type)
    throws
  {
    let kernel = try WindowKernel<Scalar>(width: width, oversampling: oversampling, dimensions: dimensions)
    let kind = dimensions == 2 ? SpreadingDimensions.two : .three
    let period = 20.0
    let side = 20 + 8 + 16
    var generator = SeededGenerator(seed: UInt64(width))
    let count = 203
    let points = (0..<count).map { index in
      (
        // The ends of the period, and the middle between samples, among others.
        position: (0..<dimensions).map { _ in
          index == 0 ? 0.0 : index == 1 ? 19.5 : generator.uniform(0...19.99)
        }, strength: Scalar(generator.uniform())
      )
    }
    let axes = (0..<3).map { axis in axis < dimensions ? points.map { $0.position[axis] } : [] }
    var bins = ep_bins(
      halo: Int32(width / 2), shift: (31, 31, 31), mask: (-1, -1, -1), binStride: (0, 0, 0),
      stride: (1, Int32(side), Int32(side * side)))
    var grid = [Scalar](repeating: 0, count: dimensions == 2 ? side * side : side * side * side)
    let records = UnsafeMutableRawPointer.allocate(
      byteCount: count * Scalar.pointBytes(in: kind), alignment: 64)
    defer { records.deallocate() }
    axes[0].withUnsafeBufferPointer { x in
      axes[1].withUnsafeBufferPointer { y in
        axes[2].withUnsafeBufferPointer { z in
          var source = ep_point_source(
            origin: (0, 0, 0), map: ((1, 0, 0), (0, 1, 0), (0, 0, 1)), period: (period, period, period),
            x: x.baseAddress, y: y.baseAddress, z: dimensions == 3 ? z.baseAddress : nil)
          points.map(\.strength).withUnsafeBufferPointer { strengths in
            #expect(
              Scalar.locatePoints(
                in: kind, of: &source, 0..<count, width: width, bins: &bins,
                strengths: strengths.baseAddress, cursors: nil, into: records) == 0)
          }
        }
      }
    }
    kernel.withDescriptor { window in
      grid.withUnsafeMutableBufferPointer {
        guard let start = $0.baseAddress else { return }
        Scalar.spreadPoints(
          in: kind, records, count: count, window: window, rowStride: side, planeStride: side * side,
          onto: start)
      }
    }
    let want = plain(kernel, points: points, side: side, dimensions: dimensions)
    let tolerance = Scalar.self == Float.self ? 3e-6 : 1e-14
    #expect(zip(grid, want).allSatisfy { abs(Double($0) - $1) < tolerance })
  }

  @Test("every width and precision adds what the plain taps do", arguments: Array(2...16))
  func spreading(width: Int) throws {
    // Less oversampling takes other degrees, some of them beyond those compiled for a width.
    for oversampling in [1.2, 2.0] {
      for dimensions in [2, 3] {
        try check(width: width, oversampling: oversampling, dimensions: dimensions, as: Float.self)
        try check(width: width, oversampling: oversampling, dimensions: dimensions, as: Double.self)
      }
    }
  }
}
