/// The centre of mass of what a map holds above a level, gathered plane by plane.
public struct CentreOfDensity: Hashable, Sendable {
  /// In the map's unit.
  public let level: Double
  private var sum = 0.0
  private var moments = SIMD3<Double>()

  /// Of nothing yet: `add` takes the planes.
  public init(above level: Double = 0) { self.level = level }

  /// Adds plane `z`, from 0. A voxel weighs what it exceeds the level by, so that one at the level counts for nothing.
  public mutating func add<Scalar: GridScalar>(_ plane: RealImage<Scalar>, z: Int) {
    for row in 0..<plane.shape.rows {
      var (line, moment) = (0.0, 0.0)
      for column in 0..<plane.shape.columns {
        let excess = Double(plane[row, column]) - level
        guard excess > 0 else { continue }
        line += excess
        moment += excess * Double(column)
      }
      sum += line
      moments += SIMD3(moment, line * Double(row), line * Double(z))
    }
  }

  /// `(x, y, z)` in voxels, from 0; nil where nothing is above the level.
  public var centre: SIMD3<Double>? { sum > 0 && sum.isFinite ? moments / sum : nil }
}
