import Oracles
import RealModule
import Testing

@testable import ExitPlane

@Suite("Symmetric aberrations and distorted optics")
struct OpticsDistortionTests {
  private let matrix = [[1.05, 0.04], [-0.02, 0.93]]
  private let zernike = [0.3, -4, 2, 5, 20, -15, 6, 9, -12]

  private func magnification() throws -> AnisotropicMagnification {
    try AnisotropicMagnification(
      firstRow: SIMD2(matrix[0][0], matrix[0][1]), secondRow: SIMD2(matrix[1][0], matrix[1][1]))
  }

  /// Written down as polynomials of x and y.
  private func polynomials(_ x: Double, _ y: Double) -> [Double] {
    let r2 = x * x + y * y
    return [
      1, 2 * x * y, 2 * r2 - 1, x * x - y * y, 4 * x * y * (x * x - y * y), (4 * r2 - 3) * 2 * x * y,
      6 * r2 * r2 - 6 * r2 + 1, (4 * r2 - 3) * (x * x - y * y),
      x * x * x * x - 6 * x * x * y * y + y * y * y * y,
      // n = 6, m = −6.
      6 * x * x * x * x * x * y - 20 * x * x * x * y * y * y + 6 * x * y * y * y * y * y,
    ]
  }

  @Test("even polynomials come in RELION's order, of the frequency itself")
  func evenPolynomials() throws {
    for (x, y) in [(0.1, 0.05), (-0.02, 0.2), (0.0, 0.0), (0.3, -0.4)] {
      for (index, want) in polynomials(x, y).enumerated() {
        #expect(abs(ZernikePolynomial(even: index)(SIMD2(x, y)) - want) < 1e-14, "\(index)")
      }
    }
    #expect(throws: ExitPlaneError.self) { try SymmetricAberrations(evenZernike: [1, .nan]) }
    #expect(throws: ExitPlaneError.self) {
      try SymmetricAberrations(evenZernike: Array(repeating: 0, count: 50))
    }
  }

  /// The textbook function at M k with a phase taken off χ, where the frequency is Nyquist's the mean of its signs.
  private func oracle(
    _ function: TransferOracle, rows: Int, columns: Int, pixelSize h: Double, zernike: [Double]
  ) -> [Double] {
    func value(_ kx: Int, _ ky: Int) -> Double {
      let (x, y) = (Double(kx) / (Double(columns) * h), Double(ky) / (Double(rows) * h))
      let (u, v) = (matrix[0][0] * x + matrix[0][1] * y, matrix[1][0] * x + matrix[1][1] * y)
      var there = function
      there.phaseShift -= zip(zernike, polynomials(u, v)).reduce(0) { $0 + $1.0 * $1.1 } * 180 / .pi
      return there(u, v)
    }
    return fftFrequencies(rows).flatMap { ky in
      (0...(columns / 2)).map { kx in
        2 * kx == columns || 2 * abs(ky) == rows ? (value(kx, ky) + value(kx, -ky)) / 2 : value(kx, ky)
      }
    }
  }

  @Test(
    "an image's spectrum is the projection's times the function at the magnified frequencies",
    arguments: [(16, 16), (15, 18), (18, 15), (13, 17)])
  func images(rows: Int, columns: Int) throws {
    let h = 1.2
    let oracle = oracle(
      TransferOracle(12000, 10500, 35, cs: 2.7, amplitude: 0.07, phaseShift: 20, bFactor: 30, scale: 0.8),
      rows: rows, columns: columns, pixelSize: h, zernike: zernike)
    let transfer = try ContrastTransferFunction(
      defocusUInAngstroms: 12000, defocusVInAngstroms: 10500, astigmatismAngleInDegrees: 35,
      amplitudeContrast: 0.07, phaseShiftInDegrees: 20, bFactorInSquareAngstroms: 30, scale: 0.8)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: h, magnification: magnification())
    let symmetric = try SymmetricAberrations(evenZernike: zernike)
    let values = transfer.values(on: plane, sign: .relion, aberrations: symmetric)
    #expect(zip(values, oracle).allSatisfy { abs($0 - $1) < 1e-12 })

    let volume = try GaussianMixtureVolume(
      positions: [SIMD3(2, -3, 1), SIMD3(-1, 2, 4)], amplitudes: [[5], [3]], variances: [[1], [2]])
    let projection = try GaussianMixtureProjection<Double>(accuracy: 1e-12).makeProjector(
      for: volume, onto: plane)
    let factors = try AberrationFactors<Double>(
      AntisymmetricAberrations(), symmetric: symmetric, magnification: plane.magnification,
      shape: plane.shape,
      pixelSizeInAngstroms: h, voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7)
    let plan = try ImageFormationPlan(projection)
    var (workspace, bare) = (try plan.makeWorkspace(), try projection.makeWorkspace())
    let got = Array(
      try plan.image(
        of: ImagedParticle(number: 0, pose: .identity, transfer: transfer, aberrations: factors),
        using: &workspace))
    let spectrum = projection.integrate(at: .identity, using: &bare).values
    let want = image(
      ofHalf: zip(spectrum, oracle).map { ComplexNumber($0.real, $0.imaginary) * $1 }, rows: rows,
      columns: columns)
    let peak = want.map(abs).max() ?? 0
    #expect(zip(got, want).allSatisfy { abs($0 - $1) < 1e-11 * peak })
    // Factors that know of no magnification do not fit this plane.
    let others = try AberrationFactors<Double>(
      AntisymmetricAberrations(), symmetric: symmetric, shape: plane.shape, pixelSizeInAngstroms: h,
      voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7)
    #expect(throws: ExitPlaneError.self) {
      try plan.image(
        of: ImagedParticle(number: 0, pose: .identity, transfer: transfer, aberrations: others),
        using: &workspace)
    }
  }

  @Test("without distortion the way by entries is the kernel's", arguments: [(16, 16), (15, 18)])
  func entriesAreTheKernels(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let transfer = try ContrastTransferFunction(
      defocusUInAngstroms: 9000, defocusVInAngstroms: 8000, astigmatismAngleInDegrees: 70,
      bFactorInSquareAngstroms: 20)
    let (a, b) = (try AlignedBuffer<Double>.half(shape), try AlignedBuffer<Double>.half(shape))
    for index in a.buffer.indices { (a.buffer[index], b.buffer[index]) = (1, 1) }
    for isEven in [true, false] {
      transfer.apply(
        to: a.pointer, shape: shape, pixelSizeInAngstroms: 1.1, sign: .cryoJAX, factor: 0.5,
        alternating: isEven)
      transfer.apply(
        to: b.pointer, shape: shape, pixelSizeInAngstroms: 1.1, sign: .cryoJAX, factor: 0.5,
        alternating: isEven, magnification: .none, phaseOffsets: [])
    }
    let count = 2 * shape.rows * shape.spectrumColumns
    #expect((0..<count).allSatisfy { abs(a.buffer[$0] - b.buffer[$0]) < 1e-12 })
  }

  @Test("antisymmetric aberrations act at the magnified frequencies too")
  func antisymmetric() throws {
    let (n, h) = (15, 1.2)
    let factors = try AberrationFactors<Double>(
      AntisymmetricAberrations(oddZernike: [3, -5]), magnification: magnification(),
      shape: GridShape(square: n), pixelSizeInAngstroms: h, voltageInKilovolts: 300,
      sphericalAberrationInMillimetres: 2.7)
    for (row, ky) in fftFrequencies(n).enumerated() {
      for kx in 0...(n / 2) {
        let (x, y) = (Double(kx) / (Double(n) * h), Double(ky) / (Double(n) * h))
        let phase = 3 * (matrix[1][0] * x + matrix[1][1] * y) - 5 * (matrix[0][0] * x + matrix[0][1] * y)
        let index = 2 * (row * (n / 2 + 1) + kx)
        #expect(abs(factors.values[index] - Double.cos(phase)) < 1e-13)
        #expect(abs(factors.values[index + 1] - Double.sin(phase)) < 1e-13)
      }
    }
  }
}
