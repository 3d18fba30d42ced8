import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A stack that is written image by image and takes its name at the end, alone or with others of a set.
public protocol StackWriter: Sendable {
  /// The file's final name.
  var path: String { get }

  /// Brings the whole file to the disk, header and all. To be called once, after every image is written.
  ///
  /// - Throws: `.invalidValue` when an image was not written; `.unwritableFile`.
  func complete() throws

  /// Puts the complete file under its name.
  ///
  /// - Throws: `.unwritableFile`; what is under the name is then as it was.
  func takeName() throws
}

/// The STAR file of a set and the stacks that it names, one or several, which take their names together.
///
/// A STAR file under its name always names images of its own run, whenever another process looks and whenever this
/// one is killed: an older STAR file goes before the first new stack comes, and the new one comes last. One process
/// at a time writes a set, for as long as the object lives. In the order of use:
///
///     let set = try ParticleSetOutput(starPath: "set.star")   // nobody else writes it from now on
///     let stack = try MRCStackWriter(path: "set.mrcs", …, isOfSet: true)
///     try set.writeSTAR { try poses.write(to: $0) }           // what is wrong with it shows before the work
///     …                                                       // every image
///     try set.commit([stack])
///
/// Signals wait while names change; a process that is killed there leaves a stack without a STAR file at the worst.
public final class ParticleSetOutput: Sendable {
  private let star: AtomicFile

  /// - Throws: `.unwritableFile`, also where another process is writing the set.
  public init(starPath: String) throws {
    star = try AtomicFile(path: starPath, temporary: .shared)
  }

  /// The STAR file's final name.
  public var starPath: String { star.path }

  /// Writes the STAR file, and takes its room on the disk; nothing is under its name before `commit`.
  ///
  /// - Parameters:
  ///   - record: what the set depends on, to be found again by later runs.
  ///   - body: writes to the sink that it is given.
  /// - Throws: `.unwritableFile`; what `body` throws.
  public func writeSTAR(
    record: RunRecord? = nil, _ body: (_ sink: @escaping ByteSink) throws -> Void
  ) throws {
    let sink = star.makeSink()
    try record?.write(to: sink)
    try body(sink)
    try star.synchronize()
  }

  /// Whether the set is there, finished, and of the run of a record: nothing is left to do for that.
  ///
  /// Where a run has not ended, and has left its working files, there is no finished set whatever has the names.
  ///
  /// - Parameters:
  ///   - record: of the run that asks.
  ///   - stacks: their paths, and their sizes when they are whole.
  /// - Throws: `.mismatch` for a finished set of another run, or of one that is not known.
  public func isFinished(as record: RunRecord, stacks: [(path: String, byteCount: Int)]) throws -> Bool {
    let targets = try stacks.map { try FileTarget($0.path) }
    guard star.target.present != nil,
      !targets.flatMap({ [$0.checkpointPath, $0.partialPath] }).contains(where: {
        (try? FileStatus(of: $0)) != nil
      })
    else { return false }
    guard let found = try RunRecord(ofSTAR: star.path) else {
      throw ExitPlaneError.mismatch(
        "\(star.path) is there and does not say of which run it is",
        "leave out --resume to make the set anew, or name another output")
    }
    let differences = record.differences(from: found)
    guard differences.isEmpty else {
      throw ExitPlaneError.mismatch(
        "\(star.path) is the finished set of another run: \(differences.joined(separator: ", "))",
        "leave out --resume to replace it, or name another output")
    }
    return zip(targets, stacks).allSatisfy { $0.present?.byteCount == $1.byteCount }
  }

  /// Puts the stacks and the STAR file under their names.
  ///
  /// - Throws: as `StackWriter`; `.unwritableFile`. The older set is then as it was, unless one of its stacks has
  ///   already been replaced: then there is no STAR file.
  public func commit(_ stacks: [any StackWriter]) throws {
    for stack in stacks { try stack.complete() }
    try TemporaryRegistry.withoutEnd {
      let hasOlder = try setOlderAside()
      var replacedCount = 0
      do {
        for stack in stacks {
          try stack.takeName()
          replacedCount += 1
        }
        try star.takeName()
      } catch {
        if hasOlder, replacedCount == 0 { rename(star.target.previousPath, star.target.path) }
        throw error
      }
      // Also what a killed process left.
      unlink(star.target.previousPath)
    }
    star.target.synchronizeFolder()
  }

  /// Takes the older STAR file from its name, for as long as it can come back.
  private func setOlderAside() throws -> Bool {
    let target = star.target
    guard rename(target.path, target.previousPath) == 0 else {
      let error = SystemError.last
      guard error.code == ENOENT else { throw AtomicFile.unwritable(star.path, error) }
      return false
    }
    // On the disk before any stack's new name is.
    target.synchronizeFolder()
    return true
  }
}
