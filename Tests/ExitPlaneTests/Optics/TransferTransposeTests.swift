import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// The way back through transfer functions and aberrations: inner products, and finite differences of
/// `Σ y · f(θ) x` over the numbers of random half spectra x and y.
@Suite("Transfer functions, backwards")
struct TransferTransposeTests {
  static let shapes = [(16, 16), (15, 18), (18, 15), (17, 13), (1, 8), (6, 1), (40, 66), (2, 2)]
  static let quantities = [
    "U", "V", "angle", "phase shift", "amplitude contrast", "B-factor", "scale",
  ]

  /// A function by its numbers in the order of `quantities`.
  private func transfer(_ numbers: [Double]) throws -> ContrastTransferFunction {
    try ContrastTransferFunction(
      defocusUInAngstroms: numbers[0], defocusVInAngstroms: numbers[1], astigmatismAngleInDegrees: numbers[2],
      amplitudeContrast: numbers[4], phaseShiftInDegrees: numbers[3], bFactorInSquareAngstroms: numbers[5],
      scale: numbers[6])
  }

  private func list(_ c: ContrastTransferFunction.Cotangent) -> [Double] {
    [
      c.defocusUInAngstroms, c.defocusVInAngstroms, c.astigmatismAngleInDegrees, c.phaseShiftInDegrees,
      c.amplitudeContrast, c.bFactorInSquareAngstroms, c.scale,
    ]
  }

  private func random<Scalar: GridScalar>(_ shape: GridShape, seed: UInt64) -> [Scalar] {
    var generator = SeededGenerator(seed: seed)
    return (0..<2 * shape.rows * shape.spectrumColumns).map { _ in Scalar(generator.uniform()) }
  }

  private func product<Scalar: GridScalar>(_ a: [Scalar], _ b: [Scalar]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func expectTransposed<Scalar: GridScalar>(
    _ shape: GridShape, of _: Scalar.Type, within tolerance: Double,
    forward: (UnsafeMutablePointer<Scalar>) -> Void,
    back: (UnsafeMutablePointer<Scalar>, UnsafePointer<Scalar>) -> Void
  ) {
    let (x, y): ([Scalar], [Scalar]) = (random(shape, seed: 1), random(shape, seed: 2))
    var (ax, aty) = (x, y)
    forward(&ax)
    back(&aty, x)
    let scale = (product(ax, ax) * product(y, y)).squareRoot()
    #expect(abs(product(ax, y) - product(x, aty)) <= tolerance * scale)
  }

  /// A fourth-order difference.
  private func slope(_ step: Double, _ loss: (Double) throws -> Double) rethrows -> Double {
    try (8 * (loss(step) - loss(-step)) - (loss(2 * step) - loss(-2 * step))) / (12 * step)
  }

  private func expectSlopes(
    _ numbers: [Double], _ shape: GridShape,
    apply: (ContrastTransferFunction, UnsafeMutablePointer<Double>) -> Void,
    pullBack: (ContrastTransferFunction, UnsafeMutablePointer<Double>, UnsafePointer<Double>) ->
      ContrastTransferFunction.Cotangent
  ) throws {
    let (x, y): ([Double], [Double]) = (random(shape, seed: 3), random(shape, seed: 4))
    var cotangent = y
    let got = list(pullBack(try transfer(numbers), &cotangent, x))
    let steps = [2.0, 2, 0.05, 0.05, 0.001, 0.05, 0.01]
    for (index, name) in Self.quantities.enumerated() {
      let want = try slope(steps[index]) { step in
        var moved = numbers
        moved[index] += step
        var values = x
        apply(try transfer(moved), &values)
        return product(values, y)
      }
      // Of losses of the size of |x| |y|, whose rounding the differences have in them.
      let size = max(abs(want), 1e-3 * (product(x, x) * product(y, y)).squareRoot() / steps[index])
      #expect(abs(got[index] - want) < 3e-7 * size, "\(name): \(got[index]), \(want)")
    }
  }

  static let functions: [[Double]] = [
    [9000, 8000, 70, 12, 0.1, 20, 0.7], [15_000, 15_000, 33, -80, 0.07, 0, 1.3],
    [8000, 11_000, -250, 0, 0.4, 60, -2], [12_000, 9000, 0, 5, 0.2, 10, 0],
  ]

  @Test("the kernel's way back is its transpose", arguments: shapes)
  func kernelTransposed(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      for (numbers, isAlternating) in zip(Self.functions, [true, false, true, false]) {
        let function = try transfer(numbers)
        expectTransposed(shape, of: Scalar.self, within: tolerance) {
          function.apply(
            to: $0, shape: shape, pixelSizeInAngstroms: 1.1, sign: .cryoJAX, factor: 0.3,
            alternating: isAlternating)
        } back: {
          _ = function.pullBack(
            $0, through: $1, shape: shape, pixelSizeInAngstroms: 1.1, sign: .cryoJAX, factor: 0.3,
            alternating: isAlternating)
        }
      }
    }
    try hold(Double.self, within: 1e-13)
    try hold(Float.self, within: 1e-6)
  }

