/// Sums of `∂L/∂` of atoms over images, in the order in which they are spread.
public final class FFTAtomGradient<Scalar: GridScalar>: @unchecked Sendable {
  let x: AlignedBuffer<Double>
  let y: AlignedBuffer<Double>
  let z: AlignedBuffer<Double>
  let weights: AlignedBuffer<Double>
  /// `∂L/∂f` at the frequencies of the half spectrum, type after type; where they are wanted.
  let factors: AlignedBuffer<Double>?
  private let frequencies: [Double]
  private let atoms: [Int32]
  private let atomCounts: [Int]

  init(_ spectrum: FFTAtomSpectrum<Scalar>) throws {
    (atoms, atomCounts) = (spectrum.atoms, spectrum.atomCounts)
    frequencies = spectrum.types == nil ? [] : spectrum.frequencies
    factors = try spectrum.types.map { _ in
      try AlignedBuffer(count: spectrum.factorCount, of: "the gradient of scattering factors")
    }
    let what = "the gradient of \(atoms.count) atoms"
    x = try AlignedBuffer(count: atoms.count, of: what)
    y = try AlignedBuffer(count: atoms.count, of: what)
    z = try AlignedBuffer(count: atoms.count, of: what)
    weights = try AlignedBuffer(count: atoms.count, of: what)
  }

  /// The sums in the order of the volume's atoms.
  public var volume: IndependentAtomVolume.Gradient {
    var positions = [SIMD3<Double>](repeating: SIMD3(0, 0, 0), count: atoms.count)
    var weights = [Double](repeating: 0, count: atoms.count)
    for (index, atom) in atoms.enumerated() {
      positions[Int(atom)] = SIMD3(x.pointer[index], y.pointer[index], z.pointer[index])
      weights[Int(atom)] = self.weights.pointer[index]
    }
    return IndependentAtomVolume.Gradient(
      positionsInAngstroms: positions, weights: weights, atomCounts: atomCounts,
      scatteringFactors: factors.map { factors in
        atomCounts.indices.map { type in
          ScatteringFactorGradient(
            frequenciesInInverseAngstroms: frequencies,
            values: Array(factors.buffer[(type * frequencies.count)..<((type + 1) * frequencies.count)]))
        }
      })
  }
}

extension FFTAtomPlan: DifferentiablePlan {
  public func makeGradient(for atoms: FFTAtomSpectrum<Scalar>) throws -> FFTAtomGradient<Scalar> {
    try FFTAtomGradient(atoms)
  }

  public func makeTrace(for atoms: FFTAtomSpectrum<Scalar>) throws -> FFTAtomTrace<Scalar> {
    try FFTAtomTrace(atoms)
  }

  public func imageForPullBack(
    of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    image(of: atoms, at: pose, using: &workspace)
  }

  public func spectrumForPullBack(
    of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose, using workspace: inout Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    spectrum(of: atoms, at: pose, using: &workspace)
  }

  public func trace(
    imageCotangent cotangent: UnsafePointer<Scalar>, of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose,
    into trace: inout FFTAtomTrace<Scalar>, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    let modes = finisher.computed
    finisher.pullBackImage(
      cotangent, isShifted: pose.shiftInAngstroms != SIMD2(0, 0), workspace.finish)
    return atoms.pullBack(
      workspace.finish.half.pointer, at: pose,
      origin: SIMD2(Double(originOffset(modes.columns)), Double(originOffset(modes.rows))),
      scale: 1 / Double(modes.count), workspace.spectrum, into: trace)
  }

  public func trace(
    spectrumCotangent cotangent: UnsafePointer<Scalar>, of atoms: FFTAtomSpectrum<Scalar>, at pose: Pose,
    into trace: inout FFTAtomTrace<Scalar>, using workspace: inout Workspace
  ) -> Pose.Cotangent {
    guard finisher.isDirect else {
      return self.trace(
        imageCotangent: finisher.pullBackSpectrum(cotangent, workspace.finish), of: atoms, at: pose,
        into: &trace, using: &workspace)
    }
    let half = workspace.finish.half
    half.pointer.update(from: cotangent, count: half.count)
    finisher.makeHermitian(half.pointer, isShifted: pose.shiftInAngstroms != SIMD2(0, 0))
    return atoms.pullBack(
      half.pointer, at: pose, origin: SIMD2(0, 0), scale: 1, workspace.spectrum, into: trace)
  }

  public func accumulate(
    _ traces: ArraySlice<FFTAtomTrace<Scalar>>, at poses: ArraySlice<Pose>, of atoms: FFTAtomSpectrum<Scalar>,
    into gradient: inout FFTAtomGradient<Scalar>?, threads: Int
  ) throws -> [Pose.Cotangent] {
    if let gradient {
      // Sums of a block stay in the nearest cache from image to image. A millisecond's work is worth a thread.
      let (count, block) = (gradient.x.count, 2048)
      parallelForEach(
        count: (count + block - 1) / block, threads: min(threads, 1 + count * traces.count / 500_000),
        workspace: { () },
        body: { index, _ in
          atoms.add(
            traces, at: poses, of: (index * block)..<min((index + 1) * block, count), to: gradient)
        })
      if let factors = gradient.factors {
        parallelForEach(
          count: (factors.count + block - 1) / block,
          threads: min(threads, 1 + factors.count * traces.count / 500_000), workspace: { () },
          body: { index, _ in
            atoms.addFactors(
              traces, of: (index * block)..<min((index + 1) * block, factors.count), to: factors.pointer)
          })
      }
    }
    return poses.map { _ in .zero }
  }
}
