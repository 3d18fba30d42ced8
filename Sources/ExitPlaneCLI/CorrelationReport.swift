import ExitPlane
import ExitPlaneIO

/// What `compare` found, as text, JSON and a STAR file.
struct CorrelationReport {
  let curve: FourierCorrelation
  let files: [String]
  let mask: String?
  /// z, y and x of maps, y and x of images.
  let shape: [Int]
  /// Pairs of them; nil for maps.
  let imageCount: Int?
  let pixelSizeInAngstroms: Double

  private static let thresholds = [0.5, 0.143]

  private var name: String { imageCount == nil ? "shell" : "ring" }

  var lines: [String] {
    var lines = ["\(name)  frequency (1/Å)  resolution (Å)  correlation       count"]
    for shell in curve.shells {
      let frequency = shell.frequencyInInverseAngstroms
      let columns = [
        ("\(shell.index)", name.count), (rounded(frequency, places: 5), 15),
        (frequency > 0 ? rounded(1 / frequency, places: 3) : "-", 14),
        (rounded(shell.correlation, places: 6), 11), ("\(shell.count)", 10),
      ]
      lines.append(
        columns.map { String(repeating: " ", count: max(0, $1 - $0.count)) + $0 }.joined(separator: "  "))
    }
    lines.append("")
    for threshold in Self.thresholds {
      let found =
        switch curve.resolution(at: threshold) {
        case .at(let resolution): "\(rounded(resolution, places: 3)) Å"
        case .never(let last): "never below it, to \(rounded(last, places: 3)) Å"
        case .always: "below it from the first \(name)"
        }
      lines.append("resolution at \(threshold): \(found)")
    }
    return lines
  }

  /// The keys are documented in Docs/JSON.md.
  var json: JSONValue {
    let thresholds = Self.thresholds.map { threshold -> JSONValue in
      let (resolution, state): (JSONValue, String) =
        switch curve.resolution(at: threshold) {
        case .at(let resolution): (.number(resolution), "crossed")
        case .never: (.null, "above")
        case .always: (.null, "below")
        }
      return .object([
        ("threshold", .number(threshold)), ("resolution", resolution), ("state", .string(state)),
      ])
    }
    let shells = curve.shells.map { shell -> JSONValue in
      let frequency = shell.frequencyInInverseAngstroms
      return .object([
        ("index", .integer(shell.index)), ("frequency", .number(frequency)),
        ("resolution", frequency > 0 ? .number(1 / frequency) : .null),
        ("correlation", .number(shell.correlation)), ("count", .integer(shell.count)),
      ])
    }
    return .object([
      ("kind", .string(imageCount == nil ? "maps" : "stacks")), ("files", .array(files.map { .string($0) })),
      ("mask", mask.map { .string($0) } ?? .null), ("shape", .array(shape.map { .integer($0) })),
      ("images", imageCount.map { .integer($0) } ?? .null), ("pixel_size", .number(pixelSizeInAngstroms)),
      ("thresholds", .array(thresholds)), ("curve", .array(shells)),
    ])
  }

  func starFile() throws -> [UInt8] {
    var bytes: [UInt8] = []
    var writer = STARWriter { bytes.append(contentsOf: $0) }
    try writer.beginBlock("fsc")
    try writer.beginLoop([
      "rlnSpectralIndex", "rlnResolution", "rlnAngstromResolution", "rlnFourierShellCorrelation",
    ])
    for shell in curve.shells {
      let frequency = shell.frequencyInInverseAngstroms
      writer.append(shell.index)
      try writer.append(frequency)
      // RELION's own stand-in for the resolution of zero frequency.
      try writer.append(frequency > 0 ? 1 / frequency : 999)
      try writer.append(shell.correlation)
      try writer.endRow()
    }
    try writer.endBlock()
    try writer.finish()
    return bytes
  }
}
