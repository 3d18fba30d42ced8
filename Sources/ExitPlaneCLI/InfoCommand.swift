import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what is in a map, a stack or a STAR file.")

  @Argument(help: "One or more MRC or STAR files.")
  var files: [String]

  func run() throws {
    for (number, file) in files.enumerated() {
      if number > 0 { print() }
      let lines =
        lastComponent(of: file).lowercased().hasSuffix(".star") || file.lowercased().hasSuffix(".star.gz")
        ? try describeSTAR(file) : try describeMRC(file)
      print(file)
      let width = lines.map(\.0.count).max() ?? 0
      for (name, value) in lines { print("  \(name.padded(to: width))  \(value)") }
    }
  }

  private func describeMRC(_ path: String) throws -> [(String, String)] {
    let file = try MRCFile(path: path)
    let header = file.header
    let size = try file.voxelSizeInAngstroms
    let pixel = size.map { "\(rounded($0, places: 4)) Å" } ?? "not stated"
    var lines: [(String, String)] =
      file.isStack
      ? [
        ("kind", "stack of \(file.imageCount) images"), ("image", "\(file.shape) pixels"),
        ("pixel size", pixel),
      ]
      : [
        ("kind", "volume"), ("size", "\(file.depth) × \(file.shape) voxels (z × y × x)"),
        ("voxel size", pixel),
      ]
    if let size, !file.isStack {
      let extent = [file.depth, file.shape.rows, file.shape.columns].map {
        rounded(Double($0) * size, places: 1)
      }
      lines.append(("extent", extent.joined(separator: " × ") + " Å"))
    }
    lines += [
      (
        "samples",
        "mode \(header.mode.rawValue), \(header.isBigEndian ? "big-endian" : "little-endian")"
          + (file.isCompressed ? ", gzipped" : "")
      ),
      (
        "stated values",
        "\(header.minimum) to \(header.maximum), mean \(header.mean), deviation \(header.standardDeviation)"
      ),
    ]
    return lines + header.labels.map { ("label", $0) }
  }

  private func describeSTAR(_ path: String) throws -> [(String, String)] {
    let document = try STARDocument(contentsOf: path)
    var lines: [(String, String)] = [("kind", "STAR file")]
    for block in document.blocks {
      guard let table = block.asTable else {
        lines.append(("data_\(block.name)", "empty"))
        continue
      }
      let names = table.columns.map(\.name).joined(separator: ", ")
      lines.append(("data_\(block.name)", "\(table.rowCount) rows: \(names)"))
    }
    guard let particles = try? ParticleSet(document) else { return lines }
    lines.append(("poses", "\(particles.count)"))
    for group in particles.opticsGroups {
      let parts = [
        group.pixelSizeInAngstroms.map { "pixel size \(rounded($0, places: 4)) Å" },
        group.imageSize.map { "box \($0)" }, group.voltageInKilovolts.map { "\(rounded($0, places: 0)) kV" },
      ]
      lines.append(
        ("optics \(group.number)", "\(group.name): \(parts.compactMap { $0 }.joined(separator: ", "))"))
    }
    return lines
  }
}
