import Foundation

/// Where a program is, or nil.
public func program(_ name: String) -> String? {
  let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
  return folders.map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
}

/// Another program, run to its end: what it printed and what it complained of, as they came.
public struct ProgramRun {
  public let status: Int32
  public let text: String

  public init(_ path: String, _ arguments: [String], in folder: String) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    status = process.terminationStatus
  }

  /// Runs lines of bash, for which the arguments are `$0`, `$1` and so on.
  public init(script: String, _ arguments: [String] = [], in folder: String = "/") throws {
    try self.init("/bin/bash", ["-c", script] + arguments, in: folder)
  }
}

/// A program that did not exit with 0.
public struct ProgramFailure: Error {
  public let output: String
}

/// What another program says, run to its end within a folder.
@discardableResult
public func output(of program: String, _ arguments: [String], in folder: String) throws -> String {
  let run = try ProgramRun(program, arguments, in: folder)
  guard run.status == 0 else { throw ProgramFailure(output: run.text) }
  return run.text
}
