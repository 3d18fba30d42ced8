import ExitPlane
import ExitPlaneIO

extension FileReport {
  init(mrc path: String) throws {
    let file = try MRCFile(path: path)
    let header = file.header
    let size = try file.voxelSizeInAngstroms
    let pixel = size.map { "\(rounded($0, places: 4)) Å" } ?? "not stated"
    if file.isStack {
      self.init(kind: "stack", text: "stack of \(file.imageCount) images")
      say("image", "\(file.shape) pixels")
      say("pixel size", pixel)
      state("images", .integer(file.imageCount))
    } else {
      self.init(kind: "volume", text: "volume")
      say("size", "\(file.depth) × \(file.shape) voxels (z × y × x)")
      say("voxel size", pixel)
      state("depth", .integer(file.depth))
    }
    state("rows", .integer(file.shape.rows))
    state("columns", .integer(file.shape.columns))
    state("voxel_size", .optional(size))
    if let size, !file.isStack {
      let extent = SIMD3(Double(file.depth), Double(file.shape.rows), Double(file.shape.columns)) * size
      say("extent", "\(Self.vector(extent, places: 1, separator: " × ")) Å")
    }
    describePlace(header)
    say(
      "samples",
      "mode \(header.mode.rawValue), \(header.isBigEndian ? "big-endian" : "little-endian")"
        + (file.isCompressed ? ", gzipped" : ""))
    state("mode", .integer(Int(header.mode.rawValue)))
    state("big_endian", .bool(header.isBigEndian))
    state("gzipped", .bool(file.isCompressed))
    say(
      "stated values",
      "\(header.minimum) to \(header.maximum), mean \(header.mean), deviation \(header.standardDeviation)")
    state("minimum", .single(header.minimum))
    state("maximum", .single(header.maximum))
    state("mean", .single(header.mean))
    state("deviation", .single(header.standardDeviation))
    for label in header.labels { say("label", label) }
    state("labels", .strings(header.labels))
  }

  /// Where the header puts the box, and in which order the axes lie in the file.
  private mutating func describePlace(_ header: MRCHeader) {
    let placement = header.placement
    let origin = placement.originInAngstroms
    let starts = placement.starts
    say("origin", "\(origin.x), \(origin.y), \(origin.z) Å (x, y, z)")
    say("nstart", "\(starts.x), \(starts.y), \(starts.z) (x, y, z)")
    state("origin", .array([.single(origin.x), .single(origin.y), .single(origin.z)]))
    state("nstart", .array([starts.x, starts.y, starts.z].map { .integer(Int($0)) }))
    let order = [header.columnAxis, header.rowAxis, header.sectionAxis].map { "\($0)" }
    say("axis order", order.joined(separator: ", ") + " (columns, rows, sections)")
    state("axis_order", .string(order.joined()))
    let cell = header.cellInAngstroms
    let intervals = header.intervals
    state("cell", .array([.single(cell.x), .single(cell.y), .single(cell.z)]))
    state("intervals", .array([intervals.x, intervals.y, intervals.z].map { .integer(Int($0)) }))
    state("space_group", .integer(Int(header.spaceGroup)))
    state("extended_header_bytes", .integer(header.extendedHeaderByteCount))
    if header.extendedHeaderByteCount > 0 {
      say("extended header", "\(header.extendedHeaderByteCount) bytes")
    }
  }
}
