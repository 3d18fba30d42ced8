import CKernels
import Testing

@testable import ExitPlane

/// The levels that kernels are compiled for, held to each other. That each is right is held by the other suites, which
/// ./check runs at every level.
@Suite(
  "Instruction sets",
  .enabled(if: InstructionSet.available.count > 1, "this processor has no instruction set but the baseline"))
struct InstructionSetTests {
  /// What kernels called on this thread give at the baseline, and at all levels above it.
  private func atEveryLevel<Result>(
    _ body: () throws -> Result
  ) rethrows -> (baseline: Result, others: [Result]) {
    let results = try InstructionSet.available.map { try $0.use(body) }
    return (results[0], Array(results.dropFirst()))
  }

  /// Holds the levels with fused multiply-add to equal bits, and those to the baseline's by a tolerance.
  private func expectAgreement<Scalar: GridScalar>(
    within tolerance: Double, _ what: String, _ body: () throws -> [Scalar]
  ) rethrows {
    let (baseline, others) = try atEveryLevel(body)
    let largest = baseline.reduce(0) { max($0, abs(Double($1))) }
    #expect(largest > 0 && baseline.allSatisfy(\.isFinite))
    for other in others {
      let worst = zip(baseline, other).reduce(0) { max($0, abs(Double($1.0) - Double($1.1))) }
      #expect(worst <= tolerance * largest, "\(what)")
      #expect(other == others[0], "\(what)")
    }
  }

  private func random(_ count: Int, seed: UInt64) -> [Double] {
    var sequence = RandomSequence(seed: seed, stream: .shift, item: 1)
    return (0..<count).map { _ in sequence.unit() - 0.5 }
  }

  private func map<Scalar: GridScalar>(_ n: Int, of _: Scalar.Type) throws -> RealVoxelGridVolume<Scalar> {
    try RealVoxelGridVolume(
      depth: n, rows: n, columns: n, voxelSizeInAngstroms: 1.5,
      values: random(n * n * n, seed: 1).map { Scalar($0) })
  }

  private func image<Plan: RealImageProjector>(_ plan: Plan, _ index: Int) throws -> [Plan.Scalar] {
    var workspace = try plan.makeWorkspace()
    let pose = Pose(
      rotation: .random(seed: 2, index: index), shiftInAngstroms: SIMD2(1.25, -0.5))
    return Array(plan.image(at: pose, using: &workspace))
  }

  @Test("the environment's level is used, the best without it")
  func current() {
    let wanted = InstructionSet(rawValue: ep_instruction_set_of_environment())
    #expect(
      InstructionSet.current == wanted.flatMap { InstructionSet.available.contains($0) ? $0 : nil }
        ?? InstructionSet.available.last)
    for level in InstructionSet.available { #expect(level.use { InstructionSet.current } == level) }
  }

  @Test("slices read the same samples at every level", arguments: 0..<3)
  func sliceIndices(axis: Int) {
    // The grid holds powers of two that differ along one axis alone: where a level sees a point on the other side of
    // a sample, the value differs by orders of magnitude; by rounding it does not.
    let half = 6
    let (columns, lines) = (half + 2, 2 * half + 3)
    let exponents = random(64, seed: 3).map { ($0 * 800).rounded() }
    var samples = [Double]()
    for z in 0..<lines {
      for y in 0..<lines {
        for x in 0..<columns {
          let index = [x, y, z][axis]
          samples += [Double.exp2(exponents[index]), -Double.exp2(exponents[index + 20])]
        }
      }
    }
    let steps = random(6 * 2000, seed: 4).map { ($0 * 20).rounded() * 0.1 }
    for trial in 0..<2000 {
      let s = Array(steps[6 * trial..<6 * trial + 6])
      var plane = ep_slice_plane()
      plane.columnStep = (s[0], s[1], s[2])
      plane.rowStep = (s[3], s[4], s[5])
      plane.rows = 12
      plane.columns = 7
      let (baseline, others) = atEveryLevel {
        var out = [Double](repeating: 0, count: 2 * 12 * 7)
        samples.withUnsafeBytes { bytes in
          let centre = ((half + 1) * lines + half + 1) * columns
          var grid = ep_half_grid(
            origin: bytes.baseAddress?.advanced(by: 16 * centre), rowStride: columns,
            planeStride: columns * lines, half: Int32(half), pairing: 0)
          ep_slice_linear_d(&grid, &plane, nil, nil, &out)
        }
        return out
      }
      for other in others {
        let differ = zip(baseline, other).filter { abs($0 - $1) > 1e-6 * max(abs($0), abs($1)) }
        #expect(differ.isEmpty, "steps \(s)")
      }
    }
  }

