import Oracles
import RealModule
import Synchronization
import Testing

@testable import ExitPlane

@Suite("From projections to images")
struct OpticsImageFormationTests {
  private let transfer: ContrastTransferFunction

  init() throws {
    transfer = try ContrastTransferFunction(
      defocusUInAngstroms: 9000, defocusVInAngstroms: 8000, astigmatismAngleInDegrees: 20)
  }

  private func projection<Scalar: GridScalar>(
    rows: Int = 32, columns: Int = 32, padded: (Int, Int)? = nil, _: Scalar.Type = Double.self
  ) throws -> Projector<GaussianMixturePlan<Scalar>> {
    let volume = try GaussianMixtureVolume(
      positions: [SIMD3(2, -3, 1), SIMD3(-6, 4, 0)], amplitudes: [[5], [8]], variances: [[6], [5]])
    let plane = try ImageConfiguration(
      shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: 1.5,
      paddedShape: padded.map { try GridShape(rows: $0.0, columns: $0.1) })
    return try GaussianMixtureProjection<Scalar>(accuracy: 1e-12).makeProjector(for: volume, onto: plane)
  }

  private func image<Plan: RealImageProjector>(
    _ plan: ImageFormationPlan<Plan>, number: UInt64 = 0, pose: Pose = .identity
  ) throws -> [Plan.Scalar] {
    var workspace = try plan.makeWorkspace()
    return Array(
      try plan.image(of: ImagedParticle(number: number, pose: pose, transfer: transfer), using: &workspace))
  }

  @Test("the transfer function convolves the projection", arguments: [(16, 16), (15, 18), (13, 17)])
  func convolution(rows: Int, columns: Int) throws {
    let plan = try projection(rows: rows, columns: columns)
    let linear = try image(ImageFormationPlan(plan))
    let plain = try image(ImageFormationPlan(plan, model: .projection))
    // The sum of the definition: every frequency of the full spectrum, every pixel.
    let function = TransferOracle(9000, 8000, 20)
    let values = function.half(rows: rows, columns: columns, pixelSize: 1.5)
    let half = columns / 2 + 1
    var want = [Double](repeating: 0, count: rows * columns)
    for (j, ky) in fftFrequencies(rows).enumerated() {
      for (i, kx) in fftFrequencies(columns).enumerated() {
        // The conjugate's entry, where this one is not stored.
        let (row, column) = i < half ? (j, i) : ((rows - j) % rows, columns - i)
        var sum = ComplexNumber(0, 0)
        for y in 0..<rows {
          for x in 0..<columns {
            let turns = Double(kx * x) / Double(columns) + Double(ky * y) / Double(rows)
            sum = sum + .turn(-turns) * plain[y * columns + x]
          }
        }
        sum = sum * (values[row * half + column] / Double(rows * columns))
        for y in 0..<rows {
          for x in 0..<columns {
            let turns = Double(kx * x) / Double(columns) + Double(ky * y) / Double(rows)
            want[y * columns + x] += (sum * .turn(turns)).re
          }
        }
      }
    }
    let peak = want.map(abs).max() ?? 0
    #expect(zip(linear, want).allSatisfy { abs($0 - $1) < 1e-10 * peak })
  }

  @Test("images computed in a padded shape are cropped about the origin")
  func padding() throws {
    let wide = try image(ImageFormationPlan(projection(rows: 48, columns: 44)))
    let cropped = try image(ImageFormationPlan(projection(rows: 32, columns: 30, padded: (48, 44))))
    for row in 0..<32 {
      for column in 0..<30 {
        #expect(cropped[row * 30 + column] == wide[(row + 8) * 44 + column + 7])
      }
    }
  }

  @Test("the models follow from each other")
  func models() throws {
    let plan = try projection()
    let plain = try image(ImageFormationPlan(plan, model: .projection))
    let phase = try image(ImageFormationPlan(plan, model: .exitPlanePhase))
    let linear = try image(ImageFormationPlan(plan, sign: .cryoJAX))
    let contrast = try image(ImageFormationPlan(plan, model: .contrast, sign: .cryoJAX))
    let intensity = try image(ImageFormationPlan(plan, model: .intensity, sign: .cryoJAX))
    let counts = try image(
      ImageFormationPlan(plan, model: .electronCounts(dosePerSquareAngstrom: 20), sign: .cryoJAX))
    // λ γ at 300 kV: 0.0196875 Å × 1.58708.
    let constant = 0.0312457
    #expect(abs(plan.plane.wavelengthInAngstroms * plan.plane.lorentzFactor - constant) < 2e-6)
    #expect(zip(phase, plain).allSatisfy { abs($0 - constant * $1) < 1e-4 * constant })
    #expect(zip(contrast, linear).allSatisfy { abs($0 - constant * $1) < 1e-4 * constant })
    #expect(zip(intensity, contrast).allSatisfy { abs($0 - 1 - 2 * $1) < 1e-12 })
    let mean = intensity.reduce(0, +) / Double(intensity.count)
    #expect(zip(counts, intensity).allSatisfy { abs($0 - 20 * 2.25 * $1 / mean) < 1e-9 })
  }

  @Test("noise is added to the noiseless image, alike on one thread and on three")
  func threads() throws {
    let spectrum = try NoiseSpectrum(halfPowerFrequencyInReciprocalAngstroms: 0.1)
    for noise in [ImageNoise.white(standardDeviation: 0.3), .coloured(spectrum)] {
      let plan = try ImageFormationPlan(projection(Float.self), noise: noise, seed: 9)
      func images(threads: Int) throws -> [[Float]] {
        let kept = Mutex([Int: [Float]]())
        try plan.imageEach(
          count: 7, threads: threads,
          particle: {
            ImagedParticle(
              number: UInt64(100 + $0), pose: Pose(rotation: .random(seed: 1, index: $0)), transfer: transfer)
          }, consume: { index, image in kept.withLock { $0[index] = Array(image) } })
        return kept.withLock { kept in (0..<7).compactMap { kept[$0] } }
      }
      let one = try images(threads: 1)
      #expect(try images(threads: 3) == one)
      // A particle alone is the particle of the set.
      #expect(try image(plan, number: 103, pose: Pose(rotation: .random(seed: 1, index: 3))) == one[3])
      #expect(one[0] != one[1])
    }
  }

