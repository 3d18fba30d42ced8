import ArgumentParser
import ExitPlane
import ExitPlaneIO

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

struct DemoCommand: TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Build a protein, render it to a map and project it: no input is needed.",
    discussion: """
      The protein is made from ideal geometry: five four-helix bundles in an open spiral round a two-stranded \
      coiled coil. Its map is projected at random orientations by Fourier slices.

      Leaves in the folder: model.pdb, map.mrc, particles.mrcs, particles.star and, to look at first, \
      particles.png.

      Example:
        exitplane demo --images 100 --output trial
      """)

  /// The protein reaches 86 Å from its centre: half the box is 90.
  private static let boxSize = 128
  private static let voxelSizeInAngstroms = 1.4
  private static let sheetColumns = 8
  private static let sheetRows = 6

  @Option(name: [.short, .long], help: "The folder to write to, made where it is missing.")
  var output = "exitplane-demo"

  @Option(parsing: .unconditional, help: "The number of images.")
  var images = 500

  @OptionGroup
  var talk: TalkOptions

  func validate() throws {
    guard (1...100_000).contains(images) else {
      throw ValidationError("--images is \(images); it must be 1 to 100000")
    }
    guard !output.isEmpty else { throw ValidationError("--output is empty; name a folder") }
  }

  func run() throws {
    // Where this fails, the first file to be written says why.
    _ = mkdir(output, 0o777)
    func path(_ name: String) -> String { output + "/" + name }
    let names = ["model.pdb", "map.mrc", "particles.mrcs", "particles.star", "particles.png"]
    try requireSeparateFiles(outputs: names.map(path), inputs: [])

    let structure = IdealStructure()
    try writeFileAtomically(
      path("model.pdb"), encodePDB(structure, title: "HELICES OF IDEAL GEOMETRY, BY EXITPLANE DEMO"))
    let map = try structure.map(boxSize: Self.boxSize, voxelSizeInAngstroms: Self.voxelSizeInAngstroms)
    try writeMRCVolume(path("map.mrc"), map)

    let volume = try FourierVoxelGridVolume(
      map, padScale: 2, griddingCorrection: true, threads: availableProcessors)
    let plane = try ImageConfiguration(
      shape: GridShape(square: Self.boxSize), pixelSizeInAngstroms: Self.voxelSizeInAngstroms)
    try writeParticles(
      [FourierSliceExtraction(sliceGrid: .image).makeProjector(for: volume, onto: plane)],
      groups: ImageGroups(plane),
      stacks: ParticleStacks(path: path("particles.mrcs"), kind: .init(plane), rows: 0..<images),
      poses: .generated(PoseGenerator(seed: 0), count: images),
      starPath: path("particles.star"), threads: availableProcessors)

    // Read back, so that the picture shows what is in the file.
    let stack = try MRCFile(path: path("particles.mrcs"))
    let shown = try (0..<min(images, Self.sheetColumns * Self.sheetRows)).map {
      try stack.readImage($0, as: Float.self)
    }
    try writeFileAtomically(
      path("particles.png"), ContactSheet(columns: Self.sheetColumns).png(of: shown))

    if talk.quiet { return }
    let box = "\(Self.boxSize)³ voxels of \(Self.voxelSizeInAngstroms) Å"
    show(
      """
      \(path("model.pdb")): a protein of \(structure.atoms.count) atoms, from ideal geometry
      \(path("map.mrc")): its map, \(box)
      \(path("particles.mrcs")): \(images) projections of the map
      \(path("particles.star")): their orientations, for RELION and its kind
      \(path("particles.png")): \(shown.count) of the projections, to look at
      """, keepingLines: true)
  }
}
