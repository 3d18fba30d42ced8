import ComplexModule
import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// A map of white noise and the defining sum over its voxels.
private struct NoiseMap {
  let size: (depth: Int, rows: Int, columns: Int)
  let values: [Double]

  init(_ depth: Int, _ rows: Int, _ columns: Int, seed: UInt64, sparse: Bool = false) {
    var generator = SeededGenerator(seed: seed)
    size = (depth, rows, columns)
    values = (0..<depth * rows * columns).map { _ in
      let value = generator.uniform()
      return sparse && abs(value) < 0.9 ? 0 : value
    }
  }

  func volume<Scalar: GridScalar>(_: Scalar.Type, voxelSize: Double) throws -> RealVoxelGridVolume<Scalar> {
    try RealVoxelGridVolume(
      depth: size.depth, rows: size.rows, columns: size.columns, voxelSizeInAngstroms: voxelSize,
      values: values.map { Scalar($0) })
  }

  /// `Σ v exp(−2πi (k·((R r)_xy + shift)))` at an image's half spectrum, made that of a real image.
  func directSum(rotation r: [[Double]], shift: SIMD2<Double>, rows: Int, columns: Int) -> [ComplexNumber] {
    var points: [(x: Double, y: Double, v: Double)] = []
    for (index, v) in values.enumerated() where v != 0 {
      let x = Double(index % size.columns - size.columns / 2)
      let y = Double(index / size.columns % size.rows - size.rows / 2)
      let z = Double(index / size.columns / size.rows - size.depth / 2)
      points.append(
        (
          r[0][0] * x + r[0][1] * y + r[0][2] * z + shift.x,
          r[1][0] * x + r[1][1] * y + r[1][2] * z + shift.y, v
        ))
    }
    let width = columns / 2 + 1
    let (ky, kx) = (fftFrequencies(rows), fftFrequencies(columns))
    func raw(_ row: Int, _ column: Int) -> ComplexNumber {
      var sum = ComplexNumber(0, 0)
      for p in points {
        let turns = Double(kx[column]) * p.x / Double(columns) + Double(ky[row]) * p.y / Double(rows)
        sum = sum + ComplexNumber.turn(-turns) * p.v
      }
      return sum
    }
    let half = (0..<rows).map { row in (0..<width).map { raw(row, $0) } }
    return (0..<rows).flatMap { row in
      (0..<width).map { column -> ComplexNumber in
        let selfConjugate = (column == 0 || 2 * column == columns) && (row == 0 || 2 * row == rows)
        if selfConjugate, row + column > 0, shift != SIMD2(0, 0) { return ComplexNumber(0, 0) }
        guard column == 0 || 2 * column == columns else { return half[row][column] }
        return (half[row][column] + half[(rows - row) % rows][column].conjugate) * 0.5
      }
    }
  }
}

private func relativeRMS<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double]) -> Double {
  guard got.count == want.count else { return .infinity }
  let error = zip(got, want).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
  return (error / want.reduce(0) { $0 + $1 * $1 }).squareRoot()
}

@Suite("Projection of real voxels")
struct RealVoxelProjectionTests {
  static let requests: [(box: (Int, Int, Int), rows: Int, columns: Int, shift: SIMD2<Double>)] = [
    ((12, 12, 12), 12, 12, SIMD2(0, 0)), ((11, 11, 11), 11, 11, SIMD2(0, 0)),
    ((12, 12, 12), 12, 12, SIMD2(1.3, -2.6)), ((9, 12, 10), 14, 9, SIMD2(0.4, 0.25)),
    ((10, 10, 10), 7, 16, SIMD2(-3, 0)), ((8, 8, 8), 20, 21, SIMD2(0, 0)),
  ]