  @Test("coloured noise has the power asked for, shell by shell", arguments: [(64, 64), (63, 48)])
  func colouredPower(rows: Int, columns: Int) throws {
    let base = try projection(rows: rows, columns: columns, Double.self)
    let spectrum = try NoiseSpectrum(halfPowerFrequencyInReciprocalAngstroms: 0.08)
      .scaled(toVariance: 9, on: base.plane)
    #expect(abs(spectrum.variance(on: base.plane) - 9) < 1e-9)
    let plan = try ImageFormationPlan(base, noise: .coloured(spectrum), seed: 4)
    let clean = try image(ImageFormationPlan(base))
    let fft = try FFTPlan<Double>(.realToHalf(base.plane.paddedShape))
    let shape = base.plane.shape
    let (pixels, half) = (try AlignedBuffer<Double>.image(shape), try AlignedBuffer<Double>.half(shape))
    let shells = 8
    var (power, entries) = ([Double](repeating: 0, count: shells), [Double](repeating: 0, count: shells))
    var (edge, edgeCount, square) = (0.0, 0.0, 0.0)
    let count = 60
    for number in 0..<count {
      let noisy = try image(plan, number: UInt64(number))
      for i in 0..<shape.count { pixels.pointer[i] = noisy[i] - clean[i] }
      square += pixels.buffer.reduce(0) { $0 + $1 * $1 } / Double(shape.count * count)
      fft.execute(pixels.pointer, half.pointer)
      for row in 0..<rows {
        for column in 0..<shape.spectrumColumns {
          let q = Double.hypot(
            Double(column) / (Double(columns) * 1.5),
            Double(signedFrequency(row, of: rows)) / (Double(rows) * 1.5))
          let i = 2 * (row * shape.spectrumColumns + column)
          let (re, im) = (half.pointer[i], half.pointer[i + 1])
          // Over what is expected, so that every entry weighs alike.
          let relative = (re * re + im * im) / (Double(shape.count) * 9 * density(q) / unscaled(base.plane))
          let shell = min(Int(q / 0.5 * Double(shells)), shells - 1)
          power[shell] += relative
          entries[shell] += 1
          if column == 0 || 2 * column == columns {
            edge += relative
            edgeCount += 1
          }
        }
      }
    }
    for (sum, number) in zip(power, entries) where number > 0 {
      #expect(abs(sum / number - 1) < 6 * 1.5 / number.squareRoot(), "\(sum / number) of \(number)")
    }
    // The columns that symmetrising averages.
    #expect(abs(edge / edgeCount - 1) < 6 * 1.5 / edgeCount.squareRoot())
    #expect(abs(square / 9 - 1) < 0.1)
  }

  private func density(_ q: Double) -> Double { 1 / (1 + q * q / 0.0064) }

  /// The mean of the density over all frequencies.
  private func unscaled(_ plane: ImageConfiguration) -> Double {
    var (sum, count) = (0.0, 0.0)
    for y in fftFrequencies(plane.shape.rows) {
      for x in fftFrequencies(plane.shape.columns) {
        sum += density(
          Double.hypot(
            Double(x) / (1.5 * Double(plane.shape.columns)), Double(y) / (1.5 * Double(plane.shape.rows))))
        count += 1
      }
    }
    return sum / count
  }

  @Test("the signal's variance is over all pixels of all images")
  func signalVariance() throws {
    let plan = try ImageFormationPlan(projection(), noise: .white(standardDeviation: 5))
    @Sendable func particle(_ index: Int) -> ImagedParticle<Double> {
      ImagedParticle(
        number: UInt64(index), pose: Pose(rotation: .random(seed: 3, index: index)), transfer: transfer)
    }
    var workspace = try plan.makeWorkspace()
    var pixels: [Double] = []
    for index in 0..<5 {
      pixels += try plan.noiselessImage(of: particle(index), using: &workspace)
    }
    let mean = pixels.reduce(0, +) / Double(pixels.count)
    let want = pixels.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(pixels.count)
    let one = try plan.signalVariance(count: 5, threads: 1, particle: particle)
    #expect(abs(one / want - 1) < 1e-12)
    #expect(try plan.signalVariance(count: 5, threads: 3, particle: particle) == one)
  }

  @Test("what does not go together is refused")
  func refusals() throws {
    let base = try projection()
    #expect(throws: ExitPlaneError.self) { try ImageFormationPlan(base, noise: .poisson) }
    #expect(throws: ExitPlaneError.self) {
      try ImageFormationPlan(base, model: .electronCounts(dosePerSquareAngstrom: 0))
    }
    #expect(throws: ExitPlaneError.self) {
      try ImageFormationPlan(base, noise: .white(standardDeviation: -1))
    }
    let plan = try ImageFormationPlan(base)
    var workspace = try plan.makeWorkspace()
    #expect(throws: ExitPlaneError.self) {
      try plan.image(of: ImagedParticle(number: 0, pose: .identity), using: &workspace)
    }
    let counts = try ImageFormationPlan(
      base, model: .electronCounts(dosePerSquareAngstrom: 30), sign: .cryoJAX, noise: .poisson)
    #expect(try image(counts).allSatisfy { $0 == $0.rounded() && $0 >= 0 })
  }
}
