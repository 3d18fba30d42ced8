import ExitPlane

/// Sets of particles, each a STAR file and the stacks it names, that become one set.
///
/// The shards of a run, merged in their order, give the bytes of the run in one piece.
public struct ParticleMerging {
  /// One STAR file of the sets.
  public struct Part: Sendable {
    /// The STAR file.
    public let path: String
    /// Its particles.
    public let count: Int
  }

  /// In the order in which their particles come.
  public let parts: [Part]
  /// Of the run whose shards these are; nil for sets of other programs.
  public let record: RunRecord?
  /// Particles of all parts together.
  public var count: Int { parts.reduce(0) { $0 + $1.count } }

  /// Reads the files once, to see whether they fit each other; what is not about particles and optics is the
  /// first's.
  ///
  /// Sets that say of which run they are must be all the shards of one run. Sets of other programs are shards by
  /// their names, or are taken as they come.
  ///
  /// - Throws: `.mismatch` for no file, sets of several runs, of different optics or columns, or shards of one run of
  ///   which one is missing, there twice, or without some of its particles; what reading them throws.
  public init(paths: [String]) throws {
    let records = try paths.map { try RunRecord(ofSTAR: $0) }
    record = try Self.commonRecord(of: records, paths: paths)
    let ordered =
      record == nil
      ? try Self.inOrderOfShards(paths)
      : try Self.inOrder(zip(paths, records).map { ($0, $1?.shard ?? RunRecord.Shard(number: 1, count: 1)) })
    guard let first = ordered.first else {
      throw ExitPlaneError.mismatch("no STAR file to merge", "name some")
    }
    var reference: (optics: STARTable?, columns: [String])?
    parts = try ordered.map { path in
      let set = try ParticleSet(contentsOf: path)
      let found = (set.document["optics"]?.asTable, set.table.columns.map(\.name))
      if let reference {
        guard reference.optics == found.0 else {
          throw ExitPlaneError.mismatch(
            "\(path) has other optics groups than \(first)", "merge sets of one run")
        }
        guard reference.columns == found.1 else {
          throw ExitPlaneError.mismatch("\(path) has other columns than \(first)", "merge sets of one run")
        }
      } else {
        guard set.document["optics"] != nil, set.table["rlnImageName"] != nil else {
          throw ExitPlaneError.mismatch(
            "\(path) has no data_optics or no _rlnImageName", "merge sets as RELION 3.1 writes them")
        }
        reference = found
      }
      return Part(path: path, count: set.count)
    }
    if let expected = record?.parameters.imageCount, expected != count {
      throw ExitPlaneError.mismatch(
        "the sets have \(count) particles and their run \(expected)",
        "make the shards again, or copy them whole")
    }
  }

  /// Shards by their numbers, as `…-3-of-16.star` has them; other files as they come.
  private static func inOrderOfShards(_ paths: [String]) throws -> [String] {
    let shards = paths.compactMap { ShardName($0) }
    guard shards.count == paths.count, let count = shards.first?.count,
      shards.allSatisfy({ $0.count == count && $0.stem == shards[0].stem })
    else { return paths }
    return try inOrder(zip(paths, shards).map { ($0, RunRecord.Shard(number: $1.number, count: count)) })
  }

  /// All shards of a set, each once.
  private static func inOrder(_ shards: [(path: String, shard: RunRecord.Shard)]) throws -> [String] {
    let sorted = shards.sorted { $0.shard.number < $1.shard.number }
    let numbers = sorted.map(\.shard.number)
    let count = sorted.first?.shard.count ?? 0
    if let twice = zip(numbers, numbers.dropFirst()).first(where: { $0 == $1 }) {
      throw ExitPlaneError.mismatch("shard \(twice.0) of \(count) is there twice", "name every shard once")
    }
    let present = Set(numbers)
    if count > 0, let missing = (1...count).first(where: { !present.contains($0) }) {
      throw ExitPlaneError.mismatch(
        "shard \(missing) of \(count) is missing", "name every shard, or run it first")
    }
    return sorted.map(\.path)
  }

