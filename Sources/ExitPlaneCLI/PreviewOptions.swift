import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// A picture of the first images of a stack: what commands that make images have in common.
struct PreviewOptions: ParsableArguments {
  @Option(
    help: """
      Write a contact sheet of the first 48 images to this PNG file, each with its number, the mean of its defoci and \
      RELION's angles rot, tilt and psi to whole degrees. All have one grey scale.
      """)
  var preview: String?

  @Option(
    help: """
      Smooth the images of the --preview alone: a Gaussian that halves amplitudes at this resolution, in Å. 20 shows \
      particles that noise hides.
      """)
  var lowPass: Double?

  mutating func validate() throws {
    if lowPass != nil, preview == nil {
      throw ValidationError("--low-pass smooths the images of --preview FILE.png, which is not asked for")
    }
  }

  /// The picture that is asked for, its file opened: before the long work begins it says what is in the way.
  ///
  /// - Throws: `.invalidValue` for a `--low-pass` that is not for images of this plane; `.unwritableFile`.
  func open(for plane: ImageConfiguration) throws -> Preview? {
    guard let preview else { return nil }
    return try Preview(
      file: AtomicFile(path: preview),
      filter: lowPass.map {
        do {
          return try LowPassFilter(
            shape: plane.shape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms, resolutionInAngstroms: $0)
        } catch let error as ExitPlaneError {
          throw ExitPlaneError(error.kind, "--low-pass: \(error)")
        }
      })
  }
}

/// A contact sheet to be written of a stack that is complete.
struct Preview {
  private static let mostImages = 48

  private let file: AtomicFile
  private let filter: LowPassFilter<Float>?

  fileprivate init(file: AtomicFile, filter: LowPassFilter<Float>?) {
    self.file = file
    self.filter = filter
  }

  /// - Parameters:
  ///   - stack: the file that is shown: what is in it, and not what was to be.
  ///   - pose: of an image, from 0.
  ///   - name: what an image is called beside its number.
  func write(
    of stack: String, pose: (Int) throws -> Pose, transfer: ((Int) -> ContrastTransferFunction)? = nil,
    name: (Int) -> String? = { _ in nil }
  ) throws {
    let stack = try MRCFile(path: stack)
    let count = min(stack.imageCount, Self.mostImages)
    let images = try (0..<count).map { index in
      let image = try stack.readImage(index, as: Float.self)
      return try filter?.applied(to: image) ?? image
    }
    let captions = try (0..<count).map { index in
      let angles = try pose(index).rotation.relionAnglesInDegrees
      let defocus = transfer?(index).meanDefocusInAngstroms
      return ContactSheet.Caption(
        "\(index + 1)\(name(index).map { " \($0)" } ?? "")",
        detail: defocus.map { "\(rounded($0 / 1e4, places: 2)) µm" } ?? "",
        line: [angles.rot, angles.tilt, angles.psi].map { rounded($0, places: 0) }.joined(separator: " ")
          + "°")
    }
    // Four columns to three rows, as screens are.
    let columns = Int((Double(count) * 4 / 3).squareRoot().rounded(.up))
    let png = try ContactSheet(columns: max(1, columns)).png(of: images, captions: captions)
    try file.commit(png)
  }
}

extension ContrastTransferFunction {
  fileprivate var meanDefocusInAngstroms: Double { (defocusUInAngstroms + defocusVInAngstroms) / 2 }
}
