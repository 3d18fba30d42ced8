import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// A loss's gradients by the defining sums: `L = Σ_pixels g P`, where P is the inverse transform of a half spectrum of
/// sums over points, each frequency for itself.
private struct DirectGradient {
  let rows, columns: Int
  /// What each entry of the half spectrum changes the loss with: `dL = Re Σ_k W_k dP̂_k`.
  private let weights: [ComplexNumber]

  init(_ cotangent: [Double], rows: Int, columns: Int, isShifted: Bool) {
    (self.rows, self.columns) = (rows, columns)
    let (ky, kx) = (fftFrequencies(rows), fftFrequencies(columns))
    weights = (0..<rows).flatMap { row in
      (0...columns / 2).map { column -> ComplexNumber in
        let isSelfConjugate = (2 * row) % rows == 0 && (2 * column) % columns == 0
        if isShifted, isSelfConjugate, row + column > 0 { return ComplexNumber(0, 0) }
        var sum = ComplexNumber(0, 0)
        for y in 0..<rows {
          for x in 0..<columns {
            let turns =
              Double(ky[row] * (y - rows / 2)) / Double(rows) + Double(kx[column] * (x - columns / 2))
              / Double(columns)
            sum = sum + ComplexNumber.turn(turns) * cotangent[y * columns + x]
          }
        }
        // Inner columns stand for their conjugates too.
        let isInner = column > 0 && 2 * column < columns
        return sum * ((isInner ? 2 : 1) / Double(rows * columns))
      }
    }
  }

  /// What the loss changes with a point's strength and, at a strength of one, with its place in pixels.
  ///
  /// - Parameter factor: of the frequency in cycles a pixel.
  func point(_ x: Double, _ y: Double, _ factor: (_ kx: Double, _ ky: Double) -> Double) -> (
    value: Double, x: Double, y: Double
  ) {
    var (value, alongX, alongY) = (0.0, 0.0, 0.0)
    let (frequenciesY, frequenciesX) = (fftFrequencies(rows), fftFrequencies(columns))
    for row in 0..<rows {
      for column in 0...columns / 2 {
        let ky = Double(frequenciesY[row]) / Double(rows)
        let kx = Double(frequenciesX[column]) / Double(columns)
        let term = weights[row * (columns / 2 + 1) + column] * .turn(-(kx * x + ky * y)) * factor(kx, ky)
        value += term.re
        // d/dx e^{−2πi k x} = −2πi k e^{−2πi k x}.
        alongX += 2 * .pi * kx * term.im
        alongY += 2 * .pi * ky * term.im
      }
    }
    return (value, alongX, alongY)
  }
}

private func random(_ count: Int, seed: UInt64, _ range: ClosedRange<Double> = -1...1) -> [Double] {
  var generator = SeededGenerator(seed: seed)
  return (0..<count).map { _ in generator.uniform(range) }
}

private func vectors(_ count: Int, seed: UInt64, length: Double) -> [SIMD3<Double>] {
  let numbers = random(3 * count, seed: seed, -length...length)
  return (0..<count).map { SIMD3(numbers[3 * $0], numbers[3 * $0 + 1], numbers[3 * $0 + 2]) }
}

/// Value and gradients of `Σ g P` over images, as a batch makes them.
private struct Pulled<Gradient> {
  let loss: Double
  let gradient: Gradient
  let poses: [Pose.Cotangent]
}

