import ComplexModule
import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// Random atoms and the defining sum over them.
private struct Atoms {
  var positions: [[SIMD3<Double>]] = []
  var weights: [[Double]?] = []
  /// a and b of each type.
  let terms: [[(a: Double, b: Double)]] = [
    [(0.5, 60), (1.5, 90)], [(2.0, 55)], [(0.3, 75), (0.2, 120), (1, 64)],
  ]

  init(counts: [Int], radius: Double, seed: UInt64) {
    var generator = SeededGenerator(seed: seed)
    for count in counts {
      positions.append(
        (0..<count).map { _ in
          SIMD3(generator.uniform(), generator.uniform(), generator.uniform()) * radius
        })
      weights.append(positions.count == 2 ? (0..<count).map { _ in generator.uniform(0...1) } : nil)
    }
  }

  func volume() throws -> IndependentAtomVolume {
    try IndependentAtomVolume(
      types: positions.indices.map { type in
        try .init(
          positionsInAngstroms: positions[type], weights: weights[type],
          amplitudesInAngstroms: terms[type].map(\.a), widthsInSquareAngstroms: terms[type].map(\.b))
      })
  }

  /// The periodic sum of two-dimensional Gaussians at pixel centres, over enough periods.
  func gaussians(rotation r: [[Double]], shift: SIMD2<Double>, rows: Int, columns: Int, h: Double) -> [Double]
  {
    var out = [Double](repeating: 0, count: rows * columns)
    for (type, positions) in positions.enumerated() {
      for (index, p) in positions.enumerated() {
        let x = r[0][0] * p.x + r[0][1] * p.y + r[0][2] * p.z + shift.x
        let y = r[1][0] * p.x + r[1][1] * p.y + r[1][2] * p.z + shift.y
        for (a, b) in terms[type] {
          let variance = b / (8 * .pi * .pi)
          // Separable, and periodic along each axis.
          func axis(_ n: Int, _ centre: Double) -> [Double] {
            (0..<n).map { i in
              (-3...3).reduce(0.0) { sum, period in
                let d = Double(i - n / 2 + period * n) * h - centre
                return sum + Double.exp(-d * d / (2 * variance)) / (2 * .pi * variance).squareRoot()
              }
            }
          }
          let (gy, gx) = (axis(rows, y), axis(columns, x))
          let weight = a * (weights[type]?[index] ?? 1)
          for i in 0..<rows { for j in 0..<columns { out[i * columns + j] += weight * gy[i] * gx[j] } }
        }
      }
    }
    return out
  }
}

private func relativeError<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double]) -> Double {
  NonuniformReferenceCases.error(got, want, complex: false)
}

@Suite("Projection of atoms by nonuniform FFT")
struct FFTAtomProjectionTests {
  @Test(
    "band-limited atoms are the periodic sum of their Gaussians",
    arguments: [(24, 24), (25, 31), (30, 22)], [SIMD2(0.0, 0.0), SIMD2(2.3, -7.1)])
  func gaussians(size: (Int, Int), shift: SIMD2<Double>) throws {
    let (rows, columns) = size
    // σ ≥ 0.83 Å on pixels of 0.6 Å leaves 1e-5 of a Gaussian beyond Nyquist.
    let h = 0.45
    let atoms = Atoms(counts: [20, 13, 17], radius: 4, seed: 8)
    let rotation = randomRotationMatrix(seed: 3)
    let want = atoms.gaussians(rotation: rotation, shift: shift, rows: rows, columns: columns, h: h)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: h)
    let pose = Pose(rotation: try Rotation(matrix: rotation), shiftInAngstroms: shift)
    let volume = try atoms.volume()
    let double = try FFTAtomProjection<Double>(antialias: false, eps: 1e-12).project(
      volume, at: pose, onto: plane)
    #expect(relativeError(double.values, want) < 1e-6)
    let single = try FFTAtomProjection<Float>(antialias: false, eps: 1e-6).project(
      volume, at: pose, onto: plane)
    #expect(relativeError(single.values, want) < 5e-6)
    let spectrum = try FFTAtomProjection<Double>(antialias: false, eps: 1e-12).integrate(
      volume, at: pose, onto: plane)
    // Zero frequency is the sum of a times the weights, over the pixel's area.
    var total = 0.0
    for type in 0..<3 {
      let weight = atoms.weights[type]?.reduce(0, +) ?? Double(atoms.positions[type].count)
      total += weight * atoms.terms[type].reduce(0) { $0 + $1.a }
    }
    #expect(abs(spectrum[0, 0].real - total / (h * h)) < 1e-10 * total / (h * h))
  }

  @Test(
    "the reference cases hold in both precisions",
    .enabled(if: !NonuniformReferenceCases.areMissing, "../shared/reference is not there"),
    arguments: NonuniformReferenceCases.of(method: "FFTAtomProjection"))
  func reference(_ reference: NonuniformReferenceCases.Case) throws {
    let image = try #require(reference.image)
    let options = try #require(reference.options)
    let atoms = try NonuniformReferenceCases.atoms(try #require(reference.volume).file)
    let table = try NonuniformReferenceCases.doubles(
      try #require(NonuniformReferenceCases.of(method: "PengScatteringFactors").first).expected.file)
    let want = try NonuniformReferenceCases.doubles(reference.expected.file)
    let volume = try IndependentAtomVolume(
      types: Set(atoms.atomicNumbers).sorted().map { number in
        let indices = atoms.atomicNumbers.indices.filter { atoms.atomicNumbers[$0] == number }
        return try .init(
          positionsInAngstroms: indices.map { i in
            SIMD3(atoms.positions[i][0], atoms.positions[i][1], atoms.positions[i][2])
          },
          amplitudesInAngstroms: Array(table[(5 * (number - 1))..<(5 * number)]),
          widthsInSquareAngstroms: Array(table[(490 + 5 * (number - 1))..<(490 + 5 * number)]),
          bFactorInSquareAngstroms: reference.volume?.bFactorByElement ?? 0)
      })
    let plane = try ImageConfiguration(
      shape: GridShape(rows: image.shape[0], columns: image.shape[1]),
      pixelSizeInAngstroms: image.pixelSize,
      paddedShape: GridShape(rows: image.paddedShape[0], columns: image.paddedShape[1]))
    let pose = Pose(rotation: try Rotation(matrix: try #require(reference.rotationMatrix)))
    let shape = try options.shape.map { try GridShape(rows: $0[0], columns: $0[1]) }
    func check<Scalar: GridScalar>(eps: Double, limit: Double, as _: Scalar.Type) throws {
      let integrator = FFTAtomProjection<Scalar>(
        antialias: options.antialias ?? true, upsampleFactor: options.upsampleFactor, shape: shape, eps: eps)
      if reference.outputsRealSpace == true {
        let got = try integrator.project(volume, at: pose, onto: plane)
        #expect(NonuniformReferenceCases.error(got.values, want, complex: false) <= limit)
      } else {
        let got = try integrator.integrate(volume, at: pose, onto: plane)
        let flat = got.values.flatMap { [$0.real, $0.imaginary] }
        #expect(NonuniformReferenceCases.error(flat, want, complex: true) <= limit)
      }
    }
    try check(eps: options.eps ?? 1e-12, limit: reference.maxAbsErrorOverMaxAbs, as: Double.self)
    try check(eps: 1e-6, limit: 2e-5, as: Float.self)
  }
}
