import ExitPlane
import ExitPlaneIO

extension FileReport {
  private static let mostBlocks = 50
  private static let mostGroups = 20

  init(star path: String) throws {
    let document = try STARDocument(contentsOf: path)
    self.init(kind: "star", text: "STAR file")
    var blocks: [JSONValue] = []
    for (number, block) in document.blocks.enumerated() {
      let table = block.asTable
      let names = table.map { $0.columns.map(\.name) } ?? []
      blocks.append(
        .object([
          ("name", .string(block.name)), ("rows", .integer(table?.rowCount ?? 0)),
          ("columns", .strings(names)),
        ]))
      guard number < Self.mostBlocks else { continue }
      say(
        "data_\(block.name)",
        table.map { "\($0.rowCount) rows: \(Self.names(names, most: 60))" } ?? "empty")
    }
    if blocks.count > Self.mostBlocks { say("…", "and \(blocks.count - Self.mostBlocks) more blocks") }
    state("blocks", .array(blocks))
    guard let particles = try? ParticleSet(document) else {
      state("poses", .null)
      return
    }
    say("poses", "\(particles.count)")
    state("poses", .integer(particles.count))
    describe(groupsOf: particles)
  }

  private mutating func describe(groupsOf particles: ParticleSet) {
    var counts = [Int](repeating: 0, count: particles.opticsGroups.count)
    for group in particles.opticsGroupIndices { counts[group] += 1 }
    for (index, group) in particles.opticsGroups.prefix(Self.mostGroups).enumerated() {
      let parts = [
        group.pixelSizeInAngstroms.map { "pixel size \(rounded($0, places: 4)) Å" },
        group.imageSize.map { "box \($0)" }, group.voltageInKilovolts.map { "\(rounded($0, places: 0)) kV" },
        "\(counts[index]) particles",
      ]
      say("optics \(group.number)", "\(group.name): \(parts.compactMap { $0 }.joined(separator: ", "))")
    }
    if counts.count > Self.mostGroups { say("…", "and \(counts.count - Self.mostGroups) more optics groups") }
    state(
      "optics_groups",
      .array(
        zip(particles.opticsGroups, counts).map { group, count in
          .object([
            ("number", .integer(group.number)), ("name", .string(group.name)), ("particles", .integer(count)),
            ("pixel_size", .optional(group.pixelSizeInAngstroms)),
            ("box", group.imageSize.map { .integer($0) } ?? .null),
            ("voltage", .optional(group.voltageInKilovolts)),
            ("spherical_aberration", .optional(group.sphericalAberrationInMillimetres)),
            ("amplitude_contrast", .optional(group.amplitudeContrast)),
          ])
        }))
  }
}
