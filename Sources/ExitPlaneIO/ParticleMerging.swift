import ExitPlane

/// Sets of particles, each a STAR file and the stacks it names, that become one set.
///
/// The shards of a run, merged in their order, give the bytes of the run in one piece.
public struct ParticleMerging {
  /// One STAR file of the sets.
  public struct Part: Sendable {
    public let path: String
    public let count: Int
  }

  /// In the order in which their particles come.
  public let parts: [Part]
  public var count: Int { parts.reduce(0) { $0 + $1.count } }

  /// Reads the files once, to see whether they fit each other; what is not about particles and optics is the
  /// first's.
  ///
  /// - Throws: `.mismatch` for no file, sets of different optics or columns, or shards of one run of which one is
  ///   missing or there twice; what reading them throws.
  public init(paths: [String]) throws {
    let ordered = try Self.inOrderOfShards(paths)
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
  }

  /// Shards by their numbers, as `…-3-of-16.star` has them; other files as they come.
  private static func inOrderOfShards(_ paths: [String]) throws -> [String] {
    let shards = paths.compactMap { ShardName($0) }
    guard shards.count == paths.count, let count = shards.first?.count,
      shards.allSatisfy({ $0.count == count && $0.stem == shards[0].stem })
    else { return paths }
    let sorted = zip(shards, paths).sorted { $0.0.number < $1.0.number }
    let numbers = sorted.map(\.0.number)
    if let twice = zip(numbers, numbers.dropFirst()).first(where: { $0 == $1 }) {
      throw ExitPlaneError.mismatch("shard \(twice.0) of \(count) is there twice", "name every shard once")
    }
    if let missing = (1...count).first(where: { !numbers.contains($0) }) {
      throw ExitPlaneError.mismatch(
        "shard \(missing) of \(count) is missing", "name every shard, or run it first")
    }
    return sorted.map(\.1)
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
  /// - Parameter imageName: what a particle's image is called now, from its number in the merged set, from 1, its
  ///   present name, and the STAR file that name stands in.
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

  /// The images of all particles, in their order, by stack and index in it from 0.
  ///
  /// - Throws: what reading the files throws.
  public func forEachImage(_ body: (_ number: Int, _ stack: String, _ index: Int) throws -> Void) throws {
    var number = 0
    for part in parts {
      for name in try ParticleSet(contentsOf: part.path).imageNames() ?? [] {
        try body(number, name.path(besideFile: part.path), name.number - 1)
        number += 1
      }
    }
  }
}
