/// The transposes of what makes a grid of a map. A grid then holds cotangents: of the real and imaginary parts that are
/// stored, each as a number of its own.
extension HermitianGrid {
  /// The transpose of `transform`: from the cotangents of the stored samples to those of the map's voxels. The grid's
  /// numbers are used up.
  ///
  /// As forward, a row of x at a time along z and then plane by plane: `Σ Re(G exp(iθ))` over what is stored, in which
  /// an even axis's −n/2 and +n/2 are two. An unnormalised inverse transform of a half spectrum counts the columns
  /// between 0 and Nyquist twice, so they go in halved.
  ///
  /// - Parameter constant: added to the cotangent of every voxel.
  func transformTransposed(
    mapSize m: Int, axisWeights: [Scalar]?, constant: Double, threads: Int
  ) throws -> [Scalar] {
    let n = size
    let shape = try GridShape(square: n)
    let columns = shape.spectrumColumns
    for x in n % 2 == 0 ? [0, half] : [0] { makeHermitian(x: x, reach: half) }

    let columnFFT = try FFTPlan<Scalar>(.columns(length: n, width: columns, stride: columns))
    try parallelForEach(
      count: 2 * half + 1, threads: threads,
      workspace: { try AlignedBuffer<Scalar>(count: 2 * n * columns, of: "a plane of \(shape)") },
      body: { row, scratch in
        transformRowTransposed(
          y: row - half, slabs: -originOffset(m)..<(m - originOffset(m)), fft: columnFFT,
          scratch: scratch.pointer)
      })

    let fft = try FFTPlan<Scalar>(.halfToReal(shape))
    return try [Scalar](unsafeUninitializedCapacity: m * m * m) { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      // Slabs do not overlap, so neither do the threads' writes.
      nonisolated(unsafe) let voxels = target
      try parallelForEach(
        count: m, threads: threads,
        workspace: {
          (
            try AlignedBuffer<Scalar>(count: n * n, of: "a plane of \(shape)"),
            try AlignedBuffer<Scalar>(count: 2 * n * columns, of: "a plane of \(shape)")
          )
        },
        body: { z, scratch in
          let (real, half) = (scratch.0.pointer, scratch.1.pointer)
          readPlaneTransposed(half, z: z - originOffset(m))
          shape.symmetrize(half)
          fft.execute(half, real)
          placeSlabTransposed(
            real, z: z, mapSize: m, weights: axisWeights, constant: constant, into: voxels + z * m * m)
        })
      initialized = m * m * m
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformRowTransposed(
    y: Int, slabs: Range<Int>, fft: FFTPlan<Scalar>, scratch: UnsafeMutablePointer<Scalar>
  ) {
    let columns = size / 2 + 1
    scratch.update(repeating: 0, count: 2 * columns * size)
    let p = storage.pointer
    for z in -half...half {
      let line = scratch + 2 * columns * (z < 0 ? z + size : z)
      var i = index(x: 0, y: y, z: z)
      for x in 0..<columns {
        // The conjugate's forward transform is the inverse one's conjugate. −n/2 and +n/2 meet in one line.
        line[2 &* x] += p[i]
        line[2 &* x &+ 1] -= p[i &+ 1]
        i &+= columnStep
      }
    }
    fft.execute(scratch)
    for z in slabs {
      let line = scratch + 2 * columns * (z < 0 ? z + size : z)
      for x in 0..<columns { line[2 &* x &+ 1].negate() }
      setRow(y: y, z: z, from: line, count: columns)
    }
  }

  /// The transpose of storing a plane's half spectrum, the columns between 0 and Nyquist halved.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func readPlaneTransposed(_ spectrum: UnsafeMutablePointer<Scalar>, z: Int) {
    let columns = size / 2 + 1
    let last = size % 2 == 0 ? columns - 1 : columns
    spectrum.update(repeating: 0, count: 2 * columns * size)
    let p = storage.pointer
    for y in -half...half {
      let row = spectrum + 2 * columns * (y < 0 ? y + size : y)
      var i = index(x: 0, y: y, z: z)
      for x in 0..<columns {
        let weight: Scalar = x == 0 || x == last ? 1 : 0.5
        row[2 &* x] += weight * p[i]
        row[2 &* x &+ 1] += weight * p[i &+ 1]
        i &+= columnStep
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func placeSlabTransposed(
    _ real: UnsafePointer<Scalar>, z: Int, mapSize m: Int, weights: [Scalar]?, constant: Double,
    into slab: UnsafeMutablePointer<Scalar>
  ) {
    let (n, centre) = (size, originOffset(m))
    let ones = weights == nil ? [Scalar](repeating: 1, count: m) : []
    let constant = Scalar(constant)
    (weights ?? ones).withUnsafeBufferPointer { weights in
      for y in 0..<m {
        let row = real + (y >= centre ? y - centre : y - centre + n) * n
        let target = slab + y * m
        let weight = weights[z] * weights[y]
        for x in centre..<m {
          (target + x).initialize(to: row[x &- centre] * (weight * weights[x]) + constant)
        }
        for x in 0..<centre {
          (target + x).initialize(to: row[x &- centre &+ n] * (weight * weights[x]) + constant)
        }
      }
    }
  }

  /// The transpose of `mirrorLeadingColumns`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func foldLeadingColumns(reach: Int) {
    guard border.leading > 0 else { return }
    let p = storage.pointer
    for z in -reach...reach {
      for y in -reach...reach {
        for x in 1...border.leading {
          let (to, from) = (index(x: x, y: -y, z: -z), index(x: -x, y: y, z: z))
          p[to] += p[from]
          p[to + 1] -= p[from + 1]
        }
      }
    }
  }
}
