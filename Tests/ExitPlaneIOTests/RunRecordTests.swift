import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("Run records")
struct RunRecordTests {
  private func record(seed: Int = 1, shard: RunRecord.Shard? = nil) -> RunRecord {
    var parameters = RunParameters()
    parameters.append("version", "# version 3")
    parameters.append("seed", seed)
    parameters.append("input", "data_particles = 50%25 of\nmêlée\u{1b}[2J, 12 bytes")
    parameters.append(imageCount: 7)
    return RunRecord(parameters: parameters, shard: shard)
  }

  private func write(_ record: RunRecord?, _ text: String, to path: String) throws {
    let set = try ParticleSetOutput(starPath: path)
    try set.writeSTAR(record: record) { sink in try Array(text.utf8).withUnsafeBytes { try sink($0) } }
    try set.commit([])
  }

  @Test("a record is read back from the head of a STAR file, whatever is in it")
  func roundTrip() throws {
    let folder = try ScratchFolder()
    for shard in [nil, RunRecord.Shard(number: 3, count: 16)] {
      try write(record(shard: shard), "\n# version 30001\n\ndata_optics\n", to: folder("a.star"))
      let found = try #require(try RunRecord(ofSTAR: folder("a.star")))
      #expect(found == record(shard: shard) && found.parameters.imageCount == 7)
      #expect(found.differences(from: record(shard: shard)).isEmpty)
      #expect(found.differences(from: record(seed: 2, shard: shard)) == ["seed was 2 and is 1"])
    }
    #expect(
      record(shard: .init(number: 1, count: 2)).differences(from: record()) == [
        "shard was the whole and is 1 of 2"
      ])
  }

  @Test("other programs find no table and no version in it, and ours no other document")
  func harmless() throws {
    let folder = try ScratchFolder()
    let text = "\n# version 30001\n\ndata_optics\n\nloop_\n_rlnOpticsGroup #1\n1\n\n"
    try write(record(), text, to: folder("with.star"))
    try write(nil, text, to: folder("without.star"))
    let written = String(decoding: try folder.read("with.star"), as: UTF8.self)
    let head = try #require(written.range(of: text)).lowerBound
    // RELION looks for these two in any line.
    for word in ["data_", "# version "] { #expect(!written[..<head].contains(word), "\(word)") }
    #expect(written[..<head].split(separator: "\n").allSatisfy { $0.hasPrefix("# ") })
    #expect(written[..<head].unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 })
    #expect(
      try STARDocument(contentsOf: folder("with.star")) == STARDocument(contentsOf: folder("without.star")))
    #expect(try RunRecord(ofSTAR: folder("without.star")) == nil)
    for damaged in ["", "# ExitPlane", "# ExitPlane run\n# shard: 3/2\n", "# ExitPlane run\n# run: seed\n"] {
      try folder.write(Array(damaged.utf8), to: "damaged.star")
      #expect(try RunRecord(ofSTAR: folder("damaged.star")) == nil, "\(damaged)")
    }
  }

  @Test("a set is finished when its record and its stack's size say so, and no run is under way")
  func finished() throws {
    let folder = try ScratchFolder()
    try folder.write([UInt8](repeating: 0, count: 100), to: "a.mrcs")
    func isFinished(_ record: RunRecord, byteCount: Int = 100) throws -> Bool {
      try ParticleSetOutput(starPath: folder("a.star"))
        .isFinished(as: record, stacks: [(folder("a.mrcs"), byteCount)])
    }
    #expect(try !isFinished(record()))
    try write(record(), "data_\n", to: folder("a.star"))
    #expect(try isFinished(record()))
    #expect(try !isFinished(record(), byteCount: 101))
    expectRefusal(.mismatch, saying: "another run", "seed was 1 and is 2", "leave out --resume") {
      try isFinished(record(seed: 2))
    }
    expectRefusal(.mismatch, saying: "shard was the whole and is 1 of 2") {
      try isFinished(record(shard: .init(number: 1, count: 2)))
    }
    for suffix in ["checkpoint", "partial"] {
      try folder.write([1], to: "a.mrcs.\(suffix)")
      #expect(try !isFinished(record(seed: 2)))
      try FileManager.default.removeItem(atPath: folder("a.mrcs.\(suffix)"))
    }
    try write(nil, "data_\n", to: folder("a.star"))
    expectRefusal(.mismatch, saying: "does not say of which run") { try isFinished(record()) }
  }
}
