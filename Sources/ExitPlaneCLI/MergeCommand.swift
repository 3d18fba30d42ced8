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

struct MergeCommand: TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Make one particle set of the shards of a run.",
    discussion: """
      Writes NAME.star and NAME.mrcs (or a stack each optics group, as the run would), the same bytes as a run in \
      one piece. With --keep-stacks the images stay \
      where they are, and NAME.star names several stacks. Shards say of which run they are: they are put in their \
      order, and none may be missing or of another run. Sets of other programs are merged in the order given, if \
      they agree in optics and columns, and their stacks in pixel size, shape and precision.

      Example:
        exitplane merge set-*-of-16.star --output set
      """)

  @Argument(help: "The STAR files of the shards.")
  var sets: [String]

  @Option(name: [.short, .long], help: "The name of the merged set, without a suffix.")
  var output: String

  @Flag(help: "Leave the images in their stacks, and write a STAR file alone.")
  var keepStacks = false

  @OptionGroup
  var talk: TalkOptions

  func run() throws {
    try requireFiles(sets)
    let name = try setName(output)
    let starPath = name + ".star"
    let merging = try ParticleMerging(paths: sets)
    let stacks = try MergedStacks(of: merging, path: name + ".mrcs")
    try requireSeparateFiles(
      outputs: (keepStacks ? [] : stacks.stacks.map(\.path)) + [starPath], inputs: sets + stacks.paths)
    let files = try ParticleSetOutput(starPath: starPath)
    if keepStacks {
      try files.writeSTAR(record: merging.record) {
        try merging.writeSTAR(to: $0) { _, present, file in
          ParticleImageName(number: present.number, path: try path(of: present, in: file))
        }
      }
      try files.commit([])
      return say("wrote \(starPath): \(merging.count) images in the stacks of \(sets.count) sets")
    }
    let writers = try stacks.stacks.map { stack in
      try MRCStackWriter(
        path: stack.path, shape: stack.kind.shape, count: stack.count,
        pixelSizeInAngstroms: stack.kind.pixelSizeInAngstroms, mode: stacks.mode, isOfSet: true)
    }
    try files.writeSTAR(record: merging.record) {
      try merging.writeSTAR(to: $0) { number, _, _ in
        let place = stacks.place(of: number - 1)
        return ParticleImageName(number: place.index + 1, path: stacks.stacks[place.stack].path)
      }
    }
    try copyImages(merging, to: stacks, writers)
    try files.commit(writers)
    let paths = stacks.stacks.map(\.path).joined(separator: ", ")
    say("wrote \(merging.count) images of \(sets.count) sets to \(paths), their poses to \(starPath)")
  }

  private func copyImages(
    _ merging: ParticleMerging, to stacks: MergedStacks, _ writers: [MRCStackWriter]
  ) throws {
    // Sets of several stacks take their images from each in turn.
    var sources: [String: MRCFile] = [:]
    let progress = ProgressBar(what: "merging", count: merging.count)
    try merging.forEachImage { image in
      let file: MRCFile
      if let source = sources[image.stackPath] {
        file = source
      } else {
        if sources.count >= 8 { sources = [:] }
        file = try MRCFile(path: image.stackPath)
        sources[image.stackPath] = file
      }
      let place = stacks.place(of: image.number)
      try writers[place.stack].write(file.readImage(image.index, as: Float.self), at: place.index)
      progress.advance()
    }
    progress.finish()
  }

  /// The stack of an image as the merged STAR file has to name it: as this working directory sees it.
  private func path(of name: ParticleImageName, in file: String) throws -> String {
    let path = name.stackPath(namedIn: file)
    guard access(path, F_OK) == 0 else {
      throw ExitPlaneError.file(
        path, kind: .unreadableFile, found: "\(file) names this stack, which is not there",
        need: "merge from the folder from which the sets were made, or keep their stacks beside them")
    }
    return path
  }
}
