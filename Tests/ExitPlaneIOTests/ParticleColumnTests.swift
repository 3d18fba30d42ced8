import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("Columns of particles and optics")
struct ParticleColumnTests {
  @Test("Docs/STAR.md has the table in the code, row for row")
  func documentation() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../..")
    let text = try String(contentsOf: root.appending(path: "Docs/STAR.md"), encoding: .utf8)
    let rows = text.split(separator: "\n").filter { $0.hasPrefix("| `rln") }.map(String.init)
    let want = ParticleColumn.all.map { "| `\($0.name)` | \($0.treatment.rawValue) | \($0.note) |" }
    #expect(rows == want, "Docs/STAR.md is to have\n\(want.joined(separator: "\n"))")
  }

  @Test("no column is there twice, and RELION 5's are all there")
  func names() throws {
    #expect(Set(ParticleColumn.all.map(\.name)).count == ParticleColumn.all.count)
    // Those of the optics and particle tables that RELION 5.0 writes at import, extraction, refinement, CTF
    // refinement, polishing and subtraction.
    for name in [
      "rlnOpticsGroupName", "rlnOpticsGroup", "rlnMtfFileName", "rlnMicrographOriginalPixelSize",
      "rlnVoltage",
      "rlnSphericalAberration", "rlnAmplitudeContrast", "rlnMicrographPixelSize", "rlnImagePixelSize",
      "rlnImageSize", "rlnImageDimensionality", "rlnCtfDataAreCtfPremultiplied", "rlnBeamTiltX",
      "rlnBeamTiltY",
      "rlnOddZernike", "rlnEvenZernike", "rlnMagMat00", "rlnMagMat01", "rlnMagMat10", "rlnMagMat11",
      "rlnCoordinateX", "rlnCoordinateY", "rlnAutopickFigureOfMerit", "rlnClassNumber", "rlnAnglePsi",
      "rlnImageName", "rlnMicrographName", "rlnCtfMaxResolution", "rlnCtfFigureOfMerit", "rlnDefocusU",
      "rlnDefocusV", "rlnDefocusAngle", "rlnCtfBfactor", "rlnCtfScalefactor", "rlnPhaseShift", "rlnAngleRot",
      "rlnAngleTilt", "rlnOriginXAngst", "rlnOriginYAngst", "rlnNormCorrection", "rlnLogLikeliContribution",
      "rlnMaxValueProbDistribution", "rlnNrOfSignificantSamples", "rlnRandomSubset", "rlnGroupNumber",
      "rlnCtfDataAreCtfCorrected", "rlnImageOriginalName",
    ] {
      #expect(ParticleColumn.byName[name] != nil, "\(name)")
    }
    #expect(ParticleColumn.treatment(of: "rlnMyOwn") == .carried)
  }

  private func set(optics: [(String, String)] = [], particles: [(String, String)] = []) throws -> ParticleSet
  {
    let groups = [("rlnOpticsGroup", "1"), ("rlnImagePixelSize", "1")] + optics
    let rows = [("rlnAngleRot", "1"), ("rlnAngleTilt", "2"), ("rlnAnglePsi", "3"), ("rlnOpticsGroup", "1")]
    func table(_ name: String, _ columns: [(String, String)]) -> String {
      "data_\(name)\nloop_\n" + columns.map { "_\($0.0)\n" }.joined()
        + columns.map(\.1).joined(separator: " ") + "\n"
    }
    return try ParticleSet(parsed(table("optics", groups) + table("particles", rows + particles)))
  }

  /// What says nothing of the images, of each column that may say something.
  private func value(of column: ParticleColumn, harmless: Bool) -> String? {
    switch column.harmless {
    case .nothing: harmless ? nil : "7"
    case .number(let number): harmless ? "\(number)" : "\(number + 1)"
    case .noName: harmless ? "None" : "mtf_k2_300kV.star"
    }
  }

  @Test("what is untrue of new images is left out of either table, and named")
  func dropped() throws {
    let stack = try ParticleStack(path: "new.mrcs", imageSize: 8, pixelSizeInAngstroms: 1)
    let columns = ParticleColumn.all.filter { $0.treatment == .dropped }
    #expect(columns.count > 20)
    for column in columns {
      let untrue = [(column.name, try #require(value(of: column, harmless: false)))]
      for set in [try set(optics: untrue), try set(particles: untrue)] {
        #expect(set.untrueColumns(imagesHaveOptics: true) == [column.name])
        let document = try set.document(describing: stack, imagesHaveOptics: true)
        for block in document.blocks { #expect(block.table?[column.name] == nil) }
      }
      if let harmless = value(of: column, harmless: true) {
        let set = try set(optics: [(column.name, harmless)])
        #expect(set.untrueColumns(imagesHaveOptics: true).isEmpty)
        let document = try set.document(describing: stack, imagesHaveOptics: true)
        #expect(document["optics"]?.table?[column.name]?[0] == harmless)
      }
    }
    // Images without a CTF are as good as corrected for it.
    let corrected = try set(optics: [("rlnCtfDataAreCtfCorrected", "1")])
    #expect(corrected.untrueColumns(imagesHaveOptics: false).isEmpty)
  }

  @Test("sets of which no images are made are refused with the line and the reason")
  func refused() throws {
    for column in ParticleColumn.all where column.treatment == .refused {
      let set = try set(particles: [(column.name, try #require(value(of: column, harmless: false)))])
      let said = message { try set.requireImageable() }
      #expect(said.contains("_\(column.name) is '") && said.contains("line "), "\(said)")
      if let harmless = value(of: column, harmless: true) {
        #expect(throws: Never.self) { try self.set(particles: [(column.name, harmless)]).requireImageable() }
      }
    }
  }

  @Test("carried columns stay to the letter")
  func carried() throws {
    let stack = try ParticleStack(path: "new.mrcs", imageSize: 8, pixelSizeInAngstroms: 1)
    let inPixels = [
      "rlnOriginXPrior", "rlnOriginYPrior", "rlnOriginZPrior", "rlnOriginZ", "rlnHelicalTrackLength",
    ]
    let columns = ParticleColumn.all.filter { $0.treatment == .carried && !inPixels.contains($0.name) }
    let set = try set(particles: columns.map { ($0.name, "1.50") })
    let table = try #require(try set.document(describing: stack, imagesHaveOptics: true)["particles"]?.table)
    for column in columns { #expect(table[column.name]?[0] == "1.50", "\(column.name)") }
  }

  @Test("optics groups have the magnification and the even Zernike coefficients that their file says")
  func distortion() throws {
    let text = """
      data_optics
      loop_
      _rlnOpticsGroup
      _rlnMagMat00
      _rlnMagMat01
      _rlnMagMat11
      _rlnEvenZernike
      1 1.01 0.002 0.99 [0.1,-2,3e-1]
      2 1 0 1 []
      data_particles
      loop_
      _rlnAngleRot
      _rlnAngleTilt
      _rlnAnglePsi
      _rlnOpticsGroup
      0 0 0 2

      """
    let set = try ParticleSet(parsed(text))
    #expect(
      try set.magnifications() == [
        AnisotropicMagnification(firstRow: SIMD2(1.01, 0.002), secondRow: SIMD2(0, 0.99)), .none,
      ])
    #expect(
      try set.symmetricAberrations() == [SymmetricAberrations(evenZernike: [0.1, -2, 0.3]), .none])
    for (bad, says) in [("1.01 0.002", "0 0"), ("[0.1,-2,3e-1]", "[0.1,x]")] {
      let wrong = try ParticleSet(parsed(text.replacing(bad, with: says)))
      let said = message {
        _ = try wrong.magnifications()
        _ = try wrong.symmetricAberrations()
      }
      #expect(said.contains("line 8"), "\(said)")
    }
  }
}
