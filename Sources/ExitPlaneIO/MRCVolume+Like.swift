import ExitPlane

extension MRCHeader {
  /// The header of other samples, in single precision, for the box of this one: its cell, axis order and place.
  init(like header: MRCHeader, statistics: MRCStatistics) {
    columns = header.columns
    rows = header.rows
    sections = header.sections
    mode = .float32
    hasUnsignedBytes = false
    starts = header.starts
    intervals = header.intervals
    cellInAngstroms = header.cellInAngstroms
    cellAnglesInDegrees = header.cellAnglesInDegrees
    (columnAxis, rowAxis, sectionAxis) = (header.columnAxis, header.rowAxis, header.sectionAxis)
    originInAngstroms = header.originInAngstroms
    minimum = statistics.minimum
    maximum = statistics.maximum
    mean = Float(statistics.mean)
    standardDeviation = Float(statistics.standardDeviation)
    spaceGroup = header.spaceGroup
    extendedHeaderByteCount = 0
    isBigEndian = false
    labels = ["ExitPlane"]
  }

  /// The sample at the origin of `RealVoxelGridVolume`, `n / 2` on every axis, in the frame that `nstart` and
  /// `origin` place the file in, in ångströms.
  ///
  /// - Throws: `.malformedFile` for a place that is no number or beyond any specimen.
  func centralVoxelInAngstroms(voxelSizeInAngstroms size: Double, path: String) throws -> SIMD3<Double> {
    var place = placement.firstVoxelInAngstroms(voxelSizeInAngstroms: size)
    for (index, axis) in [Axis.x, .y, .z].enumerated() {
      place[index] += Double(originOffset(count(along: axis))) * size
    }
    let limit = 1e9
    guard abs(place.x) <= limit, abs(place.y) <= limit, abs(place.z) <= limit else {
      throw ExitPlaneError.file(
        path, at: .byte(196), found: "the header places the map at (\(place.x), \(place.y), \(place.z)) Å",
        need: "an origin or nstart within \(Int(limit)) Å is needed")
    }
    return place
  }
}

extension MRCFile {
  /// The sample `n / 2` of every axis of this volume in the frame of its file, in ångströms: `origin` where that is
  /// used, else `nstart`.
  ///
  /// - Throws: `.malformedFile` for a place that is no number or beyond any specimen.
  public func centralVoxelInAngstroms(voxelSizeInAngstroms size: Double) throws -> SIMD3<Double> {
    try header.centralVoxelInAngstroms(voxelSizeInAngstroms: size, path: path)
  }
}

/// Writes a map in the manner of another file: with its axis order, cell, `nstart` and `origin`.
///
/// - Throws: `.mismatch` for a map of another shape; `.invalidValue` for a voxel that is not finite in single
///   precision; `.unwritableFile`.
public func writeMRCVolume<Scalar: GridScalar>(
  _ path: String, _ volume: RealVoxelGridVolume<Scalar>, like header: MRCHeader
) throws {
  let counts = [header.count(along: .z), header.count(along: .y), header.count(along: .x)]
  guard counts == [volume.depth, volume.rows, volume.columns] else {
    throw ExitPlaneError.mismatch(
      "a map of \(volume.shapeDescription) voxels and a header of \(counts.map(String.init).joined(separator: " × "))",
      "equal shapes are needed")
  }
  func stride(_ axis: MRCHeader.Axis) -> Int {
    switch axis {
    case .x: 1
    case .y: volume.columns
    case .z: volume.rows * volume.columns
    }
  }
  let (column, row) = (stride(header.columnAxis), stride(header.rowAxis))
  let shape = try GridShape(rows: header.rows, columns: header.columns)
  let file = try AtomicFile(path: path)
  let storage = MRCPixelStorage(path: path, shape: shape, mode: .float32, noun: "section") {
    try file.write($0, at: $1)
  }
  var statistics = MRCStatistics()
  var values = [Scalar](repeating: 0, count: shape.count)
  for section in 0..<header.sections {
    let start = section * stride(header.sectionAxis)
    for y in 0..<shape.rows {
      for x in 0..<shape.columns {
        values[y * shape.columns + x] = volume.values[start + y * row + x * column]
      }
    }
    statistics.join(try values.withUnsafeBufferPointer { try storage.store($0, at: section) })
  }
  try MRCHeader(like: header, statistics: statistics).encoded().withUnsafeBytes { try file.write($0, at: 0) }
  try file.commit()
}
