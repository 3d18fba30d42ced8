import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("Nonuniform FFT, type 2 and gradients")
struct NonuniformFFT2DTransposeTests {
  private static let shapes = [(1, 1), (2, 4), (16, 16), (17, 22), (30, 13)]

  private struct Problem {
    let rows, columns: Int
    let x, y, strengths: [Double]
    /// Of the full spectrum.
    let spectrum: [ComplexNumber]

    init(_ shape: (Int, Int)) {
      (rows, columns) = shape
      var generator = SeededGenerator(seed: UInt64(rows * 100 + columns))
      func numbers(_ count: Int, _ side: Double) -> [Double] {
        (0..<count).map { _ in generator.uniform(-side...side) }
      }
      x = numbers(25, 60)
      y = numbers(25, 60)
      strengths = numbers(25, 1)
      let parts = numbers(2 * rows * columns, 1)
      spectrum = (0..<(rows * columns)).map { ComplexNumber(parts[2 * $0], parts[2 * $0 + 1]) }
    }

    /// `Σ_k c(k_y, k_x) F(k) e^{2πi k x}` and its slopes.
    func sums(_ weight: (_ ky: Int, _ kx: Int) -> Double = { _, _ in 1 }) -> [(
      value: ComplexNumber, x: ComplexNumber, y: ComplexNumber
    )] {
      x.indices.map { j in
        var sums = (ComplexNumber(0, 0), ComplexNumber(0, 0), ComplexNumber(0, 0))
        for (row, ky) in fftFrequencies(rows).enumerated() {
          for (column, kx) in fftFrequencies(columns).enumerated() {
            let (fy, fx) = (Double(ky) / Double(rows), Double(kx) / Double(columns))
            let term = spectrum[row * columns + column] * .turn(fx * x[j] + fy * y[j]) * weight(ky, kx)
            sums.0 = sums.0 + term
            sums.1 = sums.1 + term * ComplexNumber(0, 2 * .pi * fx)
            sums.2 = sums.2 + term * ComplexNumber(0, 2 * .pi * fy)
          }
        }
        return (sums.0, sums.1, sums.2)
      }
    }

    /// Of the spectrum what lies at frequencies along x that a half spectrum holds.
    func half<Scalar: GridScalar>(_: Scalar.Type) throws -> HalfSpectrum<Scalar> {
      let shape = try GridShape(rows: rows, columns: columns)
      return try HalfSpectrum(
        shape: shape,
        values: (0..<rows).flatMap { row in
          (0..<shape.spectrumColumns).map {
            let value = spectrum[row * columns + $0]
            return Complex(Scalar(value.re), Scalar(value.im))
          }
        })
    }
  }

  private func expectNear<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double], _ tolerance: Double) {
    let largest = max(want.reduce(0) { max($0, abs($1)) }, 1e-300)
    #expect(got.count == want.count)
    #expect(zip(got, want).allSatisfy { abs(Double($0) - $1) <= tolerance * largest })
  }

  private func check<Scalar: GridScalar>(_ shape: (Int, Int), _ tolerance: Double, as _: Scalar.Type) throws {
    let problem = Problem(shape)
    let gridShape = try GridShape(rows: shape.0, columns: shape.1)
    let fft = try NonuniformFFT2D<Scalar>(shape: gridShape, accuracy: 1e-13, expectedPoints: 25)
    // Twice: a workspace is used again.
    for _ in 0..<2 {
      let full = try FullSpectrum(
        shape: gridShape, values: problem.spectrum.map { Complex(Scalar($0.re), Scalar($0.im)) })
      let values = try fft.values(of: full, x: problem.x, y: problem.y)
      let sums = problem.sums()
      expectNear(values.map(\.real), sums.map(\.value.re), tolerance)
      expectNear(values.map(\.imaginary), sums.map(\.value.im), tolerance)

      // A spectrum's columns 0 and Nyquist are made conjugate-symmetric before, so sum what is.
      let strengths = problem.strengths.map { Scalar($0) }
      let gradient = try fft.pullBack(
        problem.half(Scalar.self), x: problem.x, y: problem.y, strengths: strengths)
      let forward = try fft.transform(x: problem.x, y: problem.y, strengths: strengths)
      let cotangent = try problem.half(Scalar.self)
      let product = zip(forward.values, cotangent.values).reduce(0.0) {
        $0 + Double($1.0.real * $1.1.real + $1.0.imaginary * $1.1.imaginary)
      }
      let other = zip(gradient.strengths, problem.strengths).reduce(0) { $0 + Double($1.0) * $1.1 }
      let size = forward.values.reduce(0.0) { $0 + Double($1.lengthSquared) }.squareRoot()
      let otherSize = cotangent.values.reduce(0.0) { $0 + Double($1.lengthSquared) }.squareRoot()
      #expect(abs(product - other) < (Scalar.self == Float.self ? 1e-6 : 1e-13) * size * otherSize)
    }
  }

  @Test("values at points are the sums over frequencies, and transposes are transposes", arguments: shapes)
  func sums(shape: (Int, Int)) throws {
    try check(shape, 1e-11, as: Double.self)
    try check(shape, 1e-4, as: Float.self)
  }

  @Test("a real image at any points, and its slopes", arguments: [(15, 17), (16, 21)])
  func real(shape: (Int, Int)) throws {
    // Of inner columns alone, and without a Nyquist row, which stands for two frequencies.
    let problem = Problem(shape)
    let isInner = { (ky: Int, kx: Int) in kx > 0 && 2 * abs(ky) < problem.rows }
    var half = try problem.half(Double.self)
    for (row, ky) in fftFrequencies(shape.0).enumerated() {
      for column in 0..<half.shape.spectrumColumns where !isInner(ky, column) { half[row, column] = .zero }
    }
    let fft = try NonuniformFFT2D<Double>(shape: half.shape, accuracy: 1e-13, expectedPoints: 25)
    let sums = problem.sums { ky, kx in isInner(ky, kx) ? 1 : 0 }
    expectNear(
      try fft.values(of: half, x: problem.x, y: problem.y), sums.map { 2 * $0.value.re }, 1e-11)
    let gradient = try fft.pullBack(half, x: problem.x, y: problem.y, strengths: problem.strengths)
    expectNear(gradient.strengths, sums.map(\.value.re), 1e-11)
    expectNear(gradient.x, zip(sums, problem.strengths).map { $0.x.re * $1 }, 1e-9)
    expectNear(gradient.y, zip(sums, problem.strengths).map { $0.y.re * $1 }, 1e-9)
  }

  @Test("what does not fit is refused in a sentence")
  func refusals() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let problem = Problem((6, 8))
    let fft = try NonuniformFFT2D<Double>(shape: GridShape(rows: 8, columns: 6), accuracy: 1e-6)
    let half = try problem.half(Double.self)
    #expect(message { _ = try fft.values(of: half, x: [0], y: [0]) }.contains("6 × 8"))
    let other = try NonuniformFFT2D<Double>(shape: half.shape, accuracy: 1e-6)
    #expect(message { _ = try other.values(of: half, x: [0, 1], y: [0]) }.contains("1 y coord"))
    #expect(message { _ = try other.values(of: half, x: [0, .nan], y: [0, 1]) }.contains("point 1"))
    #expect(
      message { _ = try other.pullBack(half, x: [0], y: [0], strengths: []) }.contains("0 strengths"))
  }
}
