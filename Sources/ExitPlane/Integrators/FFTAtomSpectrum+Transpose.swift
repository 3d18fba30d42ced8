/// What an image's way back leaves of atoms, in the order in which they are spread: two slopes and a value each.
///
/// That is less than the grids it is interpolated from, of which there is one for each type of atom.
public final class FFTAtomTrace<Scalar: GridScalar>: @unchecked Sendable {
  /// `∂L/∂x` and `∂L/∂y` of the atoms in the image, in samples of the grid that they are spread on.
  let alongX: AlignedBuffer<Scalar>
  let alongY: AlignedBuffer<Scalar>
  /// `∂L/∂w`.
  let values: AlignedBuffer<Scalar>
  /// `∂L/∂f` at the frequencies of the half spectrum, type after type; where they are wanted.
  let factors: AlignedBuffer<Scalar>?

  init(_ atoms: FFTAtomSpectrum<Scalar>) throws {
    let (count, what) = (atoms.atomCounts.reduce(0, +), "the gradient of an image")
    alongX = try AlignedBuffer(count: count, of: what)
    alongY = try AlignedBuffer(count: count, of: what)
    values = try AlignedBuffer(count: count, of: what)
    factors = try atoms.types.map { _ in try AlignedBuffer(count: atoms.factorCount, of: what) }
  }
}

extension FFTAtomSpectrum {
  /// Whether every atom is in every pass, and not each in one.
  var sharesAtoms: Bool { passes.count > 1 && passes.reduce(0) { $0 + $1.count } > atomCounts.reduce(0, +) }

  /// Of the atoms as traces have them, their places in the volume, type after type.
  var atoms: [Int32] { sharesAtoms ? passes[0].atoms : passes.flatMap(\.atoms) }

  /// From ångströms in the image to samples of the grid, along x and y.
  private var samplesToAnAngstrom: SIMD2<Double> { grid.samplesToAPixel / pixelSize }

