/// Cubic spline coefficients in place of samples, and the way back.
extension HermitianGrid {
  /// Replaces the samples by the coefficients of their natural cubic spline, which fill the border to
  /// `half + 1` and the column below x = 0.
  func replaceByNaturalSpline(threads: Int) throws {
    let spline = NaturalSpline<Scalar>(count: 2 * half + 1)
    let reach = half + 1
    parallelForEach(
      count: 2 * half + 1, threads: threads, workspace: { () },
      body: { plane, _ in
        solveRows(spline, first: index(x: 0, y: -half, z: plane - half), stride: 2 * rowStride)
      })
    parallelForEach(
      count: 2 * reach + 1, threads: threads, workspace: { () },
      body: { row, _ in
        solveRows(spline, first: index(x: 0, y: row - reach, z: -half), stride: 2 * planeStride)
      })
    try parallelForEach(
      count: reach + 1, threads: threads,
      workspace: { try AlignedBuffer<Scalar>(count: 2 * (2 * reach + 1), of: "a line of the spline") },
      body: { z, line in
        for y in (z == 0 ? 0 : -reach)...reach { solveLine(spline, y: y, z: z, line: line.pointer) }
      })
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func solveRows(_ spline: NaturalSpline<Scalar>, first: Int, stride: Int) {
    spline.solve(storage.pointer + first, stride: stride, width: 2 * (half + 1))
  }

  /// Solves along x for the rows (y, z) and (−y, −z), which hold one whole line between them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func solveLine(
    _ spline: NaturalSpline<Scalar>, y: Int, z: Int, line: UnsafeMutablePointer<Scalar>
  ) {
    let reach = half + 1
    let origin = line + 2 * reach
    let (row, opposite) = (
      storage.pointer + index(x: 0, y: y, z: z), storage.pointer + index(x: 0, y: -y, z: -z)
    )
    for x in 0...half {
      (origin[-2 &* x], origin[-2 &* x &+ 1]) = (opposite[2 &* x], -opposite[2 &* x &+ 1])
      (origin[2 &* x], origin[2 &* x &+ 1]) = (row[2 &* x], row[2 &* x &+ 1])
    }
    spline.solve(origin - 2 * half, stride: 2, width: 2)
    if y == 0, z == 0 {
      // This row is its own opposite; rounding must not tell its halves apart.
      origin[1] = 0
      for x in 1...reach { (origin[-2 * x], origin[-2 * x + 1]) = (origin[2 * x], -origin[2 * x + 1]) }
    }
    for x in -border.leading...reach {
      (row[2 &* x], row[2 &* x &+ 1]) = (origin[2 &* x], origin[2 &* x &+ 1])
      (opposite[2 &* x], opposite[2 &* x &+ 1]) = (origin[-2 &* x], -origin[-2 &* x &+ 1])
    }
  }

  /// The transpose: from the cotangents of the coefficients, border and all, to those of the samples.
  func foldNaturalSpline(threads: Int) throws {
    let spline = NaturalSpline<Scalar>(count: 2 * half + 1)
    let reach = half + 1
    try parallelForEach(
      count: reach + 1, threads: threads,
      workspace: { try AlignedBuffer<Scalar>(count: 2 * (2 * reach + 1), of: "a line of the spline") },
      body: { z, line in
        for y in (z == 0 ? 0 : -reach)...reach { foldLine(spline, y: y, z: z, line: line.pointer) }
      })
    parallelForEach(
      count: 2 * reach + 1, threads: threads, workspace: { () },
      body: { row, _ in
        foldRows(spline, first: index(x: 0, y: row - reach, z: -half), stride: 2 * planeStride)
      })
    parallelForEach(
      count: 2 * half + 1, threads: threads, workspace: { () },
      body: { plane, _ in
        foldRows(spline, first: index(x: 0, y: -half, z: plane - half), stride: 2 * rowStride)
      })
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func foldRows(_ spline: NaturalSpline<Scalar>, first: Int, stride: Int) {
    spline.solveTransposed(storage.pointer + first, stride: stride, width: 2 * (half + 1))
  }

  /// The transpose of `solveLine`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func foldLine(
    _ spline: NaturalSpline<Scalar>, y: Int, z: Int, line: UnsafeMutablePointer<Scalar>
  ) {
    let reach = half + 1
    let origin = line + 2 * reach
    let (row, opposite) = (
      storage.pointer + index(x: 0, y: y, z: z), storage.pointer + index(x: 0, y: -y, z: -z)
    )
    line.update(repeating: 0, count: 2 * (2 * reach + 1))
    let isOwnOpposite = y == 0 && z == 0
    for x in -border.leading...reach {
      if isOwnOpposite {
        // All of it was made of the line's half at x ≥ 0.
        origin[2 &* abs(x)] += row[2 &* x]
        if x != 0 { origin[2 &* abs(x) &+ 1] += x < 0 ? -row[2 &* x &+ 1] : row[2 &* x &+ 1] }
        continue
      }
      origin[2 &* x] += row[2 &* x]
      origin[2 &* x &+ 1] += row[2 &* x &+ 1]
      origin[-2 &* x] += opposite[2 &* x]
      origin[-2 &* x &+ 1] -= opposite[2 &* x &+ 1]
    }
    spline.solveTransposed(origin - 2 * half, stride: 2, width: 2)
    // At x = 0 the line has the row's sample and not its opposite's.
    if !isOwnOpposite { (opposite[0], opposite[1]) = (0, 0) }
    (row[0], row[1]) = (origin[0], origin[1])
    guard half > 0 else { return }
    for x in 1...half {
      (row[2 &* x], row[2 &* x &+ 1]) = (origin[2 &* x], origin[2 &* x &+ 1])
      let (re, im) = (origin[-2 &* x], -origin[-2 &* x &+ 1])
      if isOwnOpposite {
        row[2 &* x] += re
        row[2 &* x &+ 1] += im
      } else {
        (opposite[2 &* x], opposite[2 &* x &+ 1]) = (re, im)
      }
    }
  }
}
