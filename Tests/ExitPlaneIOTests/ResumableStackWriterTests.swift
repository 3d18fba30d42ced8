import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("Resumable stacks")
struct ResumableStackWriterTests {
  private let shape: GridShape
  private let count = 7

  init() throws { shape = try GridShape(rows: 6, columns: 5) }

  private func image(_ index: Int) -> [Float] {
    (0..<shape.count).map { Float(($0 * 7 + index * 13) % 29) - 11 }
  }

  private func parameters(seed: Int = 1) -> RunParameters {
    var parameters = RunParameters()
    parameters.append("seed", seed)
    parameters.append("input", "map of\ntwo lines")
    return parameters
  }

  private func open(
    _ path: String, mode: MRCOutputMode = .float32, seed: Int = 1, count: Int? = nil, resumes: Bool,
    interval: Double = 0, reserves: Bool = true
  ) throws -> ResumableStackWriter {
    try ResumableStackWriter(
      path: path, shape: shape, count: count ?? self.count, pixelSizeInAngstroms: 1.25, mode: mode,
      parameters: parameters(seed: seed), resumes: resumes, checkpointIntervalInSeconds: interval,
      reservesSpace: reserves)
  }

  private func write(_ range: Range<Int>, to writer: ResumableStackWriter) throws {
    for index in range { try image(index).withUnsafeBufferPointer { try writer.write($0, at: index) } }
  }

  private func reference(_ path: String, mode: MRCOutputMode) throws {
    let writer = try MRCStackWriter(
      path: path, shape: shape, count: count, pixelSizeInAngstroms: 1.25, mode: mode)
    for index in 0..<count { try image(index).withUnsafeBufferPointer { try writer.write($0, at: index) } }
    try writer.finish()
  }

  @Test("interrupted anywhere, resumed, and finished, a stack is the one written at once", arguments: 0...7)
  func resumes(end: Int) throws {
    let folder = try ScratchFolder()
    for (mode, name) in [(MRCOutputMode.float32, "a.mrcs"), (.float16, "b.mrcs")] {
      try reference(folder("reference"), mode: mode)
      try write(0..<end, to: open(folder(name), mode: mode, resumes: false))
      let second = try open(folder(name), mode: mode, resumes: true)
      #expect(second.firstImage == end)
      try write(end..<count, to: second)
      try second.finish()
      second.removeCheckpoint()
      #expect(try folder.read(name) == folder.read("reference"))
    }
    #expect(try folder.entries == ["a.mrcs", "b.mrcs", "reference"])
  }

  @Test("images written beyond a gap do not count, and may come in any order")
  func order() throws {
    let folder = try ScratchFolder()
    try reference(folder("reference"), mode: .float32)
    let first = try open(folder("a.mrcs"), resumes: false)
    for index in [1, 0, 3, 5] { try write(index..<index + 1, to: first) }
    _ = consume first
    let second = try open(folder("a.mrcs"), resumes: true)
    #expect(second.firstImage == 2)
    for index in [6, 2, 5, 3, 4] { try write(index..<index + 1, to: second) }
    try second.finish()
    #expect(try folder.read("a.mrcs") == folder.read("reference"))
  }

  @Test("a run that ended between the stack and the checkpoint's removal finds the stack finished")
  func finished() throws {
    let folder = try ScratchFolder()
    let first = try open(folder("a.mrcs"), resumes: false)
    try write(0..<count, to: first)
    try first.finish()
    let bytes = try folder.read("a.mrcs")
    let second = try open(folder("a.mrcs"), resumes: true)
    #expect(second.isFinished && second.firstImage == count)
    try second.finish()
    second.removeCheckpoint()
    #expect(try folder.read("a.mrcs") == bytes)
    #expect(try folder.entries == ["a.mrcs"])
  }

  @Test("an older stack of the same size is not taken for the finished one")
  func olderStack() throws {
    let folder = try ScratchFolder()
    try reference(folder("a.mrcs"), mode: .float32)
    var bytes = try folder.read("a.mrcs")
    // Another mean.
    bytes[84] ^= 1
    try folder.write(bytes, to: "a.mrcs")
    let first = try open(folder("a.mrcs"), resumes: false)
    try write(0..<count, to: first)
    try first.saveCheckpoint()
    try FileManager.default.removeItem(atPath: folder("a.mrcs.partial"))
    _ = consume first
    expectRefusal(.malformedFile, saying: "it has 0 bytes") { try open(folder("a.mrcs"), resumes: true) }
    try reference(folder("a.mrcs"), mode: .float32)
    #expect(try open(folder("a.mrcs"), resumes: true).isFinished)
  }

  @Test("checkpoints come soon at first, and then at the interval asked for")
  func waits() {
    var waits: [Double] = []
    for _ in 0..<7 { waits.append(ResumableStackWriter.wait(after: waits.last, upTo: 10)) }
    #expect(waits == [0.5, 1, 2, 4, 8, 10, 10])
    #expect(ResumableStackWriter.wait(after: nil, upTo: 0.1) == 0.1)
    #expect(ResumableStackWriter.wait(after: nil, upTo: 0) == 0)
  }

