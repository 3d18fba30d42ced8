extension RealVoxelGridVolume {
  /// The map without the frequencies beyond a resolution, cut off sharply as those of Fourier slices are.
  ///
  /// - Throws: `.invalidValue` for a resolution that is not above 0 Å or so fine that the map has nothing beyond it,
  ///   or a map beyond memory.
  public func limited(
    toResolutionInAngstroms resolution: Double, threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume {
    try validatePositive("resolution", resolution, unit: "Å")
    let h = voxelSizeInAngstroms
    // The corner of the frequencies, from axes of at least two samples.
    let corner = [depth, rows, columns].reduce(0.0) { sum, n in
      let highest = Double(n / 2) / (Double(n) * h)
      return sum + highest * highest
    }.squareRoot()
    guard resolution * corner > 1 else {
      throw ExitPlaneError.invalid(
        "resolution of a map of \(shapeDescription) voxels of \(h) Å", got: "\(resolution) Å",
        need: corner > 0 ? "above \(1 / corner) Å, where its finest frequencies are" : "left out")
    }
    let filter = try ResolutionFilter<Scalar>(depth: depth, rows: rows, columns: columns)
    return try RealVoxelGridVolume(
      depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: h,
      values: filter.apply(to: values, limitInCyclesPerVoxel: h / resolution, threads: threads))
  }
}

/// A map of any shape to its transform, and back without what lies beyond a frequency.
private struct ResolutionFilter<Scalar: GridScalar>: Sendable {
  let depth: Int
  let plane: GridShape
  let toHalf: FFTPlan<Scalar>
  let toPlane: FFTPlan<Scalar>
  let lines: FFTPlan<Scalar>
  /// The half spectra of all planes.
  let half: AlignedBuffer<Scalar>

  private var columns: Int { plane.spectrumColumns }
  private var halfCount: Int { 2 * plane.rows * columns }

  init(depth: Int, rows: Int, columns: Int) throws {
    self.depth = depth
    plane = try GridShape(rows: rows, columns: columns)
    toHalf = try FFTPlan(.realToHalf(plane))
    toPlane = try FFTPlan(.halfToReal(plane))
    lines = try FFTPlan(.columns(length: depth, width: plane.spectrumColumns, stride: plane.spectrumColumns))
    half = try AlignedBuffer(
      count: 2 * depth * rows * plane.spectrumColumns, of: "the transform of \(depth) × \(rows) × \(columns)")
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply(to values: [Scalar], limitInCyclesPerVoxel limit: Double, threads: Int) throws -> [Scalar] {
    try eachPlane(threads) { z, image, spectrum in
      for i in 0..<plane.count { image[i] = values[z * plane.count + i] }
      toHalf.execute(image, spectrum)
      (half.pointer + z * halfCount).update(from: spectrum, count: halfCount)
    }
    try parallelForEach(
      count: plane.rows, threads: threads,
      workspace: { try AlignedBuffer<Scalar>(count: 2 * depth * columns, of: "lines of a transform") },
      body: { y, lines in limitLines(ofRow: y, to: limit, workspace: lines.pointer) })
    let scale = 1 / (Scalar(depth) * Scalar(plane.count))
    return try [Scalar](unsafeUninitializedCapacity: depth * plane.count) { buffer, initialized in
      guard let target = buffer.baseAddress else { return }
      // Planes do not overlap, so neither do the threads' writes.
      nonisolated(unsafe) let voxels = target
      try eachPlane(threads) { z, image, spectrum in
        spectrum.update(from: half.pointer + z * halfCount, count: halfCount)
        toPlane.execute(spectrum, image)
        for i in 0..<plane.count { (voxels + z * plane.count + i).initialize(to: image[i] * scale) }
      }
      initialized = depth * plane.count
    }
  }

  private func eachPlane(
    _ threads: Int,
    _ body:
      @Sendable (_ z: Int, _ image: UnsafeMutablePointer<Scalar>, _ spectrum: UnsafeMutablePointer<Scalar>)
      -> Void
  ) throws {
    try parallelForEach(
      count: depth, threads: threads,
      workspace: { (try AlignedBuffer<Scalar>.image(plane), try AlignedBuffer<Scalar>.half(plane)) },
      body: { z, scratch in body(z, scratch.0.pointer, scratch.1.pointer) })
  }

  /// Transforms the lines along z of one row, clears what is beyond the limit and transforms them back.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func limitLines(ofRow y: Int, to limit: Double, workspace line: UnsafeMutablePointer<Scalar>) {
    for z in 0..<depth {
      (line + 2 * z * columns).update(
        from: half.pointer + z * halfCount + 2 * y * columns, count: 2 * columns)
    }
    lines.execute(line)
    let ky = Double(signedFrequency(y, of: plane.rows)) / Double(plane.rows)
    // A hair is added so that a limit that falls on a frequency includes it despite rounding.
    let square = limit * limit * (1 + 1e-12)
    for z in 0..<depth {
      let kz = Double(signedFrequency(z, of: depth)) / Double(depth)
      for x in 0..<columns {
        let kx = Double(x) / Double(plane.columns)
        let entry = line + 2 * (z * columns + x)
        if kx * kx + ky * ky + kz * kz > square {
          (entry[0], entry[1]) = (0, 0)
        } else {
          // The inverse transform is the forward one between conjugates.
          entry[1] = -entry[1]
        }
      }
    }
    lines.execute(line)
    for z in 0..<depth {
      let target = half.pointer + z * halfCount + 2 * y * columns
      for x in 0..<columns {
        let entry = line + 2 * (z * columns + x)
        (target[2 * x], target[2 * x + 1]) = (entry[0], -entry[1])
      }
    }
  }
}