private func pull<Plan: DifferentiablePlan>(
  _ plan: Plan, _ volume: Plan.Volume, _ poses: [Pose], cotangents: [[Double]], spectra: Bool = false,
  threads: Int = 1
) throws -> Pulled<Plan.Gradient> {
  let prepared = try plan.prepare(volume, expectedPoses: poses.count)
  var workspace = try plan.makeWorkspaceForPullBack(for: prepared)
  var (loss, found, traces): (Double, [Pose.Cotangent], [Plan.Trace]) = (0, [], [])
  for (pose, cotangent) in zip(poses, cotangents) {
    let numbers =
      spectra
      ? plan.spectrumForPullBack(of: prepared, at: pose, using: &workspace)
      : plan.imageForPullBack(of: prepared, at: pose, using: &workspace)
    loss += zip(numbers, cotangent).reduce(0) { $0 + Double($1.0) * $1.1 }
    var trace = try plan.makeTrace(for: prepared)
    let values = cotangent.map { Plan.Scalar($0) }
    found.append(
      spectra
        ? plan.trace(spectrumCotangent: values, of: prepared, at: pose, into: &trace, using: &workspace)
        : plan.trace(imageCotangent: values, of: prepared, at: pose, into: &trace, using: &workspace))
    traces.append(trace)
  }
  var gradient: Plan.Gradient? = try plan.makeGradient(for: prepared)
  let more = try plan.accumulate(traces[...], at: poses[...], of: prepared, into: &gradient, threads: threads)
  return Pulled(loss: loss, gradient: try #require(gradient), poses: zip(found, more).map { $0 + $1 })
}

private func turned(_ pose: Pose, by vector: SIMD3<Double>, _ shift: SIMD2<Double>) throws -> Pose {
  let angle = dot(vector, vector).squareRoot()
  let (axis, s) = (vector / angle, Double.sin(angle / 2))
  let turn = try Rotation(quaternion: Double.cos(angle / 2), axis.x * s, axis.y * s, axis.z * s)
  return Pose(rotation: turn * pose.rotation, shiftInAngstroms: pose.shiftInAngstroms + shift)
}

private func relativeError(_ got: [Double], _ want: [Double]) -> Double {
  zip(got, want).reduce(0) { max($0, abs($1.0 - $1.1)) } / want.reduce(0) { max($0, abs($1)) }
}

private let poses = [
  Pose(rotation: .random(seed: 5, index: 0), shiftInAngstroms: SIMD2(1.3, -2.1)),
  Pose(rotation: .random(seed: 5, index: 1)),
]

@Suite("Gradients of atoms by nonuniform FFT")
struct FFTAtomGradientTests {
  private struct Atoms {
    var positions: [[SIMD3<Double>]]
    var weights: [[Double]?]
    var terms: [[(a: Double, b: Double)]]

    init(_ counts: [Int], alike: Bool = false) {
      positions = counts.indices.map { vectors(counts[$0], seed: UInt64($0 + 1), length: 5) }
      weights = counts.indices.map { $0 % 2 == 1 ? random(counts[$0], seed: UInt64($0 + 9), 0.2...1) : nil }
      terms = counts.indices.map { type in
        // Factors that filters span, or that a few span.
        alike
          ? [(2 + 0.1 * Double(type), 30 + 1.5 * Double(type))]
          : [(0.5, 40), (1.5 + Double(type), 60 + 25 * Double(type))]
      }
    }

    func volume() throws -> IndependentAtomVolume {
      try IndependentAtomVolume(
        types: positions.indices.map {
          try .init(
            positionsInAngstroms: positions[$0], weights: weights[$0],
            amplitudesInAngstroms: terms[$0].map(\.a),
            widthsInSquareAngstroms: terms[$0].map(\.b))
        })
    }

    /// Moved by a step along random directions, and those.
    func moved(by step: Double) -> (atoms: Atoms, positions: [[SIMD3<Double>]], weights: [[Double]]) {
      var result = self
      let directions = positions.indices.map {
        vectors(positions[$0].count, seed: UInt64($0 + 70), length: 1)
      }
      let changes = positions.indices.map { type -> [Double] in
        weights[type] == nil
          ? [Double](repeating: 0, count: positions[type].count)
          : random(positions[type].count, seed: UInt64(type + 80))
      }
      for type in positions.indices {
        for i in positions[type].indices {
          result.positions[type][i] += step * directions[type][i]
          result.weights[type]?[i] += step * changes[type][i]
        }
      }
      return (result, directions, changes)
    }
  }

  @Test(
    "positions, weights and pose by direct sums, in the caller's order",
    arguments: [(16, 16), (17, 21), (22, 15)], [[7, 11], [9], [4, 6, 5]])
  func direct(size: (Int, Int), counts: [Int]) throws {
    let (h, atoms) = (0.8, Atoms(counts))
    let plane = try ImageConfiguration(
      shape: GridShape(rows: size.0, columns: size.1), pixelSizeInAngstroms: h)
    for pose in poses {
      let cotangent = random(size.0 * size.1, seed: 3)
      let direct = DirectGradient(
        cotangent, rows: size.0, columns: size.1, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
      let rows = pose.rotation.rows
      var (want, weights): ([Double], [Double]) = ([], [])
      var (turn0, turn1, shift) = (SIMD3<Double>(0, 0, 0), SIMD3<Double>(0, 0, 0), SIMD2<Double>(0, 0))
      for (type, positions) in atoms.positions.enumerated() {
        for (i, r) in positions.enumerated() {
          let seen = (SIMD2(dot(rows.0, r), dot(rows.1, r)) + pose.shiftInAngstroms) / h
          let point = direct.point(seen.x, seen.y) { kx, ky in
            let q2 = (kx * kx + ky * ky) / (h * h)
            return atoms.terms[type].reduce(0) { $0 + $1.a * Double.exp(-$1.b * q2 / 4) } / (h * h)
          }
          let w = atoms.weights[type]?[i] ?? 1
          let slope = SIMD2(point.x, point.y) * w / h
          let position = slope.x * rows.0 + slope.y * rows.1
          want += [position.x, position.y, position.z]
          weights.append(point.value)
          turn0 += slope.x * r
          turn1 += slope.y * r
          shift += slope
        }
      }
      func check<Scalar: GridScalar>(_ tolerance: Double, _: Scalar.Type) throws {
        let plan = try FFTAtomProjection<Scalar>(antialias: false, eps: 1e-12).makePlan(
          for: atoms.volume().layout, onto: plane)
        let found = try pull(plan, atoms.volume(), [pose], cotangents: [cotangent])
        let gradient = found.gradient.volume
        #expect(gradient.types.map(\.positionsInAngstroms.count) == counts)
        #expect(
          relativeError(
            gradient.types.flatMap { $0.positionsInAngstroms.flatMap { [$0.x, $0.y, $0.z] } }, want)
            < tolerance)
        #expect(relativeError(gradient.types.flatMap(\.weights), weights) < tolerance)
        let (r, t) = (found.poses[0].rotationMatrix, found.poses[0].shiftInAngstroms)
        #expect(
          relativeError(
            [r.0.x, r.0.y, r.0.z, r.1.x, r.1.y, r.1.z],
            [turn0.x, turn0.y, turn0.z, turn1.x, turn1.y, turn1.z]) < tolerance)
        #expect(r.2 == SIMD3(0, 0, 0))
        #expect(relativeError([t.x, t.y], [shift.x, shift.y]) < tolerance)
      }
      try check(1e-8, Double.self)
      try check(1e-4, Float.self)
    }
  }

  enum Setting: String, CaseIterable {
    case antialias, upsampled, cropped, padded, magnified, tiles, shared, coarse, spectrum, spectrumOfCropped
  }

  @Test("differences along a direction of everything, whatever the options", arguments: Setting.allCases)
  func options(setting: Setting) throws {
    var options = FFTAtomProjection<Double>(eps: 1e-12)
    var magnification = AnisotropicMagnification.none
    var padded = try GridShape(rows: 20, columns: 23)
    var atoms = Atoms([6, 5, 7])
    switch setting {
    case .antialias, .spectrum: break
    case .upsampled: options.upsampleFactor = 3
    case .cropped, .spectrumOfCropped: options.shape = try GridShape(rows: 26, columns: 29)
    case .padded: options.shape = try GridShape(rows: 17, columns: 18)
    case .magnified:
      magnification = try AnisotropicMagnification(
        firstRow: SIMD2(1.02, 0.01), secondRow: SIMD2(-0.015, 0.97))
    case .tiles: options.options = NonuniformFFTOptions(sorting: .always)
    case .shared:
      atoms = Atoms([Int](repeating: 2, count: 12), alike: true)
    case .coarse:
      // One filter spans what the types differ in.
      atoms = Atoms([8, 9], alike: true)
      options.accuracy = 1e-6
      padded = try GridShape(rows: 72, columns: 40)
    }
    let plane = try ImageConfiguration(
      shape: padded, pixelSizeInAngstroms: 0.9, magnification: magnification)
    let plan = try options.makePlan(for: atoms.volume().layout, onto: plane)
    let prepared = try plan.prepare(atoms.volume(), expectedPoses: nil)
    #expect(prepared.sharesAtoms == (setting == .shared))
    if setting == .coarse { #expect(prepared.combination.filterDegree != nil) }
    let spectra = setting == .spectrum || setting == .spectrumOfCropped
    let cotangents = poses.indices.map {
      random(spectra ? 2 * padded.rows * padded.spectrumColumns : padded.count, seed: UInt64($0 + 31))
    }
    let found = try pull(plan, atoms.volume(), poses, cotangents: cotangents, spectra: spectra)
    let (vector, shift, step) = (SIMD3(0.5, -0.7, 0.4), SIMD2(1.0, 0.6), 1e-4)
    func loss(_ step: Double) throws -> Double {
      let moved = try poses.enumerated().map { index, pose in
        // A shift of nothing is exact: it must stay so.
        try turned(pose, by: step * vector, index == 0 ? step * shift : SIMD2(0, 0))
      }
      return try pull(
        plan, atoms.moved(by: step).atoms.volume(), moved, cotangents: cotangents, spectra: spectra
      ).loss
    }
    let difference = (try loss(step) - loss(-step)) / (2 * step)
    let (_, directions, changes) = atoms.moved(by: 0)
    var (want, size) = (0.0, 0.0)
    func add(_ term: Double) {
      want += term
      size += abs(term)
    }
    for (type, gradient) in found.gradient.volume.types.enumerated() {
      for i in gradient.weights.indices {
        add(dot(gradient.positionsInAngstroms[i], directions[type][i]))
        add(gradient.weights[i] * changes[type][i])
      }
    }
    for (index, pose) in poses.enumerated() {
      add(dot(found.poses[index].rotationVector(at: pose.rotation), vector))
      if index == 0 { add((found.poses[0].shiftInAngstroms * shift).sum()) }
    }
    #expect(abs(difference - want) < 1e-7 * size)
  }

  @Test("threads change no bit")
  func threads() throws {
    let atoms = Atoms([900, 1500, 300])
    let plane = try ImageConfiguration(shape: GridShape(square: 32), pixelSizeInAngstroms: 0.7)
    func run(_ threads: Int) throws -> ([[SIMD3<Double>]], [[Double]], [Pose.Cotangent]) {
      let plan = try FFTAtomProjection<Float>(
        eps: 1e-4, options: NonuniformFFTOptions(threads: threads)
      ).makePlan(for: atoms.volume().layout, onto: plane)
      let many = (0..<200).map { Pose(rotation: .random(seed: 1, index: $0)) }
      let cotangents = many.indices.map { random(32 * 32, seed: UInt64($0)) }
      let found = try pull(plan, atoms.volume(), many, cotangents: cotangents, threads: threads)
      let types = found.gradient.volume.types
      return (types.map(\.positionsInAngstroms), types.map(\.weights), found.poses)
    }
    let one = try run(1)
    for threads in [2, 3, 8] { #expect(try run(threads) == one) }
  }

  @Test("parameters of scattering factors, by differences", arguments: [false, true])
  func factors(magnified: Bool) throws {
    let atoms = Atoms([6, 5, 7])
    let magnification =
      magnified
      ? try AnisotropicMagnification(firstRow: SIMD2(1.02, 0.01), secondRow: SIMD2(-0.015, 0.97)) : .none
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 20, columns: 23), pixelSizeInAngstroms: 0.9, magnification: magnification)
    var options = FFTAtomProjection<Double>(eps: 1e-12)
    options.differentiatesScatteringFactors = true
    let plan = try options.makePlan(for: atoms.volume().layout, onto: plane)
    let cotangents = poses.indices.map { random(20 * 23, seed: UInt64($0 + 31)) }
    let types = try pull(plan, atoms.volume(), poses, cotangents: cotangents).gradient.volume.types
    for type in atoms.terms.indices {
      let terms = atoms.terms[type]
      let gradient = try #require(types[type].scatteringFactor)
      let found = try gradient.gaussians(
        amplitudesInAngstroms: terms.map(\.a), widthsInSquareAngstroms: terms.map(\.b))
      #expect(found.variances[0] == 8 * .pi * .pi * found.widths[0])
      #expect(found.bFactor == found.widths.reduce(0, +))
      // The sum over atoms is what a factor of f changes.
      let scaled = zip(terms, found.amplitudes).reduce(0) { $0 + $1.0.a * $1.1 }
      let weights = atoms.weights[type] ?? [Double](repeating: 1, count: atoms.positions[type].count)
      let sum = zip(weights, types[type].weights).reduce(0) { $0 + $1.0 * $1.1 }
      #expect(
        abs(scaled - sum) < 1e-9 * terms.indices.reduce(0) { $0 + abs(terms[$1].a * found.amplitudes[$1]) })
      for term in terms.indices {
        func loss(_ a: Double, _ b: Double) throws -> Double {
          var moved = atoms
          moved.terms[type][term].a += a
          moved.terms[type][term].b += b
          return try pull(plan, moved.volume(), poses, cotangents: cotangents).loss
        }
        let (da, db) = (1e-3, 1e-3)
        let byAmplitude = (try loss(da, 0) - loss(-da, 0)) / (2 * da)
        let byWidth = (try loss(0, db) - loss(0, -db)) / (2 * db)
        #expect(abs(byAmplitude - found.amplitudes[term]) < 1e-7 * abs(found.amplitudes[term]))
        #expect(abs(byWidth - found.widths[term]) < 1e-6 * abs(found.widths[term]))
      }
    }
    #expect(throws: ExitPlaneError.self) {
      try types[0].scatteringFactor?.gaussians(amplitudesInAngstroms: [1], widthsInSquareAngstroms: [])
    }
  }
}

