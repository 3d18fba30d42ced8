/// A map in real space: voxels `[z][y][x]` with the origin at index `n / 2` of every axis.
public struct RealVoxelGridVolume<Scalar: GridScalar>: ProjectableVolume {
  /// What plans of projections are made for.
  public struct Layout: Hashable, Sendable {
    /// Voxels along z.
    public let depth: Int
    /// Voxels along y.
    public let rows: Int
    /// Voxels along x.
    public let columns: Int
    /// The same on all axes.
    public let voxelSizeInAngstroms: Double
  }

  /// Voxels along z, the slowest axis.
  public let depth: Int
  /// Voxels along y.
  public let rows: Int
  /// Voxels along x, the fastest axis.
  public let columns: Int
  /// The distance between neighbouring voxels, the same on all axes.
  public let voxelSizeInAngstroms: Double
  /// `depth × rows × columns`, row-major.
  public let values: [Scalar]

  /// - Throws: `.invalidValue` for an empty or oversized axis, a number of voxels that does not fit the
  ///   shape, a voxel that is not finite, or a voxel size that is not above 0 Å.
  public init(
    depth: Int, rows: Int, columns: Int, voxelSizeInAngstroms: Double, values: [Scalar]
  ) throws {
    for (name, value) in [("depth", depth), ("rows", rows), ("columns", columns)] {
      guard (1...GridShape.largestAxis).contains(value) else {
        throw ExitPlaneError.invalid(
          "map \(name)", got: "\(value)", need: "1 to \(GridShape.largestAxis)")
      }
    }
    guard values.count == depth * rows * columns else {
      throw ExitPlaneError.invalid(
        "number of voxels", got: "\(values.count)",
        need: "\(depth * rows * columns) for \(depth) × \(rows) × \(columns)")
    }
    try validatePositive("voxel size", voxelSizeInAngstroms, unit: "Å")
    if let index = firstNonFiniteIndex(values) {
      let (x, y, z) = (index % columns, index / columns % rows, index / columns / rows)
      throw ExitPlaneError.invalid(
        "voxel (z \(z), y \(y), x \(x))", got: "\(values[index])", need: "finite")
    }
    self.depth = depth
    self.rows = rows
    self.columns = columns
    self.voxelSizeInAngstroms = voxelSizeInAngstroms
    self.values = values
  }

  public var layout: Layout {
    Layout(depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: voxelSizeInAngstroms)
  }
  /// Whether all axes are as long, as Fourier volumes need it.
  public var isCubic: Bool { depth == rows && rows == columns }
  /// "128 × 128 × 128", for messages.
  public var shapeDescription: String { "\(depth) × \(rows) × \(columns)" }

  /// The coordinates in ångströms of the samples of an axis of this volume: `(i − n/2) · h`.
  public func coordinatesInAngstroms(axisLength n: Int) -> [Double] {
    (0..<n).map { Double($0 - originOffset(n)) * voxelSizeInAngstroms }
  }
}

func firstNonFiniteIndex<Scalar: GridScalar>(_ values: [Scalar]) -> Int? {
  // A sum is finite where every term is, but for overflow: one quick pass answers for almost every map, and
  // only a suspicious one is searched.
  Scalar.sum(values).isFinite ? nil : values.firstIndex { !$0.isFinite }
}
