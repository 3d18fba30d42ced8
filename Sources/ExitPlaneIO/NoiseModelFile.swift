import ExitPlane

extension NoiseSpectrum {
  /// The noise of a group of particles in RELION's `…_model.star`.
  ///
  /// `rlnSigma2Noise` is the variance of each of the real and imaginary parts of a transform divided by the number
  /// of pixels, by shells of `rlnSpectralIndex` in the model's box: with box n, a density of 2 n² of it.
  ///
  /// - Parameters:
  ///   - document: a refinement's model file.
  ///   - group: its number, from 1: `data_model_group_1` (RELION 3) or `data_model_optics_group_1` (4 and later).
  /// - Throws: `.malformedFile` for a table, column or value that is missing or not valid.
  public init(relionModel document: STARDocument, group: Int = 1) throws {
    let path = document.path ?? "STAR document"
    func general(_ name: String) throws -> Double {
      let block = document.blocks.first { $0.name == "model_general" }
      let text = block?.asTable?[name].flatMap { $0.count > 0 ? $0[0] : nil }
      guard let number = text.flatMap({ Double($0) }), number.isFinite, number > 0 else {
        throw ExitPlaneError.file(
          path, found: text.map { "_\(name) is \(quoted($0))" } ?? "no _\(name) in data_model_general",
          need: "a number above 0 is needed")
      }
      return number
    }
    let box = try general("rlnOriginalImageSize")
    let pixelSize = try general("rlnPixelSize")
    let names = ["model_optics_group_\(group)", "model_group_\(group)"]
    guard let table = document.blocks.first(where: { names.contains($0.name) })?.asTable else {
      throw ExitPlaneError.file(
        path, found: "no table data_\(names[0]) or data_\(names[1])",
        need: "the model STAR file of a RELION refinement or classification is needed")
    }
    guard let indices = try table.numbers("rlnSpectralIndex"), let power = try table.numbers("rlnSigma2Noise")
    else {
      throw table.fault(
        found: "no _rlnSpectralIndex or no _rlnSigma2Noise", need: "a noise power a shell is needed")
    }
    do {
      try self.init(
        frequenciesInReciprocalAngstroms: indices.map { $0 / (box * pixelSize) },
        densities: power.map { 2 * box * box * $0 })
    } catch let error as ExitPlaneError {
      throw table.fault(found: "the shells are no table of noise", need: error.description)
    }
  }
}
