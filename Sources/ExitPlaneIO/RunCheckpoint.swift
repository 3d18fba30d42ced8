import ExitPlane

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What a run computes, as names and values in an order: runs that agree in all of them write the same bytes.
public struct RunParameters: Hashable, Sendable {
  private struct Entry: Hashable, Sendable {
    let name: String
    let value: String
  }

  private var entries: [Entry] = []
  private static let imageCountName = "images of the set"

  /// Nothing yet.
  public init() {}

  /// How many images the whole set has, its shards together.
  ///
  /// Nil where that is not among the parameters.
  public var imageCount: Int? { self[Self.imageCountName].flatMap { Int($0) } }

  /// States how many images the whole set has.
  public mutating func append(imageCount: Int) { append(Self.imageCountName, imageCount) }

  /// Adds a parameter; line breaks in its value become blanks.
  public mutating func append(_ name: String, _ value: some CustomStringConvertible) {
    let line = value.description.split(whereSeparator: \.isNewline).joined(separator: " ")
    entries.append(Entry(name: name, value: line))
  }

  /// What differs from an earlier run's: "seed was 1 and is 2".
  func differences(from earlier: RunParameters) -> [String] {
    let names = (earlier.entries + entries).map(\.name)
    var seen: Set<String> = []
    return names.filter { seen.insert($0).inserted }.compactMap { name in
      let (was, now) = (earlier[name], self[name])
      return was == now ? nil : "\(name) was \(was ?? "not given") and is \(now ?? "not given")"
    }
  }

  /// In their order.
  var pairs: [(name: String, value: String)] { entries.map { ($0.name, $0.value) } }

  private subscript(name: String) -> String? { entries.first { $0.name == name }?.value }

  fileprivate var lines: String {
    entries.map { "parameter \($0.name)\t\($0.value)\n" }.joined()
  }

  fileprivate mutating func append(line: Substring) -> Bool {
    guard let tab = line.firstIndex(of: "\t") else { return false }
    entries.append(Entry(name: String(line[..<tab]), value: String(line[line.index(after: tab)...])))
    return true
  }
}

/// How far a run has come: beside a stack that is being written, in a file of text.
struct RunCheckpoint: Hashable, Sendable {
  var parameters: RunParameters
  /// Images from the first on without a gap, safely on the disk.
  var imageCount: Int
  /// Of these images, joined in their order.
  var statistics: MRCStatistics

  private static let title = "ExitPlane checkpoint 1"

  /// - Parameter body: run as the file takes its name, so that a signal finds both done or neither.
  func save(to path: String, with body: () -> Void) throws {
    var text = "\(Self.title)\nimages \(imageCount)\nstatistics"
    for word in statistics.words { text += " " + String(word, radix: 16) }
    text += "\n\(parameters.lines)end\n"
    let file = try AtomicFile(path: path, temporary: .shared)
    try Array(text.utf8).withUnsafeBytes { try file.write($0, at: 0) }
    try file.synchronize()
    try TemporaryRegistry.withoutEnd {
      try file.takeName()
      body()
    }
    file.target.synchronizeFolder()
  }

  /// Nil where there is none.
  ///
  /// - Throws: `.malformedFile` for one that is damaged or another version's.
  init?(contentsOf path: String) throws {
    guard (try? FileStatus(of: path)) != nil else { return nil }
    let file = try OpenFile(path: path)
    guard file.byteCount > 0, file.byteCount < 1 << 20 else { throw Self.damaged(path) }
    var bytes: [UInt8] = []
    try file.forEachChunk { bytes += $0 }
    let text = String(decoding: bytes, as: UTF8.self)
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)[...]
    guard lines.popFirst() == Self.title[...], let images = lines.popFirst(), images.hasPrefix("images "),
      let count = Int(images.dropFirst(7)), count >= 0, let words = lines.popFirst(),
      words.hasPrefix("statistics "),
      let statistics = MRCStatistics(
        words: words.split(separator: " ").dropFirst().compactMap { UInt64($0, radix: 16) })
    else { throw Self.damaged(path) }
    var parameters = RunParameters()
    while let line = lines.first, line.hasPrefix("parameter ") {
      guard parameters.append(line: line.dropFirst(10)) else { throw Self.damaged(path) }
      lines.removeFirst()
    }
    guard lines.first == "end" else { throw Self.damaged(path) }
    self.init(parameters: parameters, imageCount: count, statistics: statistics)
  }

  init(parameters: RunParameters, imageCount: Int, statistics: MRCStatistics) {
    self.parameters = parameters
    self.imageCount = imageCount
    self.statistics = statistics
  }

  private static func damaged(_ path: String) -> ExitPlaneError {
    .file(path, found: "it is not a checkpoint of this version", need: "remove it and begin the run again")
  }
}