@Suite("Gradients of voxels by nonuniform FFT")
struct RealVoxelGradientTests {
  private func map<Scalar: GridScalar>(_ scale: Double = 1, of _: Scalar.Type) throws -> RealVoxelGridVolume<
    Scalar
  > {
    // Rows of zeros, and zeros within rows.
    let values = random(9 * 8 * 12, seed: 4).enumerated().map { index, value in
      index / 12 % 3 == 1 || index % 12 == 5 ? 0 : value * scale
    }
    return try RealVoxelGridVolume(
      depth: 9, rows: 8, columns: 12, voxelSizeInAngstroms: 1.4, values: values.map { Scalar($0) })
  }

  @Test(
    "every voxel and the pose by direct sums", arguments: [(16, 16), (13, 21), (22, 15)],
    [RealVoxelAlgorithm.spreading, .gathering])
  func direct(size: (Int, Int), algorithm: RealVoxelAlgorithm) throws {
    let h = 1.4
    let map = try map(of: Double.self)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: size.0, columns: size.1), pixelSizeInAngstroms: h)
    for pose in poses {
      let cotangent = random(size.0 * size.1, seed: 3)
      let direct = DirectGradient(
        cotangent, rows: size.0, columns: size.1, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
      let rows = pose.rotation.rows
      var want: [Double] = []
      var (turn0, turn1, shift) = (SIMD3<Double>(0, 0, 0), SIMD3<Double>(0, 0, 0), SIMD2<Double>(0, 0))
      for z in 0..<9 {
        for y in 0..<8 {
          for x in 0..<12 {
            let r = SIMD3(Double(x - 6), Double(y - 4), Double(z - 4))
            let seen = SIMD2(dot(rows.0, r), dot(rows.1, r)) + pose.shiftInAngstroms / h
            let point = direct.point(seen.x, seen.y) { _, _ in h }
            let slope = SIMD2(point.x, point.y) * map.values[(z * 8 + y) * 12 + x]
            want.append(point.value)
            turn0 += slope.x * r
            turn1 += slope.y * r
            shift += slope / h
          }
        }
      }
      func check<Scalar: GridScalar>(_ tolerance: Double, _: Scalar.Type) throws {
        let plan = try RealVoxelProjection<Scalar>(eps: 1e-12, algorithm: algorithm).makePlan(
          for: self.map(of: Scalar.self).layout, onto: plane)
        let found = try pull(plan, self.map(of: Scalar.self), [pose], cotangents: [cotangent])
        #expect(relativeError(try found.gradient.volume().values.map { Double($0) }, want) < tolerance)
        let (r, t) = (found.poses[0].rotationMatrix, found.poses[0].shiftInAngstroms)
        #expect(
          relativeError(
            [r.0.x, r.0.y, r.0.z, r.1.x, r.1.y, r.1.z],
            [turn0.x, turn0.y, turn0.z, turn1.x, turn1.y, turn1.z]) < tolerance)
        // Where there is no shift, the entry at Nyquist on both axes has no well-defined slope to it.
        let hasCorner = size.0 % 2 == 0 && size.1 % 2 == 0 && pose.shiftInAngstroms == SIMD2(0, 0)
        if !hasCorner || algorithm == .spreading {
          #expect(relativeError([t.x, t.y], [shift.x, shift.y]) < tolerance)
        }
        // Projecting is linear in the voxels.
        let product = zip(try found.gradient.volume().values, try self.map(of: Scalar.self).values)
          .reduce(0) { $0 + Double($1.0) * Double($1.1) }
        #expect(abs(product - found.loss) < tolerance * want.reduce(0) { max($0, abs($1)) } * 10)
      }
      try check(1e-8, Double.self)
      if algorithm == .spreading { try check(1e-4, Float.self) }
    }
  }

  @Test("of spectra and of a distorted plane, by differences", arguments: [false, true])
  func differences(spectra: Bool) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 15, columns: 18), pixelSizeInAngstroms: 1.4,
      magnification: AnisotropicMagnification(firstRow: SIMD2(1.02, 0.01), secondRow: SIMD2(-0.015, 0.97)))
    let map = try map(of: Double.self)
    let plan = try RealVoxelProjection<Double>(eps: 1e-12, algorithm: .spreading).makePlan(
      for: map.layout, onto: plane)
    let cotangents = poses.indices.map { random(spectra ? 2 * 15 * 10 : 15 * 18, seed: UInt64($0 + 5)) }
    let found = try pull(plan, map, poses, cotangents: cotangents, spectra: spectra)
    let product = zip(try found.gradient.volume().values, map.values).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(product - found.loss) < 1e-10 * map.values.reduce(0) { $0 + abs($1) })
    let (vector, shift, step) = (SIMD3(0.5, -0.7, 0.4), SIMD2(1.0, 0.6), 1e-4)
    func loss(_ step: Double) throws -> Double {
      let moved = try poses.enumerated().map { index, pose in
        try turned(pose, by: step * vector, index == 0 ? step * shift : SIMD2(0, 0))
      }
      return try pull(plan, map, moved, cotangents: cotangents, spectra: spectra).loss
    }
    let difference = (try loss(step) - loss(-step)) / (2 * step)
    let terms =
      poses.indices.map { dot(found.poses[$0].rotationVector(at: poses[$0].rotation), vector) } + [
        (found.poses[0].shiftInAngstroms * shift).sum()
      ]
    #expect(abs(difference - terms.reduce(0, +)) < 1e-6 * terms.reduce(0) { $0 + abs($1) })
  }

  @Test("threads change no bit")
  func threads() throws {
    let map = try map(of: Float.self)
    let plane = try ImageConfiguration(shape: GridShape(square: 16), pixelSizeInAngstroms: 1.4)
    func run(_ threads: Int) throws -> ([Float], [Pose.Cotangent]) {
      let plan = try RealVoxelProjection<Float>(
        eps: 1e-4, algorithm: .spreading, options: NonuniformFFTOptions(threads: threads)
      ).makePlan(for: map.layout, onto: plane)
      let found = try pull(
        plan, map, poses, cotangents: poses.indices.map { random(256, seed: UInt64($0)) }, threads: threads)
      return (try found.gradient.volume().values, found.poses)
    }
    let one = try run(1)
    for threads in [2, 3, 8] { #expect(try run(threads) == one) }
  }
}