  @Test("noise matches the defining sum, any shape, box and shift, by either algorithm", arguments: requests)
  func noise(box: (Int, Int, Int), rows: Int, columns: Int, shift: SIMD2<Double>) throws {
    let h = 1.7
    for (seed, sparse) in [(UInt64(3), false), (4, true)] {
      let map = NoiseMap(box.0, box.1, box.2, seed: seed, sparse: sparse)
      for rotation in [randomRotationMatrix(seed: seed), [[1, 0, 0], [0, 1, 0], [0, 0, 1]]] {
        let pose = Pose(rotation: try Rotation(matrix: rotation), shiftInAngstroms: shift * h)
        let half = map.directSum(rotation: rotation, shift: shift, rows: rows, columns: columns)
          .map { $0 * h }
        let want = image(ofHalf: half, rows: rows, columns: columns)
        let flat = half.flatMap { [$0.re, $0.im] }
        func check<Scalar: GridScalar>(_ eps: Double, limit: Double, as _: Scalar.Type) throws {
          let plane = try ImageConfiguration(
            shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: h)
          let volume = try map.volume(Scalar.self, voxelSize: h)
          var images: [[Scalar]] = []
          for algorithm in [RealVoxelAlgorithm.spreading, .gathering] {
            let integrator = RealVoxelProjection<Scalar>(eps: eps, algorithm: algorithm)
            #expect(try integrator.makeProjector(for: volume, onto: plane).prepared.algorithm == algorithm)
            let spectrum = try integrator.integrate(volume, at: pose, onto: plane)
            #expect(relativeRMS(spectrum.values.flatMap { [$0.real, $0.imaginary] }, flat) <= limit)
            images.append(try integrator.project(volume, at: pose, onto: plane).values)
            #expect(relativeRMS(images[images.count - 1], want) <= limit)
          }
          #expect(relativeRMS(images[0], images[1].map { Double($0) }) <= 2 * limit)
        }
        for eps in [1e-2, 1e-5, 1e-9, 1e-13] { try check(eps, limit: eps, as: Double.self) }
        for eps in [1e-2, 1e-6] { try check(eps, limit: max(eps, 3e-6), as: Float.self) }
      }
    }
  }

  @Test(
    "every accuracy that can be asked for is kept by both algorithms",
    arguments: [((9, 9, 9), 12, 11), ((10, 10, 10), 10, 10)])
  func accuracies(box: (Int, Int, Int), rows: Int, columns: Int) throws {
    let map = NoiseMap(box.0, box.1, box.2, seed: 17)
    let rotation = randomRotationMatrix(seed: 18)
    let shift = SIMD2(0.3, -1.1)
    let want = map.directSum(rotation: rotation, shift: shift, rows: rows, columns: columns)
      .flatMap { [$0.re, $0.im] }
    func check<Scalar: GridScalar>(
      _ eps: Double, _ algorithm: RealVoxelAlgorithm, as _: Scalar.Type
    ) throws {
      let plane = try ImageConfiguration(
        shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: 1)
      let pose = Pose(rotation: try Rotation(matrix: rotation), shiftInAngstroms: shift)
      let got = try RealVoxelProjection<Scalar>(eps: eps, algorithm: algorithm).integrate(
        map.volume(Scalar.self, voxelSize: 1), at: pose, onto: plane)
      let limit = max(eps, WindowKernel<Scalar>.floor)
      #expect(relativeRMS(got.values.flatMap { [$0.real, $0.imaginary] }, want) <= limit, "\(eps)")
    }
    for exponent in 1...12 {
      let eps = Double.pow(10, -Double(exponent))
      for algorithm in [RealVoxelAlgorithm.spreading, .gathering] {
        try check(eps, algorithm, as: Double.self)
      }
      guard exponent <= 6 else { continue }
      for algorithm in [RealVoxelAlgorithm.spreading, .gathering] {
        try check(eps, algorithm, as: Float.self)
      }
    }
  }

