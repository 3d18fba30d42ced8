import ComplexModule
import Oracles
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
      let whole = try fft.transform(x: points.x, y: points.y, strengths: complex)
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
}
