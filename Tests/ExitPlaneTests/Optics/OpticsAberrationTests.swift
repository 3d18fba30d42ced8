import Oracles
import RealModule
import Testing

@testable import ExitPlane

@Suite("Antisymmetric aberrations")
struct OpticsAberrationTests {
  @Test("polynomials come in RELION's order, of the frequency itself")
  func polynomials() {
    for (x, y) in [(0.1, 0.05), (-0.02, 0.2), (0.0, 0.0), (0.3, -0.4)] {
      let (r2, q) = (x * x + y * y, SIMD2(x, y))
      let want = [
        y, x, 3 * x * x * y - y * y * y, (3 * r2 - 2) * y, (3 * r2 - 2) * x, x * x * x - 3 * x * y * y,
        5 * x * x * x * x * y - 10 * x * x * y * y * y + y * y * y * y * y,
      ]
      for (index, value) in want.enumerated() {
        #expect(abs(ZernikePolynomial(odd: index)(q) - value) < 1e-14, "\(index)")
      }
    }
    // n = 5, m = ±1 is (10 r⁴ − 12 r² + 3).
    let (x, y) = (0.3, -0.4)
    let radial = 10 * 0.0625 - 12 * 0.25 + 3
    #expect(abs(ZernikePolynomial(odd: 8)(SIMD2(x, y)) - radial * y) < 1e-14)
    #expect(abs(ZernikePolynomial(odd: 9)(SIMD2(x, y)) - radial * x) < 1e-14)
  }

  /// RELION turns a tilt into coefficients 3 and 4 and takes the linear part out by 0 and 1.
  @Test("beam tilt is RELION's combination of polynomials")
  func beamTilt() throws {
    let (tilt, cs, wavelength) = (SIMD2(1.6, -1.2), 2.7, 0.0196875)
    let scale = -cs * 20000 * wavelength * wavelength * Double.pi / 3
    let tilted = try AntisymmetricAberrations(beamTiltInMilliradians: tilt)
    let combined = try AntisymmetricAberrations(
      oddZernike: [2 * scale * tilt.y, 2 * scale * tilt.x, 0, scale * tilt.y, scale * tilt.x])
    for q in [SIMD2(0.1, 0.2), SIMD2(-0.3, 0.05), SIMD2(0.02, -0.4)] {
      func phase(_ a: AntisymmetricAberrations, _ q: SIMD2<Double>) -> Double {
        a.phase(at: q, wavelengthInAngstroms: wavelength, sphericalAberrationInMillimetres: cs)
      }
      #expect(abs(phase(tilted, q) - phase(combined, q)) < 1e-13)
      #expect(abs(phase(tilted, q) + phase(tilted, SIMD2(0, 0) - q)) < 1e-13)
    }
  }

  @Test("a linear phase moves the image as a shift does", arguments: [(24, 24), (23, 25)])
  func linearPhaseIsShift(rows: Int, columns: Int) throws {
    let volume = try GaussianMixtureVolume(
      positions: [SIMD3(2, -3, 1)], amplitudes: [[5]], variances: [[6]])
    let plane = try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: 1.5)
    let projection = try GaussianMixtureProjection<Double>(accuracy: 1e-12).makeProjector(
      for: volume, onto: plane)
    let shift = SIMD2(1.25, -2.0)
    // exp(−2πi q·t), so −2π t radians for each 1/Å; y is the first polynomial and x the second.
    let aberrations = try AntisymmetricAberrations(
      oddZernike: [-2 * .pi * shift.y, -2 * .pi * shift.x])
    let factors = try AberrationFactors<Double>(
      aberrations, shape: plane.paddedShape, pixelSizeInAngstroms: 1.5, voltageInKilovolts: 300,
      sphericalAberrationInMillimetres: 2.7)
    let transfer = try ContrastTransferFunction(defocusUInAngstroms: 5000, defocusVInAngstroms: 4000)
    let plan = try ImageFormationPlan(projection)
    var workspace = try plan.makeWorkspace()
    let moved = Array(
      try plan.image(
        of: ImagedParticle(number: 0, pose: .identity, transfer: transfer, aberrations: factors),
        using: &workspace))
    let shifted = try plan.image(
      of: ImagedParticle(
        number: 0, pose: Pose(rotation: .identity, shiftInAngstroms: shift), transfer: transfer),
      using: &workspace)
    let peak = shifted.map(abs).max() ?? 0
    #expect(zip(moved, shifted).allSatisfy { abs($0 - $1) < 1e-6 * peak })
  }

  @Test(
    "Nyquist frequencies have the mean factor of their signs", arguments: [(8, 10), (8, 9), (7, 10), (6, 6)])
  func nyquist(rows: Int, columns: Int) throws {
    let (h, kilovolts, cs) = (1.5, 200.0, 1.4)
    let aberrations = try AntisymmetricAberrations(
      beamTiltInMilliradians: SIMD2(3, -5), oddZernike: [2, -1, 40, 10, -30, 25])
    let factors = try AberrationFactors<Double>(
      aberrations, shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: h,
      voltageInKilovolts: kilovolts, sphericalAberrationInMillimetres: cs)
    let volts = kilovolts * 1000
    let wavelength = 12.2643247 / (volts + 0.978466e-6 * volts * volts).squareRoot()
    for row in 0..<rows {
      for column in 0...columns / 2 {
        let y = row <= (rows - 1) / 2 ? row : row - rows
        let signs = { (n: Int, length: Int) in 2 * abs(n) == length ? [1.0, -1] : [1] }
        let phases = signs(y, rows).flatMap { sy in
          signs(column, columns).map { sx in
            aberrations.phase(
              at: SIMD2(sx * Double(column) / Double(columns), sy * Double(y) / Double(rows)) / h,
              wavelengthInAngstroms: wavelength, sphericalAberrationInMillimetres: cs)
          }
        }
        let cosine = phases.map { Double.cos($0) }.reduce(0, +) / Double(phases.count)
        let sine = phases.map { Double.sin($0) }.reduce(0, +) / Double(phases.count)
        let index = 2 * (row * (columns / 2 + 1) + column)
        #expect(abs(factors.values[index] - cosine) < 1e-12, "\(row), \(column)")
        #expect(abs(factors.values[index + 1] - sine) < 1e-12, "\(row), \(column)")
      }
    }
  }

  @Test("what multiplies a real image's spectrum keeps it one", arguments: [(8, 8), (7, 10), (6, 9)])
  func factorsAreHermitian(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let aberrations = try AntisymmetricAberrations(
      beamTiltInMilliradians: SIMD2(20, -30), oddZernike: [1, -2, 30, 0, 0, -50])
    let factors = try AberrationFactors<Double>(
      aberrations, shape: shape, pixelSizeInAngstroms: 1, voltageInKilovolts: 300,
      sphericalAberrationInMillimetres: 2.7)
    let width = shape.spectrumColumns
    for column in columns % 2 == 0 ? [0, columns / 2] : [0] {
      for row in 0..<rows {
        let (a, b) = (2 * (row * width + column), 2 * ((rows - row) % rows * width + column))
        #expect(abs(factors.values[a] - factors.values[b]) < 1e-13)
        #expect(abs(factors.values[a + 1] + factors.values[b + 1]) < 1e-13)
      }
    }
    #expect(throws: ExitPlaneError.self) { try AntisymmetricAberrations(oddZernike: [.nan]) }
    #expect(throws: ExitPlaneError.self) {
      try AntisymmetricAberrations(oddZernike: Array(repeating: 0, count: 43))
    }
  }
}
