import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what is in a map, a stack, a STAR file or a structure.")

  @Argument(help: "One or more MRC, STAR, PDB or mmCIF files.")
  var files: [String]

  func run() throws {
    try requireFiles(files)
    try atoms.uses(areUsed: files.contains { InputKind(path: $0) == .structure })
      .requireEffect("none is asked about")
    for (number, file) in files.enumerated() {
      if number > 0 { show() }
      let lines =
        switch InputKind(path: file) {
        case .star: try describeSTAR(file)
        case .structure: try describeStructure(file)
        case .map: try describeMRC(file)
        }
      show(file)
      let width = lines.map(\.0.count).max() ?? 0
      for (name, value) in lines { show("  \(name.padded(to: width))  \(value)") }
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

  @OptionGroup(title: "Atoms of a structure")
  var atoms: StructureArguments

  private func describeStructure(_ path: String) throws -> [(String, String)] {
    let file = try StructureFile(path: path)
    let options = try atoms.options()
    let summary = try file.summary(options)
    let structure = try file.atoms(options)
    func names(_ names: [String]) -> String {
      names.isEmpty ? "none" : names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    }
    let extent = [summary.extentInAngstroms.x, summary.extentInAngstroms.y, summary.extentInAngstroms.z]
    let boxes = try [0.8, 1, 1.5, 2].map {
      "\(try structure.boxSize(pixelSizeInAngstroms: $0)) at \($0) Å"
    }
    return [
      ("kind", "structure"), ("models", names(summary.modelNames)),
      ("assemblies", names(summary.assemblyNames)),
      (
        "atoms",
        "\(summary.atomCount) in \(summary.residueCount) residues of \(summary.chainCount) chains; "
          + "\(summary.hydrogenCount) hydrogens, \(summary.waterCount) of waters, "
          + "\(summary.heteroatomCount) HETATM, \(summary.alternateCount) alternate locations"
      ),
      ("elements", summary.elements.map { "\($0.symbol) \($0.count)" }.joined(separator: ", ")),
      ("mass", "\(rounded(summary.massInDaltons / 1000, places: 1)) kDa"),
      (
        "B-factors",
        "\(summary.bFactorRangeInSquareAngstroms.lowerBound) to \(summary.bFactorRangeInSquareAngstroms.upperBound) Å²"
      ),
      ("occupancies", "\(summary.occupancyRange.lowerBound) to \(summary.occupancyRange.upperBound)"),
      ("extent", extent.map { rounded($0, places: 1) }.joined(separator: " × ") + " Å"),
      ("box needed", boxes.joined(separator: ", ")),
    ]
  }
}
