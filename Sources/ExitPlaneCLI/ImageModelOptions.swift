import ArgumentParser
import ExitPlane
import ExitPlaneIO

extension ContrastTransferFunction.Sign: ExpressibleByArgument {}

struct ImageModelOptions: ParsableArguments {
  @Option(
    help: """
      What pixels are: 'linear', the projection times the CTF (the default where there is one); 'projection', without \
      optics; or of the weak phase approximation 'exit-phase' (radians), 'contrast', 'intensity', or 'counts' of \
      electrons at --dose.
      """)
  var imageModel: ImageModelName?

  @Option(parsing: .unconditional, help: "Electrons per Å², for --image-model counts.")
  var dose: Double?

  @Option(
    help: """
      The CTF's sign: 'relion' (the default) has positive potential bright, 'cryoJAX' dark, as under the microscope.
      """)
  var ctfSign: ContrastTransferFunction.Sign?

  var chosenSign: ContrastTransferFunction.Sign { ctfSign ?? .relion }

  mutating func validate() throws {
    if (imageModel == .counts) != (dose != nil) {
      throw ValidationError("--image-model counts and --dose go together")
    }
  }

  func model(hasTransferFunctions: Bool) throws -> ImageModel {
    switch imageModel {
    case nil: return hasTransferFunctions ? .linear : .projection
    case .linear: return .linear
    case .projection: return .projection
    case .exitPhase: return .exitPlanePhase
    case .contrast: return .contrast
    case .intensity: return .intensity
    case .counts: return .electronCounts(dosePerSquareAngstrom: dose ?? 0)
    }
  }

  func describe(into parameters: inout RunParameters) {
    parameters.append("image model", imageModel?.rawValue ?? "by optics")
    parameters.append("dose", dose.map { "\($0)" } ?? "none")
    parameters.append("CTF sign", chosenSign.rawValue)
  }
}

enum ImageModelName: String, ExpressibleByArgument, CaseIterable {
  case linear, projection
  case exitPhase = "exit-phase"
  case contrast, intensity, counts
}
