import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// One of several optics groups, as "key=value,key=value": what differs from the options that all groups share.
struct OpticsGroupArgument: ExpressibleByArgument {
  private let text: String
  private let values: [(key: String, value: String)]

  init?(argument: String) {
    text = argument
    var values: [(key: String, value: String)] = []
    for part in argument.split(separator: ",", omittingEmptySubsequences: false) {
      guard let equals = part.firstIndex(of: "=") else { return nil }
      values.append((String(part[..<equals]), String(part[part.index(after: equals)...])))
    }
    self.values = values
  }

  static let keys = [
    "name", "share", "pixel-size", "box", "voltage", "cs", "amplitude-contrast", "defocus", "astigmatism",
    "phase-shift",
    "ctf-b-factor", "beam-tilt",
  ]

  func has(_ key: String) -> Bool { values.contains { $0.key == key } }

  /// What the keys say in place of the options.
  func settings(_ shared: OpticsGroupSettings) throws -> OpticsGroupSettings {
    var settings = shared
    var seen: Set<String> = []
    for (key, value) in values {
      guard seen.insert(key).inserted else { throw fault("gives \(key) twice", "give it once") }
      switch key {
      case "name":
        guard !value.isEmpty,
          value.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "_-.".contains($0)) })
        else { throw fault("has the name '\(value)'", "use letters, digits and _-.") }
        settings.name = value
      case "box":
        guard let box = Int(value) else { throw fault("has the box '\(value)'", "give a number of pixels") }
        settings.box = box
      case "share": settings.share = try number(key, value)
      case "pixel-size": settings.pixelSize = try number(key, value)
      case "voltage": settings.optics.voltage = try number(key, value)
      case "cs": settings.optics.cs = try number(key, value)
      case "amplitude-contrast": settings.optics.amplitudeContrast = try number(key, value)
      case "phase-shift": settings.optics.phaseShift = try number(key, value)
      case "ctf-b-factor": settings.optics.bFactor = try number(key, value)
      case "defocus": settings.optics.defocus = try argument(key, value, "8000:20000")
      case "astigmatism": settings.optics.astigmatism = try argument(key, value, "0:300")
      case "beam-tilt": settings.optics.beamTilt = try argument(key, value, "0.5:-0.2")
      default:
        throw fault(
          "has the key '\(key)'", "use \(Self.keys.dropLast().joined(separator: ", ")) or beam-tilt")
      }
    }
    return settings
  }

  private func number(_ key: String, _ value: String) throws -> Double {
    guard let number = Double(value), number.isFinite else {
      throw fault("has \(key) '\(value)'", "give a number")
    }
    return number
  }

  /// Two numbers with a colon between them, as the comma parts the keys.
  private func argument<Argument: ExpressibleByArgument>(
    _ key: String, _ value: String, _ example: String
  ) throws -> Argument {
    guard let argument = Argument(argument: String(value.map { $0 == ":" ? "," : $0 })), !value.contains(",")
    else { throw fault("has \(key) '\(value)'", "give it as in \(key)=\(example)") }
    return argument
  }

  private func fault(_ found: String, _ need: String) -> ExitPlaneError {
    ExitPlaneError(.invalidValue, "--optics-group '\(text.prefix(60))' \(found); \(need)")
  }
}

/// A group of generated particles.
struct OpticsGroupSettings {
  var name: String?
  var share = 1.0
  var pixelSize: Double
  var box: Int
  var optics: OpticsOptions
}
