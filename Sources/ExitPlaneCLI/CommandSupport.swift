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

enum Precision: String, ExpressibleByArgument, CaseIterable {
  case single
  case double
}

/// A command that does the same in either precision.
protocol PrecisionCommand: ParsableCommand {
  var running: RunningOptions { get }
  func run<Scalar: GridScalar>(_: Scalar.Type) throws
}

extension PrecisionCommand {
  func run() throws {
    switch running.precision {
    case .single: try run(Float.self)
    case .double: try run(Double.self)
    }
  }
}

/// The processor's name and the number of processors.
func machineDescription() -> String {
  var name = "unknown processor"
  if let file = fopen("/proc/cpuinfo", "r") {
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") {
        name = text[text.index(after: colon)...].filter { $0 != "\n" && $0 != "\"" && $0 != "\\" }
        name = String(name.drop { $0 == " " })
        break
      }
    }
  }
  return "\(name), \(availableProcessors) processors"
}

/// A number as "1.2e-07".
func scientific(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  var exponent = Int(log10(abs(value)).rounded(.down))
  var mantissa = abs(value) / pow(10, Double(exponent))
  if (mantissa * 10).rounded() >= 100 {
    mantissa /= 10
    exponent += 1
  }
  let digits = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
  return "\(value < 0 ? "-" : "")\(rounded(mantissa, places: 1))e\(exponent < 0 ? "-" : "+")\(digits)"
}

/// A number to four digits: "0.01234", "5.6e+07" where that would be long.
func significant(_ value: Double) -> String {
  guard value != 0, (1e-4..<1e6).contains(abs(value)) else { return value == 0 ? "0" : scientific(value) }
  return rounded(value, places: max(0, 3 - Int(log10(abs(value)).rounded(.down))))
}

extension String {
  func padded(to width: Int) -> String {
    self + String(repeating: " ", count: max(0, width - count))
  }
}

/// Makes the folders that a file's path goes through.
func makeFolders(above path: String) throws {
  let parts = path.split(separator: "/", omittingEmptySubsequences: true).dropLast()
  var folder = path.hasPrefix("/") ? "" : "."
  for part in parts {
    folder += "/\(part)"
    if mkdir(folder, 0o777) != 0, errno != EEXIST {
      throw ExitPlaneError.file(
        folder, kind: .unwritableFile,
        found: "the folder cannot be made (\(String(cString: strerror(errno))))",
        need: "name a folder that can be written to")
    }
  }
}

/// Says that an input is missing before anything else can be found fault with.
///
/// - Throws: `.unreadableFile` for the first that is not there; other faults are their readers' to find.
func requireFiles(_ paths: [String?]) throws {
  for path in paths.compactMap({ $0 }).filter({ !$0.isEmpty })
  where access(path, F_OK) != 0 && [ENOENT, ENOTDIR].contains(errno) {
    throw ExitPlaneError.file(
      path, kind: .unreadableFile, found: "no such file", need: "name one that is there")
  }
}

/// The bytes of a file that is read whole.
func readFile(_ path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else {
    throw ExitPlaneError.file(
      path, kind: .unreadableFile, found: "cannot be opened (\(String(cString: strerror(errno))))",
      need: "name a file that can be read")
  }
  defer { fclose(file) }
  var bytes = [UInt8]()
  let chunk = 1 << 20
  while true {
    let old = bytes.count
    bytes.append(contentsOf: repeatElement(0, count: chunk))
    let read = bytes.withUnsafeMutableBytes { fread($0.baseAddress! + old, 1, chunk, file) }
    bytes.removeLast(chunk - read)
    if read < chunk { break }
  }
  guard ferror(file) == 0 else {
    throw ExitPlaneError.file(
      path, kind: .unreadableFile, found: "cannot be read (\(String(cString: strerror(errno))))",
      need: "name a file that can be read")
  }
  return bytes
}
