import ExitPlane

/// The 1024-byte header of an MRC file, with the words that matter to a map or a stack.
///
/// The origin of a map or an image is its sample `n / 2` here, wherever `nstart` and `origin` place it in a
/// microscope's or a crystal's frame: `placement` has these, for those who write another part of the same map.
///
/// - Source: MRC2014, Cheng et al., J. Struct. Biol. 192 (2015) 146–150, with mode 12 of its 2022 update.
public struct MRCHeader: Hashable, Sendable {
  /// Of every header.
  public static let byteCount = 1024

  /// An axis of the specimen, numbered as in `mapc`, `mapr` and `maps`.
  public enum Axis: Int32, Hashable, Sendable {
    case x = 1
    case y, z
  }

  /// Samples along the file's fastest, middle and slowest axis (`nx`, `ny`, `nz`).
  public let columns: Int
  /// See `columns`.
  public let rows: Int
  /// See `columns`.
  public let sections: Int
  /// How samples are stored.
  public let mode: MRCMode
  /// Bytes are unsigned, as IMOD's flags may say; MRC2014's own are signed.
  public let hasUnsignedBytes: Bool
  /// Where the file's first column, row and section lie in the cell, in samples (`nxstart`, `nystart`, `nzstart`).
  public let starts: SIMD3<Int32>
  /// Sampling intervals of the cell along x, y and z (`mx`, `my`, `mz`).
  public let intervals: SIMD3<Int32>
  /// Lengths of the cell's edges along x, y and z; an edge over its intervals is the voxel size.
  public let cellInAngstroms: SIMD3<Float>
  /// Of the cell, α, β and γ; 90 for what is made here.
  public let cellAnglesInDegrees: SIMD3<Float>
  /// Which axis of the specimen the columns, rows and sections run along.
  public let columnAxis: Axis
  /// See `columnAxis`.
  public let rowAxis: Axis
  /// See `columnAxis`.
  public let sectionAxis: Axis
  /// Where the first voxel lies along x, y and z, in ångströms (`origin`); 0 where it is not used.
  public let originInAngstroms: SIMD3<Float>
  /// Of all samples, as the header states them; by the standard a maximum below the minimum, a mean
  /// below both or a negative deviation stands for "not determined".
  public let minimum: Float
  /// See `minimum`.
  public let maximum: Float
  /// See `minimum`.
  public let mean: Float
  /// See `minimum`.
  public let standardDeviation: Float
  /// 0 for images, 1 for a volume, 401 to 630 for a stack of volumes (`ispg`).
  public let spaceGroup: Int32
  /// Bytes between this header and the samples (`nsymbt`).
  public let extendedHeaderByteCount: Int
  /// The byte order of header and samples.
  public let isBigEndian: Bool
  /// The labels in use, trimmed.
  public let labels: [String]

  /// Of one image, or one plane of a volume.
  var samplesPerSection: Int { columns * rows }
  var dataOffset: Int { Self.byteCount + extendedHeaderByteCount }

  /// The size of a whole file with this header.
  ///
  /// Always under 2⁶³: `nx` and `ny` are at most 2¹⁵, `nz` and the extended header under 2³¹, a sample at
  /// most 4 bytes.
  var fileByteCount: Int {
    dataOffset + samplesPerSection * sections * mode.bytesPerSample
  }

  /// Samples along an axis of the specimen.
  public func count(along axis: Axis) -> Int {
    axis == columnAxis ? columns : axis == rowAxis ? rows : sections
  }

  /// Edge over intervals along x, y and z in ångströms; 0 where the header leaves one of them unset.
  public var voxelSizesInAngstroms: SIMD3<Double> {
    var sizes = SIMD3<Double>()
    for axis in 0..<3 where intervals[axis] != 0 {
      // An edge is kept in single precision. Of the decimals that round to it the shortest is taken: five
      // intervals over 5.3 Å then give 1.06 Å rather than 1.0600000381 Å.
      let edge = cellInAngstroms[axis]
      sizes[axis] = (Double(edge.description) ?? Double(edge)) / Double(intervals[axis])
    }
    return sizes
  }

  /// Whether the sections of a file of this header are images rather than planes of a volume.
  ///
  /// A name in `.mrcs` says so whatever the header holds; otherwise space group 0 with one interval
  /// along z does. Space group 0 with as many intervals as sections is a volume: programs older than
  /// MRC2014 write volumes so.
  public func isStack(inFileNamed path: String) -> Bool {
    let name = path.lowercased()
    return name.hasSuffix(".mrcs") || name.hasSuffix(".mrcs.gz") || (spaceGroup == 0 && intervals.z == 1)
  }
}
