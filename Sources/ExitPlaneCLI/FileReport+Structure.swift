import ExitPlane
import ExitPlaneIO

extension FileReport {
  init(structure path: String, _ atoms: StructureArguments) throws {
    let file = try StructureFile(path: path)
    let options = try atoms.options()
    let summary = try file.summary(options)
    self.init(kind: "structure", text: "structure")
    say("models", Self.names(summary.modelNames))
    say("assemblies", Self.names(summary.assemblyNames))
    say("chains", Self.names(summary.chainNames))
    state("models", .strings(summary.modelNames))
    state("assemblies", .strings(summary.assemblyNames))
    state("chains", .strings(summary.chainNames))
    describeAtoms(summary)
    describeSize(summary)
  }

  private mutating func describeAtoms(_ summary: StructureSummary) {
    say(
      "atoms",
      "\(summary.atomCount) in \(summary.residueCount) residues of \(summary.chainCount) chains; "
        + "\(summary.hydrogenCount) hydrogens, \(summary.waterCount) of waters, "
        + "\(summary.heteroatomCount) HETATM, \(summary.alternateCount) alternate locations")
    for (name, count) in [
      ("atoms", summary.atomCount), ("residues", summary.residueCount), ("chain_copies", summary.chainCount),
      ("hydrogens", summary.hydrogenCount), ("water_atoms", summary.waterCount),
      ("heteroatoms", summary.heteroatomCount), ("alternate_locations", summary.alternateCount),
    ] { state(name, .integer(count)) }
    say("elements", summary.elements.map { "\($0.symbol) \($0.count)" }.joined(separator: ", "))
    state("elements", .object(summary.elements.map { ($0.symbol, .integer($0.count)) }))
    say("mass", "\(rounded(summary.massInDaltons / 1000, places: 1)) kDa")
    state("mass", .number(summary.massInDaltons))
    let bFactors = summary.bFactorRangeInSquareAngstroms
    let score = summary.confidenceScoreName
    say(
      "B-factors",
      "\(bFactors.lowerBound) to \(bFactors.upperBound) Å²" + (score.map { ", which are \($0)" } ?? ""))
    state("b_factors", .range(bFactors))
    state("b_factors_are", score.map { .string($0) } ?? .null)
    say("occupancies", "\(summary.occupancyRange.lowerBound) to \(summary.occupancyRange.upperBound)")
    state("occupancies", .range(summary.occupancyRange))
  }

  private mutating func describeSize(_ summary: StructureSummary) {
    say("extent", "\(Self.vector(summary.extentInAngstroms, places: 1, separator: " × ")) Å")
    state("extent", .vector(summary.extentInAngstroms))
    state("radius", .number(summary.radiusInAngstroms))
    let boxes = [0.8, 1, 1.5, 2].map { size in
      (
        size,
        try? AtomicStructure.boxSize(radiusInAngstroms: summary.radiusInAngstroms, pixelSizeInAngstroms: size)
      )
    }
    say(
      "box needed",
      boxes.map { size, box in "\(box.map { "\($0)" } ?? "over \(GridShape.largestAxis)") at \(size) Å" }
        .joined(separator: ", "))
    state(
      "boxes",
      .array(
        boxes.map { size, box in
          .object([("pixel_size", .number(size)), ("box", box.map { .integer($0) } ?? .null)])
        }))
  }
}