  @Test("a run without a checkpoint leaves nothing, and one that is given up neither")
  func abandoned() throws {
    let folder = try ScratchFolder()
    try write(0..<3, to: open(folder("a.mrcs"), resumes: false, interval: 60))
    #expect(try folder.entries == [])
    let writer = try open(folder("a.mrcs"), resumes: false)
    try write(0..<3, to: writer)
    #expect(try folder.entries == ["a.mrcs.checkpoint", "a.mrcs.partial"])
    writer.abandon()
    #expect(try folder.entries == [])
  }

  @Test("other parameters are refused, and what differs is named")
  func parameters() throws {
    let folder = try ScratchFolder()
    try write(0..<3, to: open(folder("a.mrcs"), resumes: false))
    expectRefusal(.mismatch, saying: "seed was 1 and is 2") {
      try open(folder("a.mrcs"), seed: 2, resumes: true)
    }
    expectRefusal(.mismatch, saying: "ended at image 3 of 7", "resume it") {
      try open(folder("a.mrcs"), resumes: false)
    }
    // Refusals have done no harm.
    #expect(try open(folder("a.mrcs"), resumes: true).firstImage == 3)
  }

  @Test("two processes cannot write one stack")
  func lock() throws {
    let folder = try ScratchFolder()
    let first = try open(folder("a.mrcs"), resumes: false)
    expectRefusal(.unwritableFile, saying: "another process is writing it") {
      try open(folder("a.mrcs"), resumes: true)
    }
    // Another stack in the same folder is another matter.
    try write(0..<count, to: open(folder("b.mrcs"), resumes: false))
    try write(0..<count, to: first)
    try first.finish()
  }

  @Test("a checkpoint that is damaged or promises too much is refused, and nothing traps")
  func damaged() throws {
    let folder = try ScratchFolder()
    try write(0..<3, to: open(folder("a.mrcs"), resumes: false))
    let whole = try folder.read("a.mrcs.checkpoint")
    for length in 0..<whole.count {
      try folder.write(Array(whole[..<length]), to: "a.mrcs.checkpoint")
      let writer = try? open(folder("a.mrcs"), resumes: true)
      // The last line's end is the one byte that is not missed.
      #expect((writer == nil) == (length < whole.count - 1), "\(length)")
    }
    try folder.write(whole, to: "a.mrcs.checkpoint")
    try folder.write(Array(folder.read("a.mrcs.partial")[..<1100]), to: "a.mrcs.partial")
    expectRefusal(.malformedFile, saying: "it has 1100 bytes") { try open(folder("a.mrcs"), resumes: true) }
    try FileManager.default.removeItem(atPath: folder("a.mrcs.partial"))
    expectRefusal(.malformedFile, saying: "it has 0 bytes") { try open(folder("a.mrcs"), resumes: true) }
  }

  @Test(
    "a full disk is said so, and the run goes on when there is space",
    .enabled(if: SmallDisk.isAvailable, SmallDisk.need),
    arguments: [true, false])
  func fullDisk(reserves: Bool) throws {
    let disk = try SmallDisk()
    let folder = try ScratchFolder()
    let (path, filler) = (disk.path + "/a.mrcs", disk.path + "/filler")
    try Data(count: (1 << 20) - 8192).write(to: URL(fileURLWithPath: filler))
    let count = 100
    expectRefusal(.unwritableFile, saying: "disk full", "free some space") {
      let writer = try open(path, count: count, resumes: false, reserves: reserves)
      do {
        try write(0..<count, to: writer)
        try writer.finish()
      } catch {
        try? writer.saveCheckpoint()
        throw error
      }
    }
    try FileManager.default.removeItem(atPath: filler)
    let writer = try open(path, count: count, resumes: true, reserves: reserves)
    #expect(reserves ? writer.firstImage == 0 : writer.firstImage > 0)
    try write(writer.firstImage..<count, to: writer)
    try writer.finish()
    writer.removeCheckpoint()
    let whole = try open(folder("a.mrcs"), count: count, resumes: false, interval: 60)
    try write(0..<count, to: whole)
    try whole.finish()
    #expect(try folder.read("a.mrcs") == [UInt8](Data(contentsOf: URL(fileURLWithPath: path))))
    #expect(disk.entries == ["a.mrcs"])
  }

  @Test("pixels that the mode cannot hold, and images missing at the end, are refused")
  func refusals() throws {
    let folder = try ScratchFolder()
    let writer = try open(folder("a.mrcs"), mode: .float16, resumes: false)
    var pixels = image(0)
    pixels[3] = 70000
    expectRefusal(.invalidValue, saying: "image 1", "65504") {
      try pixels.withUnsafeBufferPointer { try writer.write($0, at: 0) }
    }
    expectRefusal(.invalidValue, saying: "missing") { try writer.finish() }
    expectRefusal(.invalidValue, saying: "0 to 6") {
      try pixels.withUnsafeBufferPointer { try writer.write($0, at: 7) }
    }
  }
}
