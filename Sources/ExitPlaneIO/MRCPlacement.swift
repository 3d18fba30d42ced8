import ExitPlane

/// Where a map lies in the frame that its file is part of, by the two ways of MRC2014: `nstart`, whole samples
/// (CCP4, EMDB's maps), and `origin`, ångströms.
///
/// Programs that know both take `origin` where it is not 0 and `nstart` where it is (ChimeraX); others know one of
/// them alone. Moving a box therefore moves whichever is used, and `nstart` where neither is.
public struct MRCPlacement: Hashable, Sendable {
  /// Along x, y and z.
  public var starts: SIMD3<Int32>
  /// Along x, y and z; 0 where it is not used.
  public var originInAngstroms: SIMD3<Float>

  /// By default at the start of the frame.
  public init(
    starts: SIMD3<Int32> = SIMD3(0, 0, 0), originInAngstroms: SIMD3<Float> = SIMD3(0, 0, 0)
  ) {
    self.starts = starts
    self.originInAngstroms = originInAngstroms
  }

  /// The position of the first voxel in the file's frame, in ångströms.
  public func firstVoxelInAngstroms(voxelSizeInAngstroms size: Double) -> SIMD3<Double> {
    usesOrigin
      ? SIMD3<Double>(originInAngstroms)
      : SIMD3(Double(starts.x), Double(starts.y), Double(starts.z)) * size
  }

  /// The placement of the box whose first voxel is `samples` (x, y, z) beyond this one's.
  ///
  /// - Throws: `.invalidValue` for a place that a header cannot state.
  public func moved(by samples: SIMD3<Int>, voxelSizeInAngstroms size: Double) throws -> MRCPlacement {
    var result = self
    for axis in 0..<3 {
      if usesOrigin {
        result.originInAngstroms[axis] = Float(Double(originInAngstroms[axis]) + Double(samples[axis]) * size)
      }
      guard !usesOrigin || starts != SIMD3(0, 0, 0) else { continue }
      let (start, overflow) = Int(starts[axis]).addingReportingOverflow(samples[axis])
      guard !overflow, let start = Int32(exactly: start) else {
        throw ExitPlaneError.invalid(
          "nstart of the new box", got: "\(starts[axis]) and \(samples[axis])",
          need: "within 32 bits: the file's header places it too far away")
      }
      result.starts[axis] = start
    }
    return result
  }

  private var usesOrigin: Bool { originInAngstroms != SIMD3(0, 0, 0) }
}

extension MRCHeader {
  /// `nstart` and `origin` of a volume, along x, y and z whatever the order of the file's axes.
  public var placement: MRCPlacement {
    var result = MRCPlacement(originInAngstroms: originInAngstroms)
    for (place, axis) in [columnAxis, rowAxis, sectionAxis].enumerated() {
      result.starts[Int(axis.rawValue) - 1] = starts[place]
    }
    return result
  }
}