  @Test("the kernel's derivatives are finite differences'", arguments: shapes, functions)
  func kernelSlopes(shape: (Int, Int), numbers: [Double]) throws {
    let shape = try GridShape(rows: shape.0, columns: shape.1)
    for isAlternating in [true, false] {
      try expectSlopes(numbers, shape) {
        $0.apply(
          to: $1, shape: shape, pixelSizeInAngstroms: 1.1, sign: .cryoJAX, factor: 0.3,
          alternating: isAlternating)
      } pullBack: {
        $0.pullBack(
          $1, through: $2, shape: shape, pixelSizeInAngstroms: 1.1, sign: .cryoJAX, factor: 0.3,
          alternating: isAlternating)
      }
    }
  }

  @Test("in single precision they are double's", arguments: [(40, 66), (17, 13)])
  func singlePrecision(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let function = try transfer(Self.functions[0])
    func cotangent<Scalar: GridScalar>(_: Scalar.Type) -> [Double] {
      let x: [Scalar] = random(shape, seed: 5)
      var y: [Scalar] = random(shape, seed: 6)
      return list(
        function.pullBack(&y, through: x, shape: shape, pixelSizeInAngstroms: 1.1, sign: .relion))
    }
    for (a, b) in zip(cotangent(Float.self), cotangent(Double.self)) { #expect(abs(a - b) < 1e-5 * abs(b)) }
  }

  @Test(
    "sums have the same bits wherever multiplication and addition are fused, and differ by rounding elsewhere"
  )
  func levels() throws {
    let shape = try GridShape(rows: 30, columns: 47)
    let function = try transfer(Self.functions[0])
    let x: [Float] = random(shape, seed: 7)
    let results = InstructionSet.available.map { level in
      level.use {
        var y: [Float] = random(shape, seed: 8)
        let cotangent = function.pullBack(
          &y, through: x, shape: shape, pixelSizeInAngstroms: 1.1, sign: .relion)
        return (y, list(cotangent))
      }
    }
    for (level, result) in results.enumerated().dropFirst() {
      #expect(result == results[min(level, 1)])
      #expect(zip(result.1, results[0].1).allSatisfy { abs($0 - $1) < 1e-5 * abs($1) })
    }
  }

  @Test("half spectra have the same way back, and must fit")
  func halfSpectra() throws {
    let shape = try GridShape(rows: 8, columns: 6)
    let function = try transfer(Self.functions[0])
    let (x, y): ([Double], [Double]) = (random(shape, seed: 1), random(shape, seed: 2))
    func spectrum(_ numbers: [Double]) throws -> HalfSpectrum<Double> {
      var numbers = numbers
      return try numbers.withUnsafeMutableBufferPointer {
        try HalfSpectrum(shape: shape, values: $0.complexValues)
      }
    }
    var (cotangent, plain) = (try spectrum(y), y)
    let got = try function.pullBack(
      &cotangent, through: spectrum(x), pixelSizeInAngstroms: 1.3, sign: .relion)
    let want = function.pullBack(&plain, through: x, shape: shape, pixelSizeInAngstroms: 1.3, sign: .relion)
    #expect(got == want)
    #expect(try cotangent == spectrum(plain))
    var other = try HalfSpectrum<Double>(shape: GridShape(square: 1), values: [1])
    #expect(throws: ExitPlaneError.self) {
      try function.pullBack(&other, through: spectrum(x), pixelSizeInAngstroms: 1.3, sign: .relion)
    }
    #expect(throws: ExitPlaneError.self) {
      try function.pullBack(&cotangent, through: spectrum(x), pixelSizeInAngstroms: 0, sign: .relion)
    }
  }

  // MARK: Distorted optics

  private static let zernike = [0.3, -4, 2, 5, 20, -15, 6, 9, -12]

  private func factors<Scalar: GridScalar>(
    _ shape: GridShape, tilt: SIMD2<Double> = SIMD2(0, 0), odd: [Double] = [], isMagnified: Bool = true,
    isDifferentiable: Bool = false, of _: Scalar.Type
  ) throws -> AberrationFactors<Scalar> {
    try AberrationFactors(
      AntisymmetricAberrations(beamTiltInMilliradians: tilt, oddZernike: odd),
      symmetric: SymmetricAberrations(evenZernike: Self.zernike),
      magnification: isMagnified
        ? AnisotropicMagnification(firstRow: SIMD2(1.05, 0.04), secondRow: SIMD2(-0.02, 0.93)) : .none,
      shape: shape, pixelSizeInAngstroms: 1.1, voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7,
      isDifferentiable: isDifferentiable)
  }

  @Test("magnified and with symmetric aberrations, too", arguments: shapes)
  func distorted(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    let optics = try factors(shape, of: Double.self)
    func apply<Scalar: GridScalar>(_ f: ContrastTransferFunction, _ half: UnsafeMutablePointer<Scalar>) {
      f.apply(
        to: half, shape: shape, pixelSizeInAngstroms: 1.1, sign: .relion, factor: 0.3, alternating: true,
        magnification: optics.magnification, phaseOffsets: optics.phaseOffsets)
    }
    func pullBack<Scalar: GridScalar>(
      _ f: ContrastTransferFunction, _ g: UnsafeMutablePointer<Scalar>, _ half: UnsafePointer<Scalar>
    ) -> ContrastTransferFunction.Cotangent {
      f.pullBack(
        g, through: half, shape: shape, pixelSizeInAngstroms: 1.1, sign: .relion, factor: 0.3,
        alternating: true, magnification: optics.magnification, phaseOffsets: optics.phaseOffsets)
    }
    for numbers in Self.functions {
      try expectSlopes(numbers, shape) {
        apply($0, $1)
      } pullBack: {
        pullBack($0, $1, $2)
      }
      let function = try transfer(numbers)
      expectTransposed(shape, of: Double.self, within: 1e-13) {
        apply(function, $0)
      } back: {
        _ = pullBack(function, $0, $1)
      }
      expectTransposed(shape, of: Float.self, within: 1e-6) {
        apply(function, $0)
      } back: {
        _ = pullBack(function, $0, $1)
      }
    }
  }

  @Test("without distortion the way by entries is the kernel's", arguments: shapes)
  func entriesAreTheKernels(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    for numbers in Self.functions {
      let function = try transfer(numbers)
      let x: [Double] = random(shape, seed: 9)
      var (a, b): ([Double], [Double]) = (random(shape, seed: 10), random(shape, seed: 10))
      let kernel = list(
        function.pullBack(&a, through: x, shape: shape, pixelSizeInAngstroms: 1.1, sign: .relion))
      let entries = list(
        function.pullBack(
          &b, through: x, shape: shape, pixelSizeInAngstroms: 1.1, sign: .relion, factor: 1,
          alternating: false, magnification: .none, phaseOffsets: []))
      #expect(zip(a, b).allSatisfy { abs($0 - $1) < 1e-12 })
      let size = kernel.map(abs).max() ?? 0
      #expect(zip(kernel, entries).allSatisfy { abs($0 - $1) < 1e-11 * max(size, 1) })
    }
  }

  @Test(
    "aberrations' way back is their transpose, and the tilt's slope finite differences'", arguments: shapes)
  func beamTilt(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    for (tilt, odd, isMagnified) in [
      (SIMD2(0.4, -0.7), [3.0, -5, 40], true), (SIMD2(0, 0), [], false), (SIMD2(-1.5, 0.2), [], false),
    ] {
      func make<Scalar: GridScalar>(_ tilt: SIMD2<Double>, of _: Scalar.Type) throws -> AberrationFactors<
        Scalar
      > {
        try factors(
          shape, tilt: tilt, odd: odd, isMagnified: isMagnified, isDifferentiable: true, of: Scalar.self)
      }
      let (double, single) = (try make(tilt, of: Double.self), try make(tilt, of: Float.self))
      expectTransposed(shape, of: Double.self, within: 1e-13) {
        double.apply(to: $0)
      } back: { y, _ in
        double.pullBack(y)
      }
      expectTransposed(shape, of: Float.self, within: 1e-6) {
        single.apply(to: $0)
      } back: { y, _ in
        single.pullBack(y)
      }
      let (x, y): ([Double], [Double]) = (random(shape, seed: 11), random(shape, seed: 12))
      let got = double.pullBackBeamTilt(y, through: x)
      let narrow = single.pullBackBeamTilt(y.map { Float($0) }, through: x.map { Float($0) })
      for axis in 0..<2 {
        let want = try slope(1e-3) { step in
          var moved = tilt
          moved[axis] += step
          var values = x
          try make(moved, of: Double.self).apply(to: &values)
          return product(values, y)
        }
        #expect(abs(got[axis] - want) < 1e-8 * max(abs(want), 1e-3))
        #expect(abs(narrow[axis] - want) < 1e-5 * max(abs(want), 1))
      }
    }
    let rigid = try factors(shape, of: Double.self)
    #expect(!rigid.isDifferentiable)
    let x: [Double] = random(shape, seed: 1)
    #expect(rigid.pullBackBeamTilt(x, through: x) == SIMD2(0, 0))
  }
}
