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
      Writes NAME.star and NAME.mrcs, the same bytes as a run in one piece. With --keep-stacks the images stay \
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
    installInterruptHandler()
    try requireFiles(sets)
    let name = try setName(output)
    let (stackPath, starPath) = (name + ".mrcs", name + ".star")
    let merging = try ParticleMerging(paths: sets)
    let stacks = try MergedStacks(of: merging)
    try requireSeparateFiles(
      outputs: keepStacks ? [starPath] : [stackPath, starPath], inputs: sets + stacks.paths)
    let files = try ParticleSetOutput(starPath: starPath)
    if keepStacks {
      try files.writeSTAR(record: merging.record) {
        try merging.writeSTAR(to: $0) { _, present, file in
          ParticleImageName(number: present.number, path: try path(of: present, in: file, seenFrom: starPath))
        }
      }
      try files.commit([])
      return say("wrote \(starPath): \(merging.count) images in the stacks of \(sets.count) sets")
    }
    let stack = try MRCStackWriter(
      path: stackPath, shape: stacks.shape, count: merging.count,
      pixelSizeInAngstroms: stacks.pixelSizeInAngstroms, mode: stacks.mode, isOfSet: true)
    try files.writeSTAR(record: merging.record) {
      try merging.writeSTAR(to: $0) { number, _, _ in
        ParticleImageName(number: number, path: lastComponent(of: stackPath))
      }
    }
    try copyImages(merging, into: stack)
    try files.commit([stack])
    say("wrote \(merging.count) images of \(sets.count) sets to \(stackPath), their poses to \(starPath)")
  }

  private func copyImages(_ merging: ParticleMerging, into stack: MRCStackWriter) throws {
    var source: MRCFile?
    let progress = ProgressBar(what: "merging", count: merging.count)
    try merging.forEachImage { number, path, index in
      let file: MRCFile
      if let source, source.path == path {
        file = source
      } else {
        file = try MRCFile(path: path)
        source = file
      }
      try stack.write(file.readImage(index, as: Float.self), at: number)
      progress.advance()
    }
    progress.finish()
  }

  /// The stack of an image as the merged STAR file has to name it.
  private func path(of name: ParticleImageName, in file: String, seenFrom star: String) throws -> String {
    guard !name.path.hasPrefix("/") else { return name.path }
    let folders = [file, star].map { path in String(path.dropLast(lastComponent(of: path).count)) }
    if isSameFile(folders[0].isEmpty ? "." : folders[0], folders[1].isEmpty ? "." : folders[1]) {
      return name.path
    }
    let beside = name.path(besideFile: file)
    guard let resolved = realpath(beside, nil) else {
      throw ExitPlaneError.file(
        beside, kind: .unreadableFile, found: "\(file) names this stack, which is not there",
        need: "merge sets whose stacks are beside them")
    }
    defer { free(resolved) }
    return String(cString: resolved)
  }
}
