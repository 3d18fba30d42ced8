import RealModule

/// Cubic maps at another voxel size, by cropping or padding their transforms, and the way back.
///
/// The origin stays in place and densities are kept. The box is first padded by up to a quarter (or 128 voxels) so that
/// a whole number of new voxels spans it: what is left of a mismatch is a magnification of `1 + δ` with `|δ|` below
/// 1e-4, mostly far below.
public struct MapRescaling: Hashable, Sendable {
  /// Voxels an axis of the maps that are rescaled.
  public let size: Int
  /// Their voxel size.
  public let voxelSizeInAngstroms: Double
  /// Voxels an axis of the results: the fewest that span the map.
  public let rescaledSize: Int
  /// The voxel size of the results.
  public let rescaledVoxelSizeInAngstroms: Double
  /// The padded box, in old voxels and in new ones.
  private let boxes: (from: Int, to: Int)

  /// - Throws: `.invalidValue` for a size or voxel size out of range, or a new voxel size so far from the old one that
  ///   no box fits.
  public init(size: Int, voxelSizeInAngstroms: Double, toVoxelSizeInAngstroms target: Double) throws {
    try validatePositive("voxel size", target, unit: "Å")
    try validatePositive("voxel size", voxelSizeInAngstroms, unit: "Å")
    guard (1...GridShape.largestAxis).contains(size) else {
      throw ExitPlaneError.invalid("map size", got: "\(size)", need: "1 to \(GridShape.largestAxis)")
    }
    let ratio = voxelSizeInAngstroms / target
    guard let boxes = Self.commensurateBoxes(size: size, ratio: ratio) else {
      throw ExitPlaneError.invalid(
        "voxel size to rescale to", got: "\(target) Å from \(voxelSizeInAngstroms) Å",
        need: "such that 2 to \(GridShape.largestAxis) voxels span the map")
    }
    self.size = size
    self.voxelSizeInAngstroms = voxelSizeInAngstroms
    self.boxes = boxes
    rescaledVoxelSizeInAngstroms = target
    // Back to the box of the map itself: the smallest that holds it.
    rescaledSize = min(boxes.to, Int((Double(size) * ratio).rounded(.up)))
  }

  /// The map at the new voxel size.
  ///
  /// - Throws: `.mismatch` for a map of another size or voxel size; `.invalidValue` beyond memory.
  public func rescaled<Scalar: GridScalar>(
    _ map: RealVoxelGridVolume<Scalar>, threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume<Scalar> {
    try check(map, "map", size, voxelSizeInAngstroms)
    let values = try resample(map, from: boxes.from, to: boxes.to, threads: threads)
    return try RealVoxelGridVolume(
      depth: rescaledSize, rows: rescaledSize, columns: rescaledSize,
      voxelSizeInAngstroms: rescaledVoxelSizeInAngstroms,
      values: cropCube(values, from: boxes.to, to: rescaledSize))
  }

  /// The transpose of `rescaled`: from the cotangent of its result to that of the map, voxel by voxel.
  ///
  /// - Throws: `.mismatch` for a cotangent of another size or voxel size than the result's; `.invalidValue` beyond
  ///   memory.
  public func pullBack<Scalar: GridScalar>(
    _ cotangent: RealVoxelGridVolume<Scalar>, threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume<Scalar> {
    try check(cotangent, "cotangent", rescaledSize, rescaledVoxelSizeInAngstroms)
    // Every frequency that both boxes have has the same weight on the way back, Nyquist's two signs included; the
    // transform's normalisation alone is the other box's.
    let values = try resample(cotangent, from: boxes.to, to: boxes.from, threads: threads)
    let side = Double(boxes.to) / Double(boxes.from)
    let factor = Scalar(side * side * side)
    return try RealVoxelGridVolume(
      depth: size, rows: size, columns: size, voxelSizeInAngstroms: voxelSizeInAngstroms,
      values: cropCube(values, from: boxes.from, to: size).map { $0 * factor })
  }

  public static func == (a: MapRescaling, b: MapRescaling) -> Bool {
    a.size == b.size && a.voxelSizeInAngstroms == b.voxelSizeInAngstroms
      && a.rescaledVoxelSizeInAngstroms == b.rescaledVoxelSizeInAngstroms
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(size)
    hasher.combine(voxelSizeInAngstroms)
    hasher.combine(rescaledVoxelSizeInAngstroms)
  }

  private func check<Scalar>(
    _ map: RealVoxelGridVolume<Scalar>, _ what: String, _ size: Int, _ voxelSize: Double
  ) throws {
    guard map.isCubic, map.columns == size, map.voxelSizeInAngstroms == voxelSize else {
      throw ExitPlaneError.mismatch(
        "the \(what) is of \(map.shapeDescription) voxels of \(map.voxelSizeInAngstroms) Å",
        "this rescaling needs \(size)³ voxels of \(voxelSize) Å")
    }
  }

  private func resample<Scalar: GridScalar>(
    _ map: RealVoxelGridVolume<Scalar>, from: Int, to: Int, threads: Int
  ) throws -> [Scalar] {
    try HermitianGrid.transform(of: map, size: from, axisWeights: nil, threads: threads).resampled(size: to)
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
  private func cropCube<Scalar: GridScalar>(_ values: [Scalar], from n: Int, to m: Int) -> [Scalar] {
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

extension RealVoxelGridVolume {
  /// The map at another voxel size: see `MapRescaling`.
  ///
  /// - Throws: `.unsupported` for a map that is not cubic, `.invalidValue` for a voxel size that is not
  ///   above 0 Å or so far from the map's that no box fits.
  public func rescaled(
    toVoxelSizeInAngstroms target: Double, threads: Int = availableProcessors
  ) throws -> RealVoxelGridVolume {
    let size = try paddedGridSize(of: self, padScale: 1)
    let rescaling = try MapRescaling(
      size: size, voxelSizeInAngstroms: voxelSizeInAngstroms, toVoxelSizeInAngstroms: target)
    return try rescaling.rescaled(self, threads: threads)
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
