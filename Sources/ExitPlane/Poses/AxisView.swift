/// A view along an axis of a map: the axis named points along the beam, the image's z. In the views along x and y the
/// map's z runs along the image's y; in those along z the map's y does.
public enum AxisView: String, CaseIterable, Sendable {
  case alongX = "+x"
  case againstX = "-x"
  case alongY = "+y"
  case againstY = "-y"
  case alongZ = "+z"
  case againstZ = "-z"

  /// RELION's angles (rot, tilt, psi).
  public var relionAnglesInDegrees: (rot: Double, tilt: Double, psi: Double) {
    switch self {
    case .alongX: (0, 90, 90)
    case .againstX: (180, 90, 90)
    case .alongY: (90, 90, 90)
    case .againstY: (-90, 90, 90)
    case .alongZ: (0, 0, 0)
    case .againstZ: (0, 180, 0)
    }
  }

  /// The pose that shows the object from there, without a shift.
  public var pose: Pose {
    let (rot, tilt, psi) = relionAnglesInDegrees
    let view = Rotation.about(z: rot) * Rotation.about(y: tilt) * Rotation.about(z: psi)
    return Pose(rotation: view.inverse)
  }
}