  @Test("points are located alike to the bit", arguments: [2, 5, 8, 13])
  func locations(width: Int) {
    let n = 1000
    let (x, y, z) = (random(n, seed: 5), random(n, seed: 6), random(n, seed: 7))
    let strengths = random(n, seed: 8)
    let (baseline, others) = atEveryLevel {
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          z.withUnsafeBufferPointer { z in
            var source = ep_point_source(
              origin: (20.5, 17, 12.25),
              map: ((40.1, -7.3, 0.2), (3.3, 40.7, 11.9), (-20.1, 9.4, 33.3)), period: (48, 40, 36),
              x: x.baseAddress, y: y.baseAddress, z: z.baseAddress)
            var bins = ep_bins(
              halo: Int32(width), shift: (3, 3, 31), mask: (7, 7, -1), binStride: (1, 9, 0),
              stride: (1, 32, 1024))
            var counts = [Int32](repeating: 0, count: 100)
            #expect(ep_count_points_3d_d(&source, Int32(width), &bins, 0, Int64(n), &counts) == 0)
            var points = [ep_point_3d_d](repeating: ep_point_3d_d(), count: n)
            #expect(
              ep_locate_points_3d_d(&source, Int32(width), &bins, 0, Int64(n), strengths, nil, &points) == 0)
            // Evenly on a line, with no arrays to read.
            (source.x, source.y, source.z) = (nil, nil, nil)
            var line = [ep_point_2d_f](repeating: ep_point_2d_f(), count: n)
            #expect(ep_locate_points_2d_f(&source, Int32(width), &bins, 5, Int64(n), nil, nil, &line) == 0)
            return counts.map(Double.init)
              + points.flatMap { [Double($0.offset), $0.strength, $0.t.0, $0.t.1, $0.t.2] }
              + line.flatMap { [Double($0.offset), Double($0.t.0), Double($0.t.1)] }
          }
        }
      }
    }
    for other in others { #expect(other == baseline) }
  }

  @Test("normal numbers have the same bits at every level")
  func noise() {
    func hold<Scalar: GridScalar>(_: Scalar.Type) {
      let (baseline, others) = atEveryLevel {
        var values = [Scalar](repeating: 1, count: 100_003)
        PixelNoise(seed: 77).addNormals(
          to: &values, count: values.count, standardDeviation: 3, particle: 1 << 40)
        return values
      }
      for other in others { #expect(other == baseline) }
    }
    hold(Float.self)
    hold(Double.self)
  }

  @Test("slices differ by rounding alone")
  func slices() throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      let map = try map(24, of: Scalar.self)
      let plane = try ImageConfiguration(shape: GridShape(rows: 24, columns: 21), pixelSizeInAngstroms: 1.5)
      for index in 0..<3 {
        try expectAgreement(within: tolerance, "linear") {
          try image(
            FourierSliceExtraction().makeProjector(
              for: FourierVoxelGridVolume(map, padScale: 2), onto: plane),
            index)
        }
        try expectAgreement(within: tolerance, "cubic") {
          try image(
            FourierSliceExtraction().makeProjector(
              for: FourierVoxelSplineVolume(map, padScale: 2), onto: plane),
            index)
        }
        for accuracy in [1e-1, 1e-2, 1e-3, 1e-4, 1e-5] {
          try expectAgreement(within: tolerance, "exact to \(accuracy)") {
            try image(
              FourierSliceExtraction().makeProjector(
                for: FourierVoxelWindowVolume(map, accuracy: accuracy), onto: plane), index)
          }
        }
      }
    }
    try hold(Float.self, within: 4e-6)
    try hold(Double.self, within: 1e-14)
  }

  @Test("slopes and transposes of slices differ by rounding alone")
  func sliceTransposes() throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      let shape = try GridShape(rows: 24, columns: 21)
      let plane = SlicePlane(
        shape: shape, axes: ImageAxes(.random(seed: 2, index: 1), .none), samplesPerCycle: 37,
        factors: Optional<PhaseFactors<Scalar>>.none)
      let cotangent = random(2 * shape.rows * shape.spectrumColumns, seed: 12).map { Scalar($0) }
      for volume in try AnySlices<Scalar>.all(size: 24) {
        try expectAgreement(within: tolerance, "slopes, \(volume.name)") {
          let slopes = try SliceSlopes<Scalar>(shape)
          var values = [Scalar](repeating: 0, count: cotangent.count)
          volume.samples.sampleWithSlopes(plane, outOfBounds: .zero, into: &values, slopes: slopes)
          return values + Array(slopes.storage.buffer)
        }
        try expectAgreement(within: tolerance, "transpose, \(volume.name)") {
          let gradient = try FourierSamplesGradient(for: volume.samples)
          volume.samples.add(
            cotangent, on: plane, outOfBounds: .zero, to: gradient.grid, planes: gradient.grid.planes)
          return Array(gradient.grid.storage.buffer)
        }
        // Sums over the whole plane, whose terms nearly cancel: held to the sum of their magnitudes.
        let slopes = try SliceSlopes<Scalar>(shape)
        var values = [Scalar](repeating: 0, count: cotangent.count)
        volume.samples.sampleWithSlopes(plane, outOfBounds: .zero, into: &values, slopes: slopes)
        expectAgreement(within: 20 * tolerance, "plane's cotangent, \(volume.name)") {
          let sums = slopes.planeCotangent(of: cotangent, on: plane)
          return [sums.columnStep, sums.rowStep].flatMap { [$0.x, $0.y, $0.z] }
        }
      }
    }
    try hold(Float.self, within: 4e-6)
    try hold(Double.self, within: 1e-14)
  }

  @Test("atoms and voxels differ by rounding alone")
  func atoms() throws {
    let n = 300
    let numbers = random(3 * n, seed: 9)
    let positions: [SIMD3<Double>] = (0..<n).map { index in
      40 * SIMD3<Double>(numbers[3 * index], numbers[3 * index + 1], numbers[3 * index + 2])
    }
    let bFactors: [Float] = (0..<n).map { index in 10 + 100 * Float(index % 7) }
    let structure = try AtomicStructure(
      positionsInAngstroms: positions, atomicNumbers: [UInt8](repeating: 6, count: n),
      bFactorsInSquareAngstroms: bFactors, occupancies: [Float](repeating: 1, count: n))
    // Carbon, of Peng's table.
    let carbon = try ScatteringFactor(
      amplitudesInAngstroms: [0.0893, 0.2563, 0.7570, 1.0487, 0.3575],
      widthsInSquareAngstroms: [0.2465, 1.7100, 6.4094, 18.6113, 50.2523])
    let gaussians = try GaussianMixtureVolume(structure, scatteringFactor: { _, _ in carbon })
    let atoms = try IndependentAtomVolume(
      types: [.init(positionsInAngstroms: positions, scatteringFactor: carbon, bFactorInSquareAngstroms: 30)])
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      let plane = try ImageConfiguration(shape: GridShape(rows: 45, columns: 48), pixelSizeInAngstroms: 1.2)
      for (index, averages) in [true, false].enumerated() {
        try expectAgreement(within: tolerance, "Gaussians") {
          try image(
            GaussianMixtureProjection<Scalar>(useErrorFunctions: averages).makeProjector(
              for: gaussians, onto: plane), index)
        }
      }
      try expectAgreement(within: tolerance, "atoms by FFT") {
        try image(
          FFTAtomProjection<Scalar>(options: NonuniformFFTOptions(threads: 1)).makeProjector(
            for: atoms, onto: plane), 2)
      }
      let map = try map(16, of: Scalar.self)
      let box = try ImageConfiguration(shape: GridShape(square: 16), pixelSizeInAngstroms: 1.5)
      for poses in [1, 1000] {
        try expectAgreement(within: tolerance, "voxels for \(poses) poses") {
          try image(
            RealVoxelProjection<Scalar>(
              options: NonuniformFFTOptions(threads: 1), expectedPoses: poses, preparationThreads: 1
            ).makeProjector(for: map, onto: box), 3)
        }
      }
    }
    try hold(Float.self, within: 1e-5)
    try hold(Double.self, within: 1e-12)
  }

  @Test("transfer functions differ by rounding alone")
  func transferFunctions() throws {
    let transfer = try ContrastTransferFunction(
      defocusUInAngstroms: 25_000, defocusVInAngstroms: 23_000, astigmatismAngleInDegrees: 31,
      voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7, amplitudeContrast: 0.1)
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      let shape = try GridShape(rows: 66, columns: 58)
      let values = random(2 * shape.rows * shape.spectrumColumns, seed: 11).map { Scalar($0) }
      expectAgreement(within: tolerance, "transfer function") {
        var half = values
        half.withUnsafeMutableBufferPointer {
          guard let start = $0.baseAddress else { return }
          transfer.apply(
            to: start, shape: shape, pixelSizeInAngstroms: 0.9, sign: .relion, factor: 1, alternating: true)
        }
        return half
      }
    }
    try hold(Float.self, within: 1e-6)
    try hold(Double.self, within: 1e-11)
  }
}
