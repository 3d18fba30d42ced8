import ExitPlane

extension MRCFile {
  /// Whether planes of a volume can be read one at a time: where z is the file's slowest axis.
  public var hasPlanes: Bool { !isStack && header.sectionAxis == .z }

  /// Plane `z` of a volume, from 0.
  ///
  /// - Throws: `.mismatch` for a stack; `.unsupported` where z is not the file's slowest axis; `.invalidValue` for an
  ///   index out of range; `.malformedFile` for a voxel that is not finite.
  public func readPlane<Scalar: GridScalar>(
    _ z: Int, as _: Scalar.Type = Scalar.self
  ) throws -> RealImage<Scalar> {
    guard !isStack else { throw ExitPlaneError.mismatch("\(path) is a stack of images", "give a volume") }
    guard hasPlanes else {
      throw ExitPlaneError.file(
        path, at: .byte(72), kind: .unsupported,
        found: "its slowest axis is axis \(header.sectionAxis.rawValue)",
        need: "need axis 3 for single planes: read the whole volume")
    }
    guard (0..<depth).contains(z) else {
      throw ExitPlaneError.invalid(
        "number of a plane of \(path), from 0,", got: "\(z)", need: "0 to \(depth - 1)")
    }
    let values: [Scalar] = try read(sections: z..<z + 1)
    if let bad = values.firstIndex(where: { !$0.isFinite }) {
      throw ExitPlaneError.file(
        path,
        found: "voxel (z \(z), y \(bad / shape.columns), x \(bad % shape.columns)) is \(values[bad])",
        need: "need finite voxels")
    }
    return try RealImage(shape: shape, values: values)
  }
}
