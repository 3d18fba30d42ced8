extension EwaldSpherePlan {
  /// The way back of one projection through the Ewald sphere.
  ///
  /// The third row of the pose's matrix has a part in it, since the sphere leaves the plane.
  ///
  /// - Parameters:
  ///   - cotangent: `∂L/∂` of the complex image, of the padded shape, real and imaginary parts as two numbers.
  ///   - volume: that was projected.
  ///   - pose: at which it was projected.
  ///   - gradient: the volume's part is added to it; nil where it is not wanted.
  ///   - threads: how many at the most; no bit depends on it.
  /// - Returns: the pose's part.
  /// - Throws: `.mismatch` for a cotangent of another shape or the gradient of a volume of another grid; `.invalidValue`
  ///   beyond memory.
  public func pullBack(
    _ cotangent: ComplexImage<Scalar>, of volume: Volume, at pose: Pose,
    addingTo gradient: FourierSamplesGradient<Scalar>?, threads: Int = availableProcessors
  ) throws -> Pose.Cotangent {
    guard cotangent.shape == plane.paddedShape else {
      throw ExitPlaneError.mismatch(
        "the cotangent is of \(cotangent.shape)", "the images are of \(plane.paddedShape)")
    }
    let shape = geometry.shape
    let what = "a complex image of \(shape)"
    let (values, g) = (
      try AlignedBuffer<Scalar>(count: 2 * shape.count, of: what),
      try AlignedBuffer<Scalar>(count: 2 * shape.count, of: what)
    )
    let slopes = try SliceSlopes<Scalar>(shape, isFull: true)
    // Threads only read them, when they are set.
    nonisolated(unsafe) let factors = PhaseFactors<Scalar>(shape, isFull: true)
    let scale = geometry.scale / Double(shape.count)
    factors.set(
      shiftInPixels: pose.shiftInAngstroms / plane.pixelSizeInAngstroms, fromCentre: true, scale: scale)
    let surface = geometry.plane(at: pose.rotation, isFull: true, curvature: curvature, factors: factors)
    volume.samples.sampleWithSlopes(
      surface, outOfBounds: outOfBounds, into: values.pointer, slopes: slopes)

    // The transpose of an unnormalised inverse transform is the forward one.
    cotangent.values.withUnsafeBytes { bytes in
      guard let pixels = bytes.bindMemory(to: Scalar.self).baseAddress else { return }
      cropOrPad(pixels, plane.paddedShape, into: g.pointer, shape, components: 2)
    }
    try FFTPlan<Scalar>(.complexImage(shape, isForward: true)).execute(g.pointer)
    let zeroFrequency = Double(g.pointer[0]) * scale
    (g.pointer[0], g.pointer[1]) = (0, 0)

    if let gradient {
      try requireGradient(gradient, of: volume.samples)
      let slabs = gradient.slabs(threads)
      parallelForEach(
        count: slabs.count, threads: threads, workspace: { () },
        body: { slab, _ in
          let surface = geometry.plane(
            at: pose.rotation, isFull: true, curvature: curvature, factors: factors)
          volume.samples.add(
            g.pointer, on: surface, outOfBounds: outOfBounds, to: gradient.grid, planes: slabs[slab])
        })
      gradient.zeroFrequency += zeroFrequency
    }
    let rotation = geometry.rotationCotangent(
      of: slopes.planeCotangent(of: g.pointer, on: surface), curvature: curvature)
    return Pose.Cotangent(
      rotationMatrix: rotation.rows,
      shiftInAngstroms: shiftCotangent(of: values.pointer, g.pointer) / plane.pixelSizeInAngstroms)
  }

  /// `∂L/∂τ`, τ the shift in pixels: the values are multiplied by `exp(−2πi k·τ)`.
  private func shiftCotangent(
    of values: UnsafePointer<Scalar>, _ g: UnsafePointer<Scalar>
  ) -> SIMD2<Double> {
    let shape = geometry.shape
    var sum = SIMD2<Double>(0, 0)
    for row in 0..<shape.rows {
      for column in 0..<shape.columns {
        let i = 2 * (row * shape.columns + column)
        let product =
          Double(g[i]) * Double(values[i + 1]) - Double(g[i + 1]) * Double(values[i])
        sum.x += Double(signedFrequency(column, of: shape.columns)) * product
        sum.y += Double(signedFrequency(row, of: shape.rows)) * product
      }
    }
    return 2 * .pi * sum / SIMD2(Double(shape.columns), Double(shape.rows))
  }
}