  /// The transpose of `compute`, and the slopes that atoms have from it.
  ///
  /// - Parameter half: the cotangent of the half spectrum.
  /// - Returns: the pose's cotangent.
  func pullBack(
    _ half: UnsafePointer<Scalar>, at pose: Pose, origin: SIMD2<Double>, scale: Double,
    _ workspace: Workspace, into trace: FFTAtomTrace<Scalar>
  ) -> Pose.Cotangent {
    let shift = pose.shiftInAngstroms / pixelSize
    let axes = ImageAxes(pose.rotation, magnification)
    let (spreading, periodic) = (workspace.spreading, workspace.periodic)
    let reached = grid.rows(
      within: radius / pixelSize, of: origin.y + shift.y, margin: combination.filterDegree ?? 0)
    var first = 0
    func interpolate(_ index: Int) {
      let pass = passes[index]
      let isAdded = sharesAtoms && index > 0
      let target = isAdded ? workspace.found ?? trace : trace
      grid.interpolate(
        periodic, x: pass.x, y: pass.y, z: pass.z, origin: origin + shift, xRow: axes.x / pixelSize,
        yRow: axes.y / pixelSize, strengths: pass.strengths, values: target.values.pointer + first,
        slopes: (target.alongX.pointer + first, target.alongY.pointer + first), spreading)
      if let strengths = pass.strengthsOfUnitWeights {
        multiply(target.values.pointer + first, by: strengths)
      }
      if isAdded { add(target, to: trace) }
      if !sharesAtoms { first += pass.count }
    }
    switch combination {
    case .products(let weights):
      for index in passes.indices {
        grid.transformTranspose(
          of: half, scale: scale, reached: reached, weights: weights[index], spreading, into: periodic)
        interpolate(index)
      }
    case .entries(let tables):
      guard let partial = workspace.partial else { return .zero }
      for index in passes.indices {
        accumulate(half, times: tables[index], adding: false, into: partial.pointer)
        grid.transformTranspose(
          of: partial.pointer, scale: scale, reached: reached, spreading, into: periodic)
        interpolate(index)
      }
    case .filters(let filters, let degree, let weights):
      guard let combined = spreading.combined else { return .zero }
      grid.transformColumnsTranspose(
        of: half, scale: scale, weights: weights, grid.filtered(reached, degree: degree), spreading)
      for index in passes.indices {
        grid.combineTranspose(filters[index], degree: degree, reached, spreading)
        grid.transformRowsTranspose(of: combined, reached, spreading, into: periodic)
        interpolate(index)
      }
    }
    pullBackFactors(half, at: pose, origin: origin, scale: scale, workspace, into: trace)
    return poseCotangent(trace)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func multiply(_ values: UnsafeMutablePointer<Scalar>, by factors: [Scalar]) {
    factors.withUnsafeBufferPointer { factors in
      for i in factors.indices { values[i] *= factors[i] }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func add(_ part: FFTAtomTrace<Scalar>, to trace: FFTAtomTrace<Scalar>) {
    for i in 0..<part.values.count {
      trace.values.pointer[i] += part.values.pointer[i]
      trace.alongX.pointer[i] += part.alongX.pointer[i]
      trace.alongY.pointer[i] += part.alongY.pointer[i]
    }
  }

  /// An atom is seen at `(x · r, y · r) + t`, with the image's axes x and y.
  private func poseCotangent(_ trace: FFTAtomTrace<Scalar>) -> Pose.Cotangent {
    var (alongX, alongY) = (SIMD4<Double>(repeating: 0), SIMD4<Double>(repeating: 0))
    var first = 0
    for pass in sharesAtoms ? passes[...0] : passes[...] {
      Scalar.addMoments(
        of: trace.alongX.pointer + first, x: pass.x, y: pass.y, z: pass.z, count: pass.count, to: &alongX)
      Scalar.addMoments(
        of: trace.alongY.pointer + first, x: pass.x, y: pass.y, z: pass.z, count: pass.count, to: &alongY)
      first += pass.count
    }
    let scale = samplesToAnAngstrom
    alongX *= scale.x
    alongY *= scale.y
    return Pose.Cotangent(
      x: SIMD3(alongX.y, alongX.z, alongX.w), y: SIMD3(alongY.y, alongY.z, alongY.w), magnification,
      shiftInAngstroms: SIMD2(alongX.x, alongY.x))
  }

  /// Adds what images have left of a range of atoms, in their order, to sums of gradients to positions and weights.
  func add(
    _ traces: ArraySlice<FFTAtomTrace<Scalar>>, at poses: ArraySlice<Pose>, of range: Range<Int>,
    to gradient: FFTAtomGradient<Scalar>
  ) {
    let (first, scale) = (range.lowerBound, samplesToAnAngstrom)
    for (trace, pose) in zip(traces, poses) {
      let axes = ImageAxes(pose.rotation, magnification)
      Scalar.addSlopes(
        trace.alongX.pointer + first, trace.alongY.pointer + first,
        rows: (axes.x * scale.x, axes.y * scale.y), count: range.count, to: gradient.x.pointer + first,
        gradient.y.pointer + first, gradient.z.pointer + first)
      addValues(trace.values.pointer + first, to: gradient.weights.pointer + first, count: range.count)
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func addValues(_ values: UnsafePointer<Scalar>, to sums: UnsafeMutablePointer<Double>, count: Int) {
    for i in 0..<count { sums[i] += Double(values[i]) }
  }
}

extension Pose.Cotangent {
  /// - Parameters:
  ///   - x: `∂L/∂` of the image's axes as the object has them (`ImageAxes`); y likewise.
  init(
    x: SIMD3<Double>, y: SIMD3<Double>, _ magnification: AnisotropicMagnification,
    shiftInAngstroms: SIMD2<Double>
  ) {
    let (m0, m1) = (magnification.firstRow, magnification.secondRow)
    self.init(
      rotationMatrix: magnification.isNone
        ? (x, y, SIMD3(0, 0, 0)) : (m0.x * x + m0.y * y, m1.x * x + m1.y * y, SIMD3(0, 0, 0)),
      shiftInAngstroms: shiftInAngstroms)
  }
}
