extension FourierCorrelation {
  /// The shell correlation of two cubic maps.
  ///
  /// - Parameters:
  ///   - first: one map.
  ///   - second: the other, of its shape and voxel size.
  ///   - mask: multiplies both maps; within 0…1. The correlation of masked maps is that of the masks too.
  ///   - threads: how many at the most; the result does not depend on it.
  /// - Throws: `.mismatch` for maps of different shapes, or of voxel sizes that differ by more than one part
  ///   in a thousand; `.unsupported` for maps that are not cubic; `.invalidValue` beyond memory, and for a mask
  ///   that is no mask.
  public static func ofMaps<Scalar: GridScalar>(
    _ first: RealVoxelGridVolume<Scalar>, _ second: RealVoxelGridVolume<Scalar>,
    mask: RealVoxelGridVolume<Scalar>? = nil, threads: Int = availableProcessors
  ) throws -> FourierCorrelation {
    guard first.shapeDescription == second.shapeDescription else {
      throw ExitPlaneError.mismatch(
        "the maps are of \(first.shapeDescription) and \(second.shapeDescription) voxels",
        "maps of one shape can be compared")
    }
    try requireEqualSampling(first.voxelSizeInAngstroms, second.voxelSizeInAngstroms)
    if let mask {
      guard mask.shapeDescription == first.shapeDescription else {
        throw ExitPlaneError.mismatch(
          "the mask is of \(mask.shapeDescription) voxels and the maps are of \(first.shapeDescription)",
          "a mask has the maps' shape")
      }
      try requireEqualSampling(
        first.voxelSizeInAngstroms, mask.voxelSizeInAngstroms, of: "the maps", and: "the mask")
      try requireMask(mask.values)
      return try ofMaps(first.multiplied(by: mask), second.multiplied(by: mask), threads: threads)
    }
    let n = try paddedGridSize(of: first, padScale: 1)
    let a = try HermitianGrid.transform(of: first, size: n, axisWeights: nil, threads: threads)
    let b = try HermitianGrid.transform(of: second, size: n, axisWeights: nil, threads: threads)
    let parts = BlockSums(count: n)
    parallelForEach(
      count: n, threads: threads, workspace: { () },
      body: { plane, _ in
        var sums = ShellSums(shells: n / 2 + 1)
        addPlane(z: signedFrequency(plane, of: n), a, b, to: &sums)
        parts.set(sums, at: plane)
      })
    return parts.joined(shells: n / 2 + 1).curve(frequencyStep: 1 / (Double(n) * first.voxelSizeInAngstroms))
  }

  /// - Throws: `.mismatch` for sizes in ångströms that differ by more than one part in a thousand.
  public static func requireEqualSampling(
    _ first: Double, _ second: Double, of one: String = "the first", and other: String = "the second"
  ) throws {
    guard abs(first - second) <= 1e-3 * first else {
      throw ExitPlaneError.mismatch(
        "samples are \(first) Å apart in \(one) and \(second) Å in \(other)",
        "resample one of them to the other's pixel size")
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func addPlane<Scalar: GridScalar>(
    z: Int, _ a: HermitianGrid<Scalar>, _ b: HermitianGrid<Scalar>, to sums: inout ShellSums
  ) {
    let (n, half) = (a.size, a.half)
    let (p, q) = (a.storage.pointer, b.storage.pointer)
    for row in 0..<n {
      let y = signedFrequency(row, of: n)
      for x in 0...half {
        let shell = Int(Double(x &* x &+ y &* y &+ z &* z).squareRoot().rounded())
        guard shell <= half else { break }
        let i = a.index(x: x, y: y, z: z)
        // The planes x = 0 and Nyquist hold both of each pair of conjugates, the others one.
        let weight = x == 0 || 2 &* x == n ? 1.0 : 2
        sums.add((p[i], p[i &+ 1]), (q[i], q[i &+ 1]), weight: weight, to: shell)
      }
    }
  }
}

extension FourierCorrelation {
  /// A mask may have left 0…1 by its own rounding, and no further.
  private static let maskTolerance = 1e-4

  /// - Throws: `.invalidValue` for values outside 0…1, or that are all 0.
  static func requireMask<Scalar: GridScalar>(_ values: [Scalar]) throws {
    var largest: Scalar = 0
    for value in values {
      guard Double(value) >= -maskTolerance, Double(value) <= 1 + maskTolerance else {
        throw ExitPlaneError.invalid("a value of the mask", got: "\(value)", need: "0 to 1")
      }
      largest = max(largest, value)
    }
    guard largest > 0 else {
      throw ExitPlaneError.invalid("the mask", got: "0 everywhere", need: "above 0 where maps are compared")
    }
  }
}

extension RealVoxelGridVolume {
  /// Voxel by voxel; both have one shape.
  fileprivate func multiplied(by other: RealVoxelGridVolume) throws -> RealVoxelGridVolume {
    try RealVoxelGridVolume(
      depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: voxelSizeInAngstroms,
      values: zip(values, other.values).map { $0 * $1 })
  }
}
