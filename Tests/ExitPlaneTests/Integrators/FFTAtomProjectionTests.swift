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
    #expect(worstError(double.values, want) < 1e-6)
    let single = try FFTAtomProjection<Float>(antialias: false, eps: 1e-6).project(
      volume, at: pose, onto: plane)
    #expect(worstError(single.values, want) < 5e-6)
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
    .enabled(if: ReferenceCases.areHere, "../shared/reference is not there"),
    arguments: ReferenceCases.all(of: "FFTAtomProjection"))
  func reference(_ reference: ReferenceCases.Case) throws {
    let options = try #require(reference.options)
    let atoms = try ReferenceCases.atoms(#require(reference.volume).file)
    let table = try ReferenceCases.doubles(
      #require(ReferenceCases.all(of: "PengScatteringFactors").first).expected.file)
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
    let shape = try options.shape.map { try GridShape(rows: $0[0], columns: $0[1]) }
    func check<Scalar: GridScalar>(eps: Double, limit: Double, as _: Scalar.Type) throws {
      let integrator = FFTAtomProjection<Scalar>(
        antialias: options.antialias ?? true, upsampleFactor: options.upsampleFactor, shape: shape, eps: eps)
      #expect(try reference.error(of: integrator, volume, as: Scalar.self) <= limit)
    }
    try check(eps: options.eps ?? 1e-12, limit: reference.maxAbsErrorOverMaxAbs, as: Double.self)
    try check(eps: 1e-6, limit: 2e-5, as: Float.self)
  }

  @Test(
    "types that are added up before their columns are transformed give the sum of each alone",
    arguments: [(64, 64), (63, 50), (40, 97)], [10.0, 60.0])
  func types(size: (Int, Int), radius: Double) throws {
    // Within the radius all rows are reached or some; without a B-factor that leaves something at the highest
    // frequency, no function can be the others' divisor.
    for (bFactor, eps) in [(30.0, 1e-6), (30, 1e-10), (8, 1e-6), (300, 1e-6)] {
      let atoms = Atoms(counts: [20, 13, 17], radius: radius, seed: 9)
      let amplitudes = [[0.5, 1.5, 0.4], [2.0, 0.3, 0.1], [0.3, 0.2, 1]]
      let widths = [[6, 20, 50.0], [12, 1, 70.0], [30, 4, 0.5]]
      let types = try atoms.positions.indices.map { type in
        try IndependentAtomVolume.AtomType(
          positionsInAngstroms: atoms.positions[type], weights: atoms.weights[type],
          amplitudesInAngstroms: amplitudes[type], widthsInSquareAngstroms: widths[type],
          bFactorInSquareAngstroms: bFactor)
      }
      let plane = try ImageConfiguration(
        shape: GridShape(rows: size.0, columns: size.1), pixelSizeInAngstroms: 1)
      let pose = Pose(
        rotation: try Rotation(matrix: randomRotationMatrix(seed: 21)), shiftInAngstroms: SIMD2(3.3, 25.4))
      func check<Scalar: GridScalar>(_: Scalar.Type) throws {
        let integrator = FFTAtomProjection<Scalar>(eps: eps)
        func values(_ types: [IndependentAtomVolume.AtomType]) throws -> [Complex<Scalar>] {
          try integrator.integrate(IndependentAtomVolume(types: types), at: pose, onto: plane).values
        }
        let together = try values(types)
        let alone = try types.map { try values([$0]) }
        let peak = together.reduce(0.0) { max($0, Double($1.length)) }
        let limit = 3 * max(eps, WindowKernel<Scalar>.floor) * peak
        for index in together.indices {
          let sum = alone.reduce(Complex<Scalar>.zero) { $0 + $1[index] }
          #expect(Double((together[index] - sum).length) <= limit)
        }
      }
      try check(Float.self)
      try check(Double.self)
    }
  }

  @Test("filters are taken where they are cheaper, and keep the accuracy")
  func filters() throws {
    func combination<Scalar: GridScalar>(
      _ factors: [@Sendable (Double) -> Double], accuracy: Double, as _: Scalar.Type
    ) throws -> FFTAtomCombination<Scalar> {
      let grid = try SpreadingGrid2D<Scalar>(
        modes: GridShape(square: 128), accuracy: accuracy, options: NonuniformFFTOptions(), points: 1000)
      return try FFTAtomCombination(
        factors, on: grid, pixelSize: 1, accuracy: accuracy, reachedRows: 100
      ) { _, _ in 1 }
    }
    let smooth: [@Sendable (Double) -> Double] = [
      { Double.exp(-10 * $0 * $0) }, { 2 * Double.exp(-5 * $0 * $0) },
    ]
    #expect(try combination(smooth, accuracy: 1e-6, as: Float.self).filterDegree != nil)
    #expect(try combination([smooth[0]], accuracy: 1e-6, as: Float.self).filterDegree == nil)
    // A step is no polynomial.
    let step: [@Sendable (Double) -> Double] = [smooth[0], { $0 < 0.2 ? 1 : 0.5 }]
    #expect(try combination(step, accuracy: 1e-6, as: Float.self).filterDegree == nil)
    #expect(throws: ExitPlaneError.self) {
      try combination([smooth[0], { $0 > 0.4 ? .nan : 1 }], accuracy: 1e-6, as: Double.self)
    }
  }

  @Test("a scattering factor of one's own, a single Gaussian and a sum of Gaussians agree")
  func factors() throws {
    let atoms = Atoms(counts: [30], radius: 5, seed: 2)
    let positions = atoms.positions[0]
    let (a, b) = (1.7, 70.0)
    let volumes = try [
      IndependentAtomVolume.AtomType(
        positionsInAngstroms: positions, amplitudesInAngstroms: [a], widthsInSquareAngstroms: [50],
        bFactorInSquareAngstroms: 20),
      .init(
        positionsInAngstroms: positions, amplitudeInAngstroms: a,
        varianceInSquareAngstroms: b / (8 * .pi * .pi)),
      .init(positionsInAngstroms: positions) { q in a * Double.exp(-b * q * q / 4) },
      .init(positionsInAngstroms: positions, weights: Array(repeating: 0.5, count: 30)) { q in
        2 * a * Double.exp(-b * q * q / 4)
      },
    ].map { try IndependentAtomVolume(types: [$0]) }
    let plane = try ImageConfiguration(shape: GridShape(square: 20), pixelSizeInAngstroms: 0.8)
    let images = try volumes.map {
      try FFTAtomProjection<Double>(eps: 1e-10).project($0, at: .identity, onto: plane)
    }
    for image in images.dropFirst() { #expect(worstError(image.values, images[0].values) < 1e-12) }
    #expect(volumes[0].atomCount == 30)
    #expect(volumes[0].types[0].positionsInAngstroms == positions)
  }

  @Test("several threads give the same bits as one")
  func threads() throws {
    let volume = try Atoms(counts: [200, 100, 50], radius: 12, seed: 5).volume()
    let plane = try ImageConfiguration(shape: GridShape(rows: 40, columns: 33), pixelSizeInAngstroms: 0.9)
    let pose = Pose(
      rotation: try Rotation(matrix: randomRotationMatrix(seed: 6)), shiftInAngstroms: SIMD2(3, -20))
    let images = try [(1, NonuniformFFTOptions.Sorting.never), (3, .never), (1, .always), (3, .always)].map {
      try FFTAtomProjection<Float>(options: NonuniformFFTOptions(sorting: $0.1, threads: $0.0))
        .project(volume, at: pose, onto: plane)
    }
    #expect(images[0] == images[1] && images[2] == images[3])
    #expect(worstError(images[2].values, images[0].values.map { Double($0) }) < 2e-6)
    let maps = try [1, 3].map { threads in
      try FFTAtomRendering<Float>(options: NonuniformFFTOptions(threads: threads)).render(
        volume, size: 24, voxelSizeInAngstroms: 1.1)
    }
    #expect(maps[0].values == maps[1].values)
  }

  @Test("a rendered map is the periodic sum of Gaussians, and projects as its atoms do", arguments: [24, 27])
  func rendering(size: Int) throws {
    let h = 0.45
    let atoms = Atoms(counts: [10, 7, 9], radius: 4, seed: 9)
    let volume = try atoms.volume()
    let map = try FFTAtomRendering<Double>(antialias: false, eps: 1e-11).render(
      volume, size: size, voxelSizeInAngstroms: h)
    var want = [Double](repeating: 0, count: size * size * size)
    for (type, positions) in atoms.positions.enumerated() {
      for (index, p) in positions.enumerated() {
        for (a, b) in atoms.terms[type] {
          let variance = b / (8 * .pi * .pi)
          let axes = (0..<3).map { axis in
            (0..<size).map { i in
              (-2...2).reduce(0.0) { sum, period in
                let d = Double(i - size / 2 + period * size) * h - p[axis]
                return sum + Double.exp(-d * d / (2 * variance)) / (2 * .pi * variance).squareRoot()
              }
            }
          }
          let weight = a * (atoms.weights[type]?[index] ?? 1)
          for z in 0..<size {
            for y in 0..<size {
              for x in 0..<size {
                want[(z * size + y) * size + x] += weight * axes[2][z] * axes[1][y] * axes[0][x]
              }
            }
          }
        }
      }
    }
    #expect(worstError(map.values, want) < 1e-6)
    let single = try FFTAtomRendering<Float>(antialias: false).render(
      volume, size: size, voxelSizeInAngstroms: h)
    #expect(worstError(single.values, want) < 5e-6)

    // Averaged over voxels, seen along an axis: averaged over pixels, and over the depth of a voxel.
    let averaged = try FFTAtomRendering<Double>(eps: 1e-11).render(
      volume, size: size, voxelSizeInAngstroms: h)
    let plane = try ImageConfiguration(shape: GridShape(square: size), pixelSizeInAngstroms: h)
    let ofMap = try RealVoxelProjection<Double>(eps: 1e-11).project(averaged, at: .identity, onto: plane)
    let ofAtoms = try FFTAtomProjection<Double>(eps: 1e-11).project(volume, at: .identity, onto: plane)
    #expect(worstError(ofMap.values, ofAtoms.values) < 1e-9)
  }

  @Test("atoms with B-factors of their own share few transforms, to the accuracy")
  func manyTypes() throws {
    var generator = SeededGenerator(seed: 11)
    let terms: [[(a: Double, b: Double)]] = [
      [(0.05, 0.1), (0.2, 1), (0.8, 5), (1.1, 18), (0.4, 51)],
      [(0.03, 0.05), (0.5, 2.8), (1.1, 10), (0.4, 34)],
    ]
    let types = try (0..<120).map { index in
      try IndependentAtomVolume.AtomType(
        positionsInAngstroms: [SIMD3(generator.uniform(), generator.uniform(), generator.uniform()) * 9],
        weights: index % 3 == 0 ? [0.5] : nil, amplitudesInAngstroms: terms[index % 2].map(\.a),
        widthsInSquareAngstroms: terms[index % 2].map(\.b),
        bFactorInSquareAngstroms: generator.uniform(5...150))
    }
    let volume = try IndependentAtomVolume(types: types)
    for accuracy in [1e-3, 1e-6, 1e-12] {
      let passes: [AtomPass<Double>] = try volume.passes(upTo: 0.6, accuracy: accuracy, samples: 10_000)
      #expect(passes.count < 20 && passes.allSatisfy { $0.count == 120 })
    }
    // Each alone is a transform of its own, all together are not.
    let plane = try ImageConfiguration(shape: GridShape(rows: 32, columns: 30), pixelSizeInAngstroms: 1.2)
    let pose = Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 6)))
    var want = [Double](repeating: 0, count: 32 * 30)
    let exact = FFTAtomProjection<Double>(eps: 1e-13)
    for type in types {
      let one = try exact.project(IndependentAtomVolume(types: [type]), at: pose, onto: plane)
      for (index, value) in one.values.enumerated() { want[index] += value }
    }
    for eps in [1e-4, 1e-8, 1e-12] {
      let got = try FFTAtomProjection<Double>(eps: eps).project(volume, at: pose, onto: plane)
      #expect(worstError(got.values, want) < 3 * eps)
    }
    let single = try FFTAtomProjection<Float>().project(volume, at: pose, onto: plane)
    #expect(worstError(single.values, want) < 5e-6)
  }

  @Test("a structure's atoms keep their own B-factors and occupancies")
  func structure() throws {
    var generator = SeededGenerator(seed: 21)
    let count = 300
    let structure = try AtomicStructure(
      positionsInAngstroms: (0..<count).map { _ in
        SIMD3(generator.uniform(), generator.uniform(), generator.uniform()) * 5
      },
      atomicNumbers: (0..<count).map { $0 % 5 == 0 ? 8 : 6 },
      // Nothing of them beyond Nyquist or the image, where the periodic image would differ.
      bFactorsInSquareAngstroms: (0..<count).map { _ in Float(generator.uniform(60...150)) },
      occupancies: (0..<count).map { $0 % 7 == 0 ? 0.5 : 1 })
    func factor(_ number: Int) throws -> ScatteringFactor {
      try ScatteringFactor(
        amplitudesInAngstroms: number == 8 ? [0.5, 1.5] : [2.5],
        widthsInSquareAngstroms: number == 8 ? [3, 20] : [9])
    }
    let atoms = try IndependentAtomVolume(structure) { number, _ in try factor(number) }
    #expect(atoms.types.count == count && atoms.atomCount == count)
    let mixture = try GaussianMixtureVolume(structure) { number, _ in try factor(number) }
    let plane = try ImageConfiguration(shape: GridShape(square: 96), pixelSizeInAngstroms: 0.4)
    let pose = Pose(
      rotation: try Rotation(matrix: randomRotationMatrix(seed: 4)), shiftInAngstroms: SIMD2(1.5, -0.7))
    let want = try GaussianMixtureProjection<Double>(useErrorFunctions: false, accuracy: 1e-12).project(
      mixture, at: pose, onto: plane)
    let got = try FFTAtomProjection<Double>(antialias: false, eps: 1e-9).project(atoms, at: pose, onto: plane)
    #expect(worstError(got.values, want.values) < 1e-6)
  }

  @Test("what cannot be projected is refused in a sentence")
  func refusals() throws {
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let volume = try Atoms(counts: [3], radius: 2, seed: 1).volume()
    let plane = try ImageConfiguration(shape: GridShape(square: 8), pixelSizeInAngstroms: 1)
    func plan(_ integrator: FFTAtomProjection<Double>, of volume: IndependentAtomVolume) -> String {
      message { _ = try integrator.makeProjector(for: volume, onto: plane) }
    }
    #expect(plan(FFTAtomProjection(upsampleFactor: 2), of: volume).contains("odd"))
    #expect(plan(FFTAtomProjection(upsampleFactor: -1), of: volume).contains("odd"))
    #expect(plan(FFTAtomProjection(upsampleFactor: .max), of: volume).contains("smaller"))
    #expect(plan(FFTAtomProjection(upsampleFactor: 9999), of: volume).contains("32768"))
    #expect(plan(FFTAtomProjection(eps: -1), of: volume).contains("accuracy"))
    let origin = [SIMD3(0.0, 0, 0)]
    let endless = try IndependentAtomVolume(types: [
      .init(positionsInAngstroms: origin, scatteringFactor: { 1 / ($0 * $0) })
    ])
    #expect(plan(FFTAtomProjection(), of: endless).contains("scattering factor at 0.0 1/Å"))
    #expect(
      message {
        _ = try FFTAtomRendering<Float>().render(endless, size: 8, voxelSizeInAngstroms: 1)
      }.contains("scattering factor at 0.0 1/Å"))
    #expect(
      message { _ = try FFTAtomRendering<Float>().render(volume, size: 8, voxelSizeInAngstroms: 0) }
        .contains("voxel size"))
    #expect(
      message { _ = try FFTAtomRendering<Float>().render(volume, size: 30_000, voxelSizeInAngstroms: 1) }
        .contains("a smaller box"))

    typealias AtomType = IndependentAtomVolume.AtomType
    #expect(message { _ = try IndependentAtomVolume(types: []) }.contains("number of atoms is 0"))
    #expect(
      message {
        _ = try AtomType(positionsInAngstroms: [SIMD3(0, .nan, 0)], scatteringFactor: { _ in 1 })
      }.contains("atom 0"))
    #expect(
      message {
        _ = try AtomType(positionsInAngstroms: origin, weights: [1, 2], scatteringFactor: { _ in 1 })
      }.contains("one for each atom"))
    #expect(
      message {
        _ = try AtomType(
          positionsInAngstroms: origin, amplitudesInAngstroms: [1, 2], widthsInSquareAngstroms: [1])
      }.contains("2 amplitudes and 1 widths"))
    #expect(
      message {
        _ = try AtomType(
          positionsInAngstroms: origin, amplitudesInAngstroms: [1], widthsInSquareAngstroms: [1],
          bFactorInSquareAngstroms: -2)
      }.contains("B-factor of -2.0"))
  }
}
