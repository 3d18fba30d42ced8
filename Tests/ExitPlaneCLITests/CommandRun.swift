import Foundation
import Testing

/// The built command, run as its users run it.
struct CommandRun {
  let status: Int32
  let standardOutput: String
  let standardError: String

  /// The executable that was built beside these tests.
  static let executable: String = {
    let tests = CommandLine.arguments[0]
    var folder = URL(fileURLWithPath: tests).deletingLastPathComponent()
    // The test bundle is the executable itself on Linux, and lies within a bundle on macOS.
    for _ in 0..<4 {
      let candidate = folder.appendingPathComponent("exitplane").path
      if FileManager.default.isExecutableFile(atPath: candidate) { return candidate }
      folder.deleteLastPathComponent()
    }
    return ".build/release/exitplane"
  }()

  /// - Parameter environment: added to that of the tests.
  init(_ arguments: [String], in folder: String? = nil, environment: [String: String] = [:]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.executable)
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = URL(fileURLWithPath: folder) }
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let (out, err) = (Pipe(), Pipe())
    process.standardOutput = out
    process.standardError = err
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Messages are short: reading one pipe to its end first cannot block on the other.
    let output = out.fileHandleForReading.readDataToEndOfFile()
    let errors = err.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    status = process.terminationStatus
    standardOutput = String(decoding: output, as: UTF8.self)
    standardError = String(decoding: errors, as: UTF8.self)
  }
}

/// A folder of its own for a test, gone at its end.
final class ScratchFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "exitplane-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  subscript(name: String) -> String { "\(path)/\(name)" }

  /// The names in the folder, hidden ones too.
  var contents: Set<String> {
    Set((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? [])
  }

  /// The names in a folder within it.
  func contents(of name: String) throws -> Set<String> {
    Set(try FileManager.default.contentsOfDirectory(atPath: self[name]))
  }

  @discardableResult
  func write(_ name: String, _ text: String) throws -> String {
    try text.write(toFile: self[name], atomically: true, encoding: .utf8)
    return self[name]
  }

  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: self[name]))
    return self[name]
  }
}

/// The bytes of an MRC file, written here by hand: header fields by word, then single-precision voxels.
func mrcBytes(
  columns: Int32, rows: Int32, sections: Int32, voxelSize: Float = 1.5, mode: Int32 = 2,
  spaceGroup: Int32 = 1,
  values: [Float]
) -> [UInt8] {
  var words = [UInt32](repeating: 0, count: 256)
  func set(_ word: Int, _ value: Int32) { words[word - 1] = UInt32(bitPattern: value) }
  func set(_ word: Int, _ value: Float) { words[word - 1] = value.bitPattern }
  set(1, columns)
  set(2, rows)
  set(3, sections)
  set(4, mode)
  set(8, columns)
  set(9, rows)
  set(10, spaceGroup == 0 ? 1 : sections)
  set(11, Float(columns) * voxelSize)
  set(12, Float(rows) * voxelSize)
  set(13, Float(spaceGroup == 0 ? 1 : sections) * voxelSize)
  for (word, angle) in zip(14...16, repeatElement(Float(90), count: 3)) { set(word, angle) }
  for axis in 1...3 { set(16 + axis, Int32(axis)) }
  set(23, spaceGroup)
  words[52] = 0x2050_414d  // "MAP "
  words[53] = 0x4444
  return (words + values.map(\.bitPattern)).flatMap { word in
    (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }
}

/// A cubic map of off-centre blobs.
func blobMap(_ n: Int) -> [UInt8] {
  var values = [Float]()
  for z in 0..<n {
    for y in 0..<n {
      for x in 0..<n {
        let (a, b, c) = (Float(x) - Float(n) * 0.4, Float(y) - Float(n) * 0.55, Float(z) - Float(n) * 0.6)
        values.append(exp(-(a * a + 0.5 * b * b + 0.3 * c * c) / Float(n) * 4))
      }
    }
  }
  return mrcBytes(columns: Int32(n), rows: Int32(n), sections: Int32(n), values: values)
}

/// A minimal RELION 3.1 file of three particles.
let particlesSTAR = """
  # version 30001

  data_optics

  loop_
  _rlnOpticsGroupName #1
  _rlnOpticsGroup #2
  _rlnVoltage #3
  _rlnSphericalAberration #4
  _rlnAmplitudeContrast #5
  _rlnImagePixelSize #6
  _rlnImageSize #7
  _rlnImageDimensionality #8
  opticsGroup1 1 300 2.7 0.1 1.5 16 2


  # version 30001

  data_particles

  loop_
  _rlnAngleRot #1
  _rlnAngleTilt #2
  _rlnAnglePsi #3
  _rlnOriginXAngst #4
  _rlnOriginYAngst #5
  _rlnOpticsGroup #6
  _rlnMadeUpColumn #7
  10.5 20.25 -30 1.5 -3 1 kept1
  -100 80 45 0 0 1 kept2
  0 0 0 0 0 1 kept3

  """