  /// The record of the set that all are shards of; nil where none has one.
  private static func commonRecord(of records: [RunRecord?], paths: [String]) throws -> RunRecord? {
    guard let (first, path) = zip(records, paths).first(where: { $0.0 != nil }), let first else { return nil }
    for (other, otherPath) in zip(records, paths) {
      guard let other else {
        throw ExitPlaneError.mismatch(
          "\(otherPath) does not say of which run it is, and \(path) does", "merge the shards of one run")
      }
      let differences = other.ofWhole.differences(from: first.ofWhole)
      guard differences.isEmpty else {
        throw ExitPlaneError.mismatch(
          "\(otherPath) is of another run than \(path): \(differences.joined(separator: ", "))",
          "merge the shards of one run")
      }
      guard other.shard?.count == first.shard?.count else {
        throw ExitPlaneError.mismatch(
          "\(path) is \(Self.described(first.shard)) and \(otherPath) \(Self.described(other.shard))",
          "merge the shards of one run")
      }
    }
    return first.ofWhole
  }

  private static func described(_ shard: RunRecord.Shard?) -> String {
    shard.map { "shard \($0)" } ?? "a whole set"
  }

  private struct ShardName {
    let stem: String
    let number: Int
    let count: Int

    init?(_ path: String) {
      let words = path.split(separator: "-", omittingEmptySubsequences: false)
      guard words.count >= 4, words[words.count - 2] == "of", let last = words.last, last.hasSuffix(".star"),
        let number = Int(words[words.count - 3]), let count = Int(last.dropLast(5)), count > 0, number > 0
      else { return nil }
      stem = words.dropLast(3).joined(separator: "-")
      (self.number, self.count) = (number, count)
    }
  }

  /// Writes the STAR file of all particles.
  ///
  /// - Parameters:
  ///   - sink: takes the bytes.
  ///   - imageName: what a particle's image is called now, from its number in the merged set, from 1, its present
  ///     name, and the STAR file that name stands in.
  /// - Throws: what reading the files and the sink throw.
  public func writeSTAR(
    to sink: @escaping ByteSink,
    imageName: (_ number: Int, _ present: ParticleImageName, _ file: String) throws -> ParticleImageName
  ) throws {
    var writer = STARWriter(to: sink)
    var number = 0
    for (index, part) in parts.enumerated() {
      let set = try ParticleSet(contentsOf: part.path)
      guard set.count == part.count, let present = try set.imageNames() else {
        throw ExitPlaneError.mismatch("\(part.path) was changed while it was merged", "merge again")
      }
      var table = set.table
      try table.setColumn(
        STARColumn(
          name: "rlnImageName",
          values: present.map { name in
            number += 1
            return try imageName(number, name, part.path).description
          }))
      if index == 0 {
        for block in set.document.blocks where block.name != "particles" { try writer.write(block) }
        try writer.beginBlock("particles")
        try writer.beginLoop(table.columns.map(\.name))
      }
      try writer.appendRows(0..<table.rowCount, of: table)
    }
    try writer.endBlock()
    try writer.finish()
  }

  /// An image of the sets to merge.
  public struct Image: Sendable {
    /// In the merged set, from 0.
    public let number: Int
    /// The stack that has the image now.
    public let stackPath: String
    /// Of the STAR file that names it.
    public let starPath: String
    /// In its stack, from 0.
    public let index: Int
    /// The number of its optics group, `rlnOpticsGroup`.
    public let opticsGroup: Int
  }

  /// The images of all particles, in their order.
  ///
  /// - Throws: what reading the files throws.
  public func forEachImage(_ body: (Image) throws -> Void) throws {
    var number = 0
    for part in parts {
      let set = try ParticleSet(contentsOf: part.path)
      for (row, name) in (try set.imageNames() ?? []).enumerated() {
        try body(
          Image(
            number: number, stackPath: name.stackPath(namedIn: part.path), starPath: part.path,
            index: name.number - 1, opticsGroup: set.opticsGroups[set.opticsGroupIndices[row]].number))
        number += 1
      }
    }
  }
}
