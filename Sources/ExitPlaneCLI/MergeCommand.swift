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

struct MergeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "merge",
    abstract: "Make one particle set of the shards of a run.",
    discussion: """
      Writes NAME.star and NAME.mrcs, the same bytes as a run in one piece. With --keep-stacks the images stay \
      where they are, and NAME.star names several stacks. Shards are put in their order, and none may be missing; \
      other sets are merged in the order given, if they agree in optics and columns.

      Example:
        exitplane merge set-*-of-16.star --output set
      """)

  @Argument(help: "The STAR files of the shards.")
  var sets: [String]

  @Option(name: [.short, .long], help: "The name of the merged set, without a suffix.")
  var output: String

  @Flag(help: "Leave the images in their stacks, and write a STAR file alone.")
  var keepStacks = false

  func run() throws {
    installInterruptHandler()
    let name = setName(output)
    let starPath = name + ".star"
    let stackPath = name + ".mrcs"
    for path in sets where isSameFile(path, starPath) {
      throw ExitPlaneError.mismatch("\(starPath) would be written over an input", "name another --output")
    }
    let merging = try ParticleMerging(paths: sets)
    let star = try AtomicFile(path: starPath)
    if keepStacks {
      let sink = SequentialSink(star)
      try merging.writeSTAR(to: sink.append) { _, present, file in
        ParticleImageName(number: present.number, path: try path(of: present, in: file, seenFrom: starPath))
      }
      try star.commit()
      return say("wrote \(starPath): \(merging.count) images in the stacks of \(sets.count) sets")
    }
    try mergeStacks(merging, into: stackPath)
    let sink = SequentialSink(star)
    try merging.writeSTAR(to: sink.append) { number, _, _ in
      ParticleImageName(number: number, path: lastComponent(of: stackPath))
    }
    try star.commit()
    say("wrote \(merging.count) images of \(sets.count) sets to \(stackPath), their poses to \(starPath)")
  }

  private func mergeStacks(_ merging: ParticleMerging, into path: String) throws {
    var source: MRCFile?
    var writer: MRCStackWriter?
    let progress = ProgressBar(what: "merging", count: merging.count)
    try merging.forEachImage { number, stack, index in
      if source?.path != stack {
        guard !isSameFile(stack, path) else {
          throw ExitPlaneError.mismatch(
            "\(path) would be written over the input \(stack)", "name another --output")
        }
        source = try MRCFile(path: stack)
      }
      guard let file = source else { return }
      if writer == nil {
        guard let pixelSize = try file.voxelSizeInAngstroms else {
          throw ExitPlaneError.file(
            stack, at: .byte(28), found: "the header gives no pixel size",
            need: "merge stacks that state theirs")
        }
        writer = try MRCStackWriter(
          path: path, shape: file.shape, count: merging.count, pixelSizeInAngstroms: pixelSize,
          mode: file.header.mode == .float16 ? .float16 : .float32)
      }
      try writer?.write(file.readImage(index, as: Float.self), at: number)
      progress.advance()
    }
    progress.finish()
    try writer?.finish()
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

/// The name that a set's stack and STAR file have in common.
func setName(_ output: String) -> String {
  for suffix in [".mrcs", ".star"] where output.hasSuffix(suffix) && lastComponent(of: output) != suffix {
    return String(output.dropLast(suffix.count))
  }
  return output
}
