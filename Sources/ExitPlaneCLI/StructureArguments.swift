import ArgumentParser
import ExitPlane
import ExitPlaneIO

extension StructureOptions.Centring: ExpressibleByArgument {
  /// A name, or a point as "10,-2.5,30".
  public init?(argument: String) {
    switch argument {
    case "mass": self = .mass
    case "geometry": self = .geometry
    case "selection": self = .selection
    case "none": self = .none
    default:
      let numbers = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
      guard numbers.count == 3, let x = numbers[0], let y = numbers[1], let z = numbers[2],
        [x, y, z].allSatisfy({ abs($0) <= 1e9 })
      else { return nil }
      self = .point(inAngstroms: SIMD3(x, y, z))
    }
  }

  public static var allValueStrings: [String] { ["mass", "geometry", "selection", "none", "x,y,z"] }
}

enum AlternateLocations: String, ExpressibleByArgument, CaseIterable {
  case highest
  case all
}

struct StructureArguments: ParsableArguments {
  @Option(help: "The model, by its name in the file; the first by default.")
  var model: String?

  @Option(help: "The atoms to take, in gemmi's syntax: 'A,B', '//A/10-40', '(ALA)'.")
  var selection: String?

  @Option(help: "A biological assembly, by its name in the file.")
  var assembly: String?

  @Option(help: "Alternate locations: the one of highest occupancy (the default), or all.")
  var altlocs: AlternateLocations?

  @Flag(help: "Leave out hydrogens.")
  var noHydrogens = false

  @Flag(help: "Leave out waters.")
  var noWaters = false

  @Flag(help: "Leave out what the file lists as HETATM, waters among it.")
  var noHetatm = false

  @Flag(help: "Take every B-factor as 0.")
  var ignoreBFactors = false

  @Option(parsing: .unconditional, help: "Take every B-factor as this, in Å².")
  var bFactor: Double?

  @Flag(help: "Weigh every atom by 1 instead of its occupancy.")
  var ignoreOccupancies = false

  @Option(
    parsing: .unconditional,
    help: """
      What becomes the origin: the centre of mass (the default) or the middle of the extent of the whole model or \
      assembly, whichever of its atoms are taken; the centre of mass of the atoms that are taken ('selection'); the \
      file's own origin ('none'); or a point of the file in Å.
      """)
  var centre: StructureOptions.Centring?

  mutating func validate() throws {
    if ignoreBFactors, bFactor != nil {
      throw ValidationError("give --ignore-b-factors or --b-factor, not both")
    }
  }

  func options() throws -> StructureOptions {
    if let bFactor { try PlausibleRange.atomicBFactor.require(bFactor) }
    return StructureOptions(
      model: model, selection: selection, assembly: assembly,
      alternates: altlocs == .all ? .all : .highestOccupancy, keepsHydrogens: !noHydrogens,
      keepsWaters: !noWaters, keepsHeteroatoms: !noHetatm,
      bFactors: bFactor.map { .replaced(squareAngstroms: $0) } ?? (ignoreBFactors ? .ignored : .used),
      usesOccupancies: !ignoreOccupancies, centring: centre ?? .mass)
  }

  /// What was given of these options, which are for structures alone.
  func uses(areUsed: Bool) -> [OptionUse] {
    [
      ("--model", model != nil), ("--selection", selection != nil), ("--assembly", assembly != nil),
      ("--altlocs", altlocs != nil), ("--no-hydrogens", noHydrogens), ("--no-waters", noWaters),
      ("--no-hetatm", noHetatm), ("--ignore-b-factors", ignoreBFactors), ("--b-factor", bFactor != nil),
      ("--ignore-occupancies", ignoreOccupancies), ("--centre", centre != nil),
    ].map { OptionUse($0, given: $1, used: areUsed, for: "structures") }
  }

  /// - Parameter defaultCentring: what `--centre` is where it is not given.
  func load(
    _ path: String, defaultCentring: StructureOptions.Centring = .mass
  ) throws -> AtomicStructure {
    var options = try options()
    if centre == nil { options.centring = defaultCentring }
    let file = try StructureFile(path: path)
    if let score = file.confidenceScoreName, options.bFactors == .used {
      say(
        """
        warning: \(path) has \(score) in place of B-factors, so that the surest atoms are blurred most; \
        --ignore-b-factors leaves all sharp, and --b-factor blurs all alike
        """)
    }
    return try file.atoms(options)
  }
}
