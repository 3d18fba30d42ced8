import ExitPlane
import ExitPlaneIO

/// A reader of files, made to read all there is to read.
enum ReaderExercise: String, CaseIterable, Sendable {
  case mrc, star, structure

  /// Reads a file to its end. What is wrong with it must be said by an `ExitPlaneError` of one line; every other
  /// error is passed on, as a fault of the reader.
  ///
  /// - Returns: whether the file was taken.
  func read(_ path: String) throws -> Bool {
    do {
      switch self {
      case .mrc: try readMRC(path)
      case .star: try readSTAR(path)
      case .structure: try readStructure(path)
      }
      return true
    } catch let error as ExitPlaneError {
      let text = error.description
      guard !text.isEmpty, !text.contains("\n") else { throw IllWorded(text: text) }
      return false
    }
  }

  struct IllWorded: Error {
    let text: String
  }

  private func readMRC(_ path: String) throws {
    let file = try MRCFile(path: path)
    for number in [0, file.imageCount - 1] where file.imageCount > 0 {
      _ = try file.readImage(number, as: Float.self)
    }
    _ = try file.voxelSizeInAngstroms
    if !file.isStack { _ = try file.readVolume(as: Double.self, voxelSizeInAngstroms: 1) }
  }

  private func readSTAR(_ path: String) throws {
    let document = try STARDocument(contentsOf: path)
    // What was read must be writable but for values RELION's dialect has no quotes for.
    try? document.write { _ in }
    let particles = try ParticleSet(document, pixelSizeInAngstroms: 1)
    _ = try particles.defocus()
    _ = try particles.imageNames()
    try particles.document(
      describing: ParticleStack(path: "stack.mrcs", imageSize: 8, pixelSizeInAngstroms: 1)
    ).write { _ in }
  }

  private func readStructure(_ path: String) throws {
    let file = try StructureFile(path: path)
    for assembly in file.assemblyNames.prefix(3) {
      _ = try? file.atoms(StructureOptions(assembly: assembly, bFactors: .ignored, usesOccupancies: false))
    }
    for model in file.modelNames.prefix(3) { _ = try file.summary(StructureOptions(model: model)) }
    _ = try GaussianMixtureVolume(file.atoms(StructureOptions(alternates: .all, bFactors: .ignored)))
  }
}
