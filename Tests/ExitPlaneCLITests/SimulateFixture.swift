import Foundation
import Oracles

/// A folder with a map, and runs of `exitplane simulate` in it.
struct SimulateFixture {
  let folder: ScratchFolder
  static let arguments = [
    "--random-poses", "41", "--seed", "3", "--defocus", "5000,20000", "--astigmatism", "0,400", "--snr",
    "0.2",
  ]

  init() throws {
    folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
  }

  func simulate(
    _ output: String, _ extra: [String] = [], arguments: [String] = Self.arguments
  ) throws -> CommandRun {
    try CommandRun(["simulate", "map.mrc", "--output", output] + arguments + extra, in: folder.path)
  }

  /// Of a STAR file with the names of its own folder's stacks as that folder sees them: sets of the same name in
  /// other folders compare.
  func bytes(_ name: String) throws -> Data {
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder[name]))
    guard name.hasSuffix(".star"), let slash = name.lastIndex(of: "/") else { return bytes }
    let text = String(decoding: bytes, as: UTF8.self)
    return Data(text.replacingOccurrences(of: "@\(name[...slash])", with: "@").utf8)
  }

  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: folder[name], withIntermediateDirectories: true)
  }

  /// Starts a run and kills it, with no chance to clear up, when its checkpoint says that so many images are safe,
  /// and after that as many microseconds.
  ///
  /// - Returns: whether it was still running.
  func simulateAndKill(
    _ output: String, _ extra: [String], whenSafe images: Int, delayInMicroseconds delay: UInt32
  ) throws -> Bool {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandRun.executable)
    process.arguments = ["simulate", "map.mrc", "--output", output] + extra
    process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
    process.standardError = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    try process.run()
    while process.isRunning, safeImages(output) < images { usleep(200) }
    usleep(delay)
    let wasRunning = process.isRunning
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return wasRunning
  }

  /// What the checkpoint of an unfinished set promises.
  private func safeImages(_ output: String) -> Int {
    let text = try? String(contentsOfFile: folder["\(output).mrcs.checkpoint"], encoding: .utf8)
    let line = text?.split(separator: "\n").first { $0.hasPrefix("images ") }
    return line.flatMap { Int($0.dropFirst(7)) } ?? 0
  }
}
