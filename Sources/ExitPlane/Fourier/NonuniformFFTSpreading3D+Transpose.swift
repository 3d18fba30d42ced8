import CKernels

/// The way back through a transform onto a cube: see the transposes of `SpreadingGrid2D`.
extension SpreadingGrid3D {
  /// The transpose of `transform`: the cotangent of the samples that were spread, with its halo, in the workspace's
  /// grid.
  ///
  /// - Parameter half: of `size × size × (size / 2 + 1)` entries, each for itself.
  func transformTranspose(
    of half: UnsafePointer<Scalar>, factorOfSquare factor: [Double], _ workspace: Workspace
  ) throws {
    nonisolated(unsafe) let half = half
    let toRow = try FFTPlan<Scalar>(.halfToReal(GridShape(rows: 1, columns: length)))
    try parallelForEach(
      count: size, threads: threads, workspace: { () throws in try Scratch(self) },
      body: { row, scratch in
        transformDepthTranspose(of: half, row: row, factorOfSquare: factor, workspace, scratch)
      })
    try parallelForEach(
      count: length, threads: threads, workspace: { () throws in try Scratch(self) },
      body: { plane, scratch in transformPlaneTranspose(plane, toRow, workspace, scratch) })
  }

  /// The transpose of `transformDepth`, conjugated: from frequencies along z to planes, of one frequency along y.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformDepthTranspose(
    of half: UnsafePointer<Scalar>, row: Int, factorOfSquare factor: [Double], _ workspace: Workspace,
    _ scratch: Scratch
  ) {
    scratch.columns.pointer.update(repeating: 0, count: 2 * length * heldColumns)
    let ky = abs(signedFrequency(row, of: size))
    for z in 0..<size {
      let frequency = signedFrequency(z, of: size)
      let target = scratch.columns.pointer + 2 * heldColumns * heldRow(frequency)
      let source = half + 2 * (z * size + row) * columns
      let alongYZ = deconvolution[ky] * deconvolution[abs(frequency)]
      for x in 0..<columns {
        let weight = Scalar(
          alongYZ * deconvolution[x] * factor[x &* x &+ ky &* ky &+ frequency &* frequency])
        target[2 &* x] = source[2 &* x] * weight
        target[2 &* x &+ 1] = -source[2 &* x &+ 1] * weight
      }
    }
    transformColumns(scratch)
    for z in 0..<length {
      (workspace.planes.pointer + 2 * (z * size + row) * columns).update(
        from: scratch.columns.pointer + 2 * z * heldColumns, count: 2 * columns)
    }
  }

  /// The transpose of `transformPlane`: from frequencies in the band to samples of a plane, wherever a tap on them may
  /// fall.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformPlaneTranspose(
    _ plane: Int, _ toRow: FFTPlan<Scalar>, _ workspace: Workspace, _ scratch: Scratch
  ) {
    scratch.columns.pointer.update(repeating: 0, count: 2 * length * heldColumns)
    let source = workspace.planes.pointer + 2 * plane * size * columns
    for y in 0..<size {
      (scratch.columns.pointer + 2 * heldColumns * heldRow(signedFrequency(y, of: size))).update(
        from: source + 2 * y * columns, count: 2 * columns)
    }
    transformColumns(scratch)
    let (row, spectrum) = (scratch.row.pointer, scratch.spectrum.pointer)
    for y in 0..<length {
      // An inverse real transform counts entries twice but for the first, and not conjugated.
      let line = scratch.columns.pointer + 2 * y * heldColumns
      spectrum.update(repeating: 0, count: scratch.spectrum.count)
      (spectrum[0], spectrum[1]) = (line[0], 0)
      for x in 1..<max(columns, 1) {
        spectrum[2 &* x] = line[2 &* x] / 2
        spectrum[2 &* x &+ 1] = -line[2 &* x &+ 1] / 2
      }
      toRow.execute(spectrum, row)
      for paddedPlane in stride(from: (plane + halo) % length, to: paddedRows, by: length) {
        for paddedRow in stride(from: (y + halo) % length, to: paddedRows, by: length) {
          let target = workspace.grid.pointer + paddedPlane * planeStride + paddedRow * pitch
          for x in 0..<length { target[x &+ halo] = row[x] }
          for x in 0..<halo { target[x] = row[(x - halo % length + length) % length] }
          for x in 0..<(pitch - halo - length) { target[x &+ halo &+ length] = row[x % length] }
        }
      }
    }
  }

  /// The transpose of `spread`: values of the workspace's grid under each point's window and, times its strength, their
  /// slopes by x, y and z in the units of these.
  ///
  /// - Parameter slopes: along x, y and z.
  func interpolate(
    x: [Double], y: [Double], z: [Double], origin: Double, scale: Double, strengths: [Scalar]?,
    _ workspace: Workspace, values: UnsafeMutablePointer<Scalar>?, slopes: [UnsafeMutablePointer<Scalar>]?
  ) {
    let (s, period) = (Double(length) / Double(size), Double(length))
    let (start, step) = (origin * s, scale * s)
    let block = 1024
    let bytes = Scalar.pointBytes(in: .three)
    // Each block has its part of the workspace's points, and writes its own values.
    nonisolated(unsafe) let (values, slopes) = (values, slopes)
    parallelForEach(
      count: (x.count + block - 1) / block, threads: threads, workspace: { () },
      body: { index, _ in
        let range = (index * block)..<min((index + 1) * block, x.count)
        let first = range.lowerBound
        let points = workspace.sorted.pointer + first * bytes
        var bins = ep_bins(
          halo: Int32(halo), shift: (31, 31, 31), mask: (-1, -1, -1), binStride: (0, 0, 0),
          stride: (1, Int32(pitch), Int32(planeStride)))
        x.withUnsafeBufferPointer { x in
          y.withUnsafeBufferPointer { y in
            z.withUnsafeBufferPointer { z in
              var source = ep_point_source(
                origin: (start, start, start), map: ((step, 0, 0), (0, step, 0), (0, 0, step)),
                period: (period, period, period), x: x.baseAddress, y: y.baseAddress, z: z.baseAddress)
              func locate(_ strengths: UnsafePointer<Scalar>?) {
                _ = Scalar.locatePoints(
                  in: .three, of: &source, range, width: kernel.width, bins: &bins,
                  strengths: strengths.map { $0 + first }, cursors: nil, into: points)
              }
              if let strengths {
                strengths.withUnsafeBufferPointer { locate($0.baseAddress) }
              } else {
                locate(nil)
              }
            }
          }
        }
        kernel.withDescriptor {
          Scalar.interpolate(
            in: .three, at: points, count: range.count, window: $0, rowStride: pitch,
            planeStride: planeStride,
            grid: workspace.grid.pointer, values: values.map { $0 + first },
            slopes: slopes?.map { $0 + first })
        }
        guard let slopes else { return }
        for axis in slopes {
          for i in range { axis[i] *= Scalar(step) }
        }
      })
  }
}
