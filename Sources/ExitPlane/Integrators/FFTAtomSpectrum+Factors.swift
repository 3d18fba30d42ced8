/// Atoms type by type, whatever passes they are projected in, and what a type's transform is multiplied by but for its
/// scattering factor.
struct FFTAtomTypes<Scalar: GridScalar>: Sendable {
  let passes: [AtomPass<Scalar>]
  let weights: SpectrumWeights<Scalar>
}

extension FFTAtomSpectrum {
  /// Frequencies of the half spectrum, of all types.
  var factorCount: Int { atomCounts.count * grid.modes.rows * grid.modes.spectrumColumns }

  /// `∂L/∂f(q)` of each type of atom: at every frequency the real part of the cotangent's conjugate times the type's own
  /// transform.
  ///
  /// A parameter of f then costs a sum over frequencies, once for all images; by way of the atoms' values each would
  /// cost a transform of every image.
  func pullBackFactors(
    _ half: UnsafePointer<Scalar>, at pose: Pose, origin: SIMD2<Double>, scale: Double,
    _ workspace: Workspace,
    into trace: FFTAtomTrace<Scalar>
  ) {
    guard let types, let partial = workspace.partial, let factors = trace.factors else { return }
    let start = origin + pose.shiftInAngstroms / pixelSize
    let axes = ImageAxes(pose.rotation, magnification)
    let reached = grid.rows(within: radius / pixelSize, of: start.y)
    let count = grid.modes.rows * grid.modes.spectrumColumns
    for (index, pass) in types.passes.enumerated() {
      grid.spread(
        x: pass.x, y: pass.y, z: pass.z, origin: start, xRow: axes.x / pixelSize, yRow: axes.y / pixelSize,
        strengths: pass.strengths, into: workspace.spreading)
      grid.transform(
        workspace.spreading, scale: scale, reached: reached, weights: types.weights, into: partial.pointer)
      multiply(partial.pointer, half, count: count, into: factors.pointer + index * count)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func multiply(
    _ a: UnsafePointer<Scalar>, _ b: UnsafePointer<Scalar>, count: Int, into out: UnsafeMutablePointer<Scalar>
  ) {
    for i in 0..<count { out[i] = a[2 &* i] * b[2 &* i] + a[2 &* i &+ 1] * b[2 &* i &+ 1] }
  }

  /// Adds what images have left of a range of frequencies, in their order.
  func addFactors(
    _ traces: ArraySlice<FFTAtomTrace<Scalar>>, of range: Range<Int>, to sums: UnsafeMutablePointer<Double>
  ) {
    for trace in traces {
      guard let factors = trace.factors else { continue }
      addValues(factors.pointer + range.lowerBound, to: sums + range.lowerBound, count: range.count)
    }
  }

  /// Frequencies of the half spectrum in 1/Å, as the object has them.
  var frequencies: [Double] {
    let modes = grid.modes
    return (0..<modes.rows).flatMap { row in
      (0..<modes.spectrumColumns).map { column in
        let k = SIMD2(
          Double(signedFrequency(column, of: modes.columns)) / Double(modes.columns),
          Double(signedFrequency(row, of: modes.rows)) / Double(modes.rows))
        let q = magnification(k)
        return (q * q).sum().squareRoot() / pixelSize
      }
    }
  }
}
