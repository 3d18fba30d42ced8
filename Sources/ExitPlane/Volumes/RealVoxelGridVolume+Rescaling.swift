import RealModule

extension RealVoxelGridVolume {
  /// The map at another voxel size, by cropping or padding its transform; the origin stays in place and
  /// densities are kept.
  ///
  /// The box is first padded by up to a quarter (or 128 voxels) so that a whole number of new voxels spans it: what is left
  /// of a mismatch is a magnification of `1 + δ` with `|δ|` below 1e-4, mostly far below.
  ///
  /// - Throws: `.unsupported` for a map that is not cubic, `.invalidValue` for a voxel size that is not
  ///   above 0 Å or so far from the map's that no box fits.
  public func rescaled(
    toVoxelSizeInAngstroms target: Double, threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume {
    try validatePositive("voxel size", target, unit: "Å")
    let size = try paddedGridSize(of: self, padScale: 1)
    let ratio = voxelSizeInAngstroms / target
    guard let (from, to) = Self.commensurateBoxes(size: size, ratio: ratio) else {
      throw ExitPlaneError.invalid(
        "voxel size to rescale to", got: "\(target) Å from \(voxelSizeInAngstroms) Å",
        need: "such that 2 to \(GridShape.largestAxis) voxels span the map")
    }
    let grid = try HermitianGrid.transform(of: self, size: from, axisWeights: nil, threads: threads)
    let values = try grid.resampled(size: to)
    // Back to the box of the map itself: the smallest that holds it.
    let kept = min(to, Int((Double(size) * ratio).rounded(.up)))
    return try RealVoxelGridVolume(
      depth: kept, rows: kept, columns: kept, voxelSizeInAngstroms: target,
      values: cropCube(values, from: to, to: kept))
  }

  /// A padded box and the number of new voxels that spans it most nearly.
  private static func commensurateBoxes(size: Int, ratio: Double) -> (from: Int, to: Int)? {
    var best: (from: Int, to: Int)?
    var smallest = 1e-4
    for from in size...(size + max(size / 4, 128)) {
      let exact = Double(from) * ratio
      guard exact < Double(GridShape.largestAxis), exact.rounded() >= 2 else { continue }
      let mismatch = abs(exact.rounded() / exact - 1)
      if mismatch < smallest * 0.999 {
        smallest = mismatch
        best = (from, Int(exact.rounded()))
      }
      if mismatch < 1e-9 { break }
    }
    return best
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func cropCube(_ values: [Scalar], from n: Int, to m: Int) -> [Scalar] {
    let overlap = Overlap(n, m)
    var result = [Scalar]()
    result.reserveCapacity(m * m * m)
    for z in 0..<m {
      for y in 0..<m {
        let start = ((z + overlap.source) * n + y + overlap.source) * n + overlap.source
        result.append(contentsOf: values[start..<start + m])
      }
    }
    return result
  }
}

extension HermitianGrid {
  /// The real cube of another size with the same transform where both have one, its origin at `n / 2`.
  ///
  /// At the Nyquist frequency of the smaller grid, where +k and −k are one frequency, their mean is taken.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func resampled(size m: Int) throws -> [Scalar] {
    let columns = m / 2 + 1
    let half = try AlignedBuffer<Scalar>(count: 2 * m * m * columns, of: "a transform of \(m)³")
    let real = try AlignedBuffer<Scalar>(count: m * m * m, of: "a map of \(m)³")
    let limit = min(m, size) / 2
    // An odd smaller grid has no Nyquist frequency; an even one has it at `limit`.
    let hasNyquist = min(m, size) % 2 == 0
    let scale = 1 / (Scalar(size) * Scalar(size) * Scalar(size))
    let centre = originOffset(m)
    for kz in 0..<m {
      let z = signedFrequency(kz, of: m)
      for ky in 0..<m where abs(z) <= limit {
        let y = signedFrequency(ky, of: m)
        guard abs(y) <= limit else { continue }
        for x in 0...min(limit, columns - 1) {
          var (re, im): (Scalar, Scalar) = (0, 0)
          var count: Scalar = 0
          for sz in signs(z, limit, hasNyquist) {
            for sy in signs(y, limit, hasNyquist) {
              for sx in signs(x, limit, hasNyquist) {
                let mirrored = sx * x < 0
                let f = mirrored ? -1 : 1
                let i = index(x: abs(x), y: f * sy * y, z: f * sz * z)
                re += storage.pointer[i]
                im += mirrored ? -storage.pointer[i + 1] : storage.pointer[i + 1]
                count += 1
              }
            }
          }
          // A Nyquist frequency that the larger grid tells apart is shared by its two signs there.
          if m > size, hasNyquist {
            for k in [x, y, z] where abs(k) == limit { count *= 2 }
          }
          let turns = Double(((x + y + z) * centre) % m) / Double(m)
          let (c, s) = (Scalar(Double.cos(2 * .pi * turns)), Scalar(-Double.sin(2 * .pi * turns)))
          let out = half.pointer + 2 * ((kz * m + ky) * columns + x)
          let weight = scale / count
          out[0] = (re * c - im * s) * weight
          out[1] = (re * s + im * c) * weight
        }
      }
    }
    try FFTPlan(.halfToRealCube(size: m)).execute(half.pointer, real.pointer)
    return Array(UnsafeBufferPointer(start: real.pointer, count: m * m * m))
  }

  private func signs(_ k: Int, _ limit: Int, _ hasNyquist: Bool) -> [Int] {
    hasNyquist && abs(k) == limit && k != 0 ? [1, -1] : [1]
  }
}
