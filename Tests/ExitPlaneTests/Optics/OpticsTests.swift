import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

extension ContrastTransferFunction {
  init(_ o: TransferOracle) throws {
    try self.init(
      defocusUInAngstroms: o.defocusU, defocusVInAngstroms: o.defocusV, astigmatismAngleInDegrees: o.angle,
      voltageInKilovolts: o.kilovolts, sphericalAberrationInMillimetres: o.cs, amplitudeContrast: o.amplitude,
      phaseShiftInDegrees: o.phaseShift, bFactorInSquareAngstroms: o.bFactor, scale: o.scale)
  }
}

@Suite("Contrast transfer functions")
struct OpticsTests {
  static let functions = [
    TransferOracle(12000, 11000, 33), TransferOracle(8000, 8000, 0, phaseShift: 90),
    TransferOracle(-3000, -2500, -140, kilovolts: 120, cs: 0.01, amplitude: 0),
    TransferOracle(25000, 31000, 71.5, kilovolts: 200, cs: 1.4, amplitude: 0.07, bFactor: 80, scale: 0.7),
    TransferOracle(0, 0, 0, amplitude: 1, phaseShift: -400, scale: -2),
  ]
  static let shapes = [(16, 16), (15, 17), (8, 33), (34, 7), (1, 1), (2, 40)]

  private func applied<Scalar: GridScalar>(
    _ function: TransferOracle, _ shape: GridShape, h: Double, _: Scalar.Type
  ) throws -> HalfSpectrum<Scalar> {
    let count = shape.rows * shape.spectrumColumns
    var spectrum = try HalfSpectrum<Scalar>(
      shape: shape, values: Array(repeating: Complex(3, -2), count: count))
    try ContrastTransferFunction(function).apply(to: &spectrum, pixelSizeInAngstroms: h, sign: .relion)
    return spectrum
  }

  private func largestError<Scalar: GridScalar>(
    _ spectrum: HalfSpectrum<Scalar>, _ want: [Double]
  ) -> Double {
    zip(spectrum.values, want).map {
      max(abs(Double($0.real) - 3 * $1), abs(Double($0.imaginary) + 2 * $1))
    }.max() ?? 0
  }

  @Test("a spectrum is multiplied by the textbook's function, in any shape", arguments: functions)
  func textbook(function: TransferOracle) throws {
    for (rows, columns) in Self.shapes {
      let shape = try GridShape(rows: rows, columns: columns)
      let want = function.half(rows: rows, columns: columns, pixelSize: 1.1)
      #expect(largestError(try applied(function, shape, h: 1.1, Double.self), want) < 1e-10)
      #expect(largestError(try applied(function, shape, h: 1.1, Float.self), want) < 3e-6)
      let plane = try ImageConfiguration(shape: shape, pixelSizeInAngstroms: 1.1)
      let values = try ContrastTransferFunction(function).values(on: plane, sign: .cryoJAX)
      #expect(zip(values, want).allSatisfy { abs($0 + $1) < 1e-10 })
    }
  }

  @Test("phases of thousands of radians keep single precision's digits")
  func largePhases() throws {
    let function = TransferOracle(60000, 58000, 12, cs: 2.7)
    let shape = try GridShape(square: 256)
    let want = function.half(rows: 256, columns: 256, pixelSize: 0.4)
    // At the corner the phase is past 8000 radians.
    let corner = try ContrastTransferFunction(function).phase(at: SIMD2(1.25, 1.25))
    #expect(abs(corner) > 4000)
    #expect(largestError(try applied(function, shape, h: 0.4, Float.self), want) < 3e-6)
    #expect(largestError(try applied(function, shape, h: 0.4, Double.self), want) < 1e-9)
  }

  @Test("the half spectrum of a real image remains one")
  func remainsHermitian() throws {
    let shape = try GridShape(rows: 12, columns: 10)
    let spectrum = try applied(Self.functions[0], shape, h: 1.3, Double.self)
    for column in [0, 5] {
      for row in 0..<12 {
        // Both entries were multiplied alike, so that what was conjugate is conjugate.
        let (a, b) = (spectrum[row, column], spectrum[(12 - row) % 12, column])
        #expect(abs(a.real - b.real) < 1e-12)
      }
    }
  }

  @Test("the signs are RELION's, bright at low frequency, and cryoJAX's, dark")
  func signs() throws {
    let function = try ContrastTransferFunction(defocusUInAngstroms: 10000)
    let low = SIMD2(0.01, 0.0)
    #expect(abs(function.value(at: SIMD2(0, 0), sign: .relion) - 0.1) < 1e-15)
    #expect(function.value(at: low, sign: .relion) > 0.15)
    #expect(function.value(at: low, sign: .cryoJAX) == -function.value(at: low, sign: .relion))
  }

  @Test("origin at the centre and a factor go along")
  func alternating() throws {
    let shape = try GridShape(rows: 6, columns: 8)
    let function = try ContrastTransferFunction(defocusUInAngstroms: 10000, defocusVInAngstroms: 9000)
    var plain = [Double](repeating: 1, count: 2 * 6 * 5)
    var moved = plain
    function.apply(to: &plain, shape: shape, pixelSizeInAngstroms: 2, sign: .relion)
    function.apply(
      to: &moved, shape: shape, pixelSizeInAngstroms: 2, sign: .cryoJAX, factor: 0.5, alternating: true)
    for row in 0..<6 {
      for column in 0..<5 {
        let i = 2 * (row * 5 + column)
        #expect(abs(moved[i] + 0.5 * plain[i] * ((row + column) % 2 == 0 ? 1 : -1)) < 1e-15)
      }
    }
  }

  @Test("numbers out of range are refused, with the number")
  func refusals() {
    #expect(throws: ExitPlaneError.self) { try ContrastTransferFunction(defocusUInAngstroms: .nan) }
    for (u, voltage, contrast) in [
      (1e9, 300.0, 0.1), (1e4, 0.0, 0.1), (1e4, 300.0, 1.5), (1e4, -.infinity, 0.1),
    ] {
      #expect {
        try ContrastTransferFunction(
          defocusUInAngstroms: u, voltageInKilovolts: voltage, amplitudeContrast: contrast)
      } throws: { error in
        (error as? ExitPlaneError)?.kind == .invalidValue
      }
    }
  }
}
