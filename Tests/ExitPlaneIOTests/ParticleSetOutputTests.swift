import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

/// A stack whose last steps are the test's.
private final class TestedStack: StackWriter {
  let path: String
  private let onName: @Sendable () throws -> Void

  init(path: String, onName: @escaping @Sendable () throws -> Void) {
    self.path = path
    self.onName = onName
  }

  func complete() {}
  func takeName() throws { try onName() }
}

@Suite("Stacks and their STAR file")
struct ParticleSetOutputTests {
  private func stack(_ path: String, _ value: Float) throws -> MRCStackWriter {
    let stack = try MRCStackWriter(
      path: path, shape: GridShape(square: 2), count: 1, pixelSizeInAngstroms: 1, isOfSet: true)
    try [value, 0, 0, 0].withUnsafeBufferPointer { try stack.write($0, at: 0) }
    return stack
  }

  private func text(_ text: String) -> (@escaping ByteSink) throws -> Void {
    { sink in try Array(text.utf8).withUnsafeBytes { try sink($0) } }
  }

  @Test("nothing is under its name before the end, and all of it then")
  func commit() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("old".utf8), to: "set.star")
    let set = try ParticleSetOutput(starPath: folder("set.star"))
    let stacks = [try stack(folder("a.mrcs"), 1), try stack(folder("b.mrcs"), 2)]
    try set.writeSTAR(text("new"))
    #expect(try folder.read("set.star") == Array("old".utf8))
    try set.commit(stacks)
    #expect(try folder.entries == ["a.mrcs", "b.mrcs", "set.star"])
    #expect(try folder.read("set.star") == Array("new".utf8))
    #expect(try MRCFile(path: folder("b.mrcs")).readImage(0, as: Float.self).values[0] == 2)
  }

  @Test("an older STAR file is gone whenever a new stack is there, and a failure before that brings it back")
  func older() throws {
    let folder = try ScratchFolder()
    try folder.write(Array("old".utf8), to: "set.star")
    struct Failure: Error {}
    for failing in [0, 1] {
      try folder.write(Array("old".utf8), to: "set.star")
      let set = try ParticleSetOutput(starPath: folder("set.star"))
      try set.writeSTAR(text("new"))
      let stacks = (0..<2).map { number in
        TestedStack(path: "\(number)") { [folder] in
          #expect(!FileManager.default.fileExists(atPath: folder("set.star")))
          if number == failing { throw Failure() }
        }
      }
      #expect(throws: Failure.self) { try set.commit(stacks) }
      #expect((try? folder.read("set.star")) == (failing == 0 ? Array("old".utf8) : nil))
    }
    // What is left is of no harm to the next.
    let set = try ParticleSetOutput(starPath: folder("set.star"))
    try set.writeSTAR(text("new"))
    try set.commit([])
    #expect(try folder.entries == ["set.star"])
  }

  @Test("a set that is being written is refused to others, by its STAR file and by its stack")
  func locks() throws {
    let folder = try ScratchFolder()
    let set = try ParticleSetOutput(starPath: folder("set.star"))
    let first = try stack(folder("set.mrcs"), 1)
    expectRefusal(.unwritableFile, saying: "another process is writing it") {
      try ParticleSetOutput(starPath: folder("./set.star"))
    }
    expectRefusal(.unwritableFile, saying: "another process is writing it") {
      try stack(folder("set.mrcs"), 2)
    }
    try set.writeSTAR(text("first"))
    try set.commit([first])
    // Its object still lives, and stands in nobody's way.
    let next = try ParticleSetOutput(starPath: folder("set.star"))
    try next.writeSTAR(text("next"))
    try next.commit([stack(folder("set.mrcs"), 3)])
    #expect(try folder.read("set.star") == Array("next".utf8))
    withExtendedLifetime((set, first)) {}
    #expect(try folder.entries == ["set.mrcs", "set.star"])
  }

  @Test("what a killed process left is taken over, and what can be resumed is not")
  func leftovers() throws {
    let folder = try ScratchFolder()
    try folder.write([UInt8](repeating: 9, count: 5000), to: "set.mrcs.partial")
    try folder.write([UInt8](repeating: 9, count: 5000), to: ".set.star.partial")
    let set = try ParticleSetOutput(starPath: folder("set.star"))
    try set.writeSTAR(text("new"))
    try set.commit([stack(folder("set.mrcs"), 1)])
    #expect(try folder.entries == ["set.mrcs", "set.star"])
    #expect(try folder.read("set.star") == Array("new".utf8))
    #expect(try folder.read("set.mrcs").count == 1040)

    try folder.write([7], to: "a.mrcs.partial")
    try folder.write([7], to: "a.mrcs.checkpoint")
    expectRefusal(.mismatch, saying: "has not ended", "--resume") { try stack(folder("a.mrcs"), 1) }
    #expect(try folder.read("a.mrcs.partial") == [7])
  }

  @Test("a signal waits until all have their names")
  func signals() async throws {
    let folder = try ScratchFolder()
    await #expect(processExitsWith: .exitCode(7)) { [path = folder.path as String] in
      signal(SIGTERM) { number in
        if AtomicFile.removeAllTemporaries(before: number) { _exit(7) }
      }
      let set = try ParticleSetOutput(starPath: path + "/set.star")
      try set.writeSTAR { sink in try [UInt8(1)].withUnsafeBytes { try sink($0) } }
      let other = try AtomicFile(path: path + "/other")
      try set.commit([
        TestedStack(path: "a") {
          kill(getpid(), SIGTERM)
          // Long enough for any thread to have handled it.
          usleep(20_000)
        }
      ])
      withExtendedLifetime(other) { _ = sleep(10) }
    }
    #expect(try folder.entries == ["set.star"])
  }
}