  @Test(
    "the reference cases hold in both precisions",
    .enabled(if: ReferenceCases.areHere, "../shared/reference is not there"),
    arguments: ReferenceCases.all(of: "RealVoxelProjection"))
  func reference(_ reference: ReferenceCases.Case) throws {
    func check<Scalar: GridScalar>(
      eps: Double, limit: Double, _ algorithm: RealVoxelAlgorithm, as _: Scalar.Type
    ) throws {
      let integrator = RealVoxelProjection<Scalar>(eps: eps, algorithm: algorithm)
      #expect(
        try reference.error(of: integrator, reference.readMap(as: Scalar.self), as: Scalar.self) <= limit)
    }
    let (eps, limit) = (reference.options?.eps ?? 1e-12, reference.maxAbsErrorOverMaxAbs)
    for algorithm in RealVoxelAlgorithm.allCases {
      try check(eps: eps, limit: limit, algorithm, as: Double.self)
    }
    for algorithm in RealVoxelAlgorithm.allCases {
      try check(eps: 1e-6, limit: 2e-5, algorithm, as: Float.self)
    }
  }

  @Test("the algorithm is that of the lesser cost, gathering only where it can be")
  func choice() throws {
    let map = NoiseMap(32, 32, 32, seed: 2)
    let plane = try ImageConfiguration(shape: GridShape(square: 32), pixelSizeInAngstroms: 1)
    func chosen(
      _ volume: RealVoxelGridVolume<Float>, poses: Int, _ options: NonuniformFFTOptions = .init()
    ) throws -> RealVoxelAlgorithm {
      try RealVoxelProjection<Float>(options: options, expectedPoses: poses)
        .makeProjector(for: volume, onto: plane).prepared.algorithm
    }
    let full = try map.volume(Float.self, voxelSize: 1)
    #expect(try chosen(full, poses: 1) == .spreading)
    #expect(try chosen(full, poses: 1000) == .gathering)
    var few = [Float](repeating: 0, count: map.values.count)
    few[1000] = 1
    let sparse = try RealVoxelGridVolume(
      depth: 32, rows: 32, columns: 32, voxelSizeInAngstroms: 1, values: few)
    #expect(try chosen(sparse, poses: 1000) == .spreading)
    #expect(try chosen(full, poses: 1000, NonuniformFFTOptions(windowWidth: 7)) == .spreading)
    // Too little oversampling for the accuracy: neither can be.
    let coarse = NonuniformFFTOptions(oversampling: 1.1)
    #expect(throws: ExitPlaneError.self) { try chosen(full, poses: 1000, coarse) }
  }

  @Test("several threads and copies of the grid give the same bits as one")
  func threads() throws {
    // Small grid, many voxels: eight copies.
    let map = NoiseMap(40, 40, 40, seed: 2)
    let volume = try map.volume(Float.self, voxelSize: 1)
    let plane = try ImageConfiguration(shape: GridShape(square: 12), pixelSizeInAngstroms: 1)
    let pose = Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 6)))
    let images = try [1, 2, 5].map { threads in
      try RealVoxelProjection<Float>(options: NonuniformFFTOptions(threads: threads))
        .project(volume, at: pose, onto: plane)
    }
    #expect(images[0] == images[1] && images[0] == images[2])
    // A map larger than its image wraps into it; the total is kept.
    let sum = map.values.reduce(0, +)
    #expect(abs(images[0].values.reduce(0) { $0 + Double($1) } - sum) < 1e-4 * abs(sum) + 1e-3)
  }

  @Test("a map of zeros projects to zeros; what does not fit is refused")
  func edges() throws {
    let plane = try ImageConfiguration(shape: GridShape(square: 8), pixelSizeInAngstroms: 2)
    let empty = try RealVoxelGridVolume<Double>(
      depth: 3, rows: 4, columns: 5, voxelSizeInAngstroms: 2, values: Array(repeating: 0, count: 60))
    let image = try RealVoxelProjection<Double>().project(empty, at: .identity, onto: plane)
    #expect(image.values.allSatisfy { $0 == 0 })

    func message(_ integrator: RealVoxelProjection<Double>, pixelSize: Double = 2) throws -> String {
      let plane = try ImageConfiguration(shape: GridShape(square: 64), pixelSizeInAngstroms: pixelSize)
      do { _ = try integrator.makeProjector(for: empty, onto: plane) } catch { return "\(error)" }
      return ""
    }
    #expect(try message(RealVoxelProjection(), pixelSize: 3).contains("3.0 Å"))
    #expect(try message(RealVoxelProjection(eps: 0)).contains("accuracy is 0.0"))
    #expect(try message(RealVoxelProjection(options: NonuniformFFTOptions(threads: 0))).contains("threads"))
    #expect(
      try message(RealVoxelProjection(options: NonuniformFFTOptions(windowWidth: 1))).contains("2 to 16"))
    #expect(
      try message(
        RealVoxelProjection(algorithm: .gathering, options: NonuniformFFTOptions(windowWidth: 7))
      ).contains("window width"))
    let long = try RealVoxelGridVolume<Double>(
      depth: 1, rows: 1, columns: 5000, voxelSizeInAngstroms: 2, values: Array(repeating: 1, count: 5000))
    #expect(throws: ExitPlaneError.self) {
      try RealVoxelProjection<Double>(algorithm: .gathering).makeProjector(for: long, onto: plane)
    }
    #expect(
      try RealVoxelProjection<Double>().makeProjector(for: long, onto: plane).prepared.algorithm == .spreading
    )
    let coarse = NonuniformFFTOptions(oversampling: 1.25)
    #expect(try message(RealVoxelProjection(eps: 1e-12, options: coarse)).contains("oversampling of 1.25"))
  }
}
