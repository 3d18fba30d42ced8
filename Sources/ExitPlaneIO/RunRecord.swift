import ExitPlane

/// What the images of a set depend on, as comments at the head of its STAR file: a later run knows by them whether
/// the set is its own, and a merge whether sets are shards of one run.
///
/// Other programs skip the comments, and drop them when they write the file anew.
public struct RunRecord: Hashable, Sendable {
  /// A part of the run's set, numbered from 1.
  public struct Shard: Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    public let number: Int
    /// Of all shards.
    public let count: Int

    /// One of `count` shards.
    public init(number: Int, count: Int) {
      self.number = number
      self.count = count
    }

    public var description: String { "\(number) of \(count)" }
  }

  /// Those of the whole run, in which its shards agree.
  public let parameters: RunParameters
  /// Nil for the whole.
  public let shard: Shard?

  /// - Parameters:
  ///   - parameters: what the images depend on.
  ///   - shard: nil for the whole.
  public init(parameters: RunParameters, shard: Shard? = nil) {
    self.parameters = parameters
    self.shard = shard
  }

  /// The record of the set that this one is a shard of.
  var ofWhole: RunRecord { RunRecord(parameters: parameters) }

  /// What differs from another set's, "seed was 1 and is 2"; empty for the same images.
  func differences(from other: RunRecord) -> [String] {
    let shards =
      shard == other.shard
      ? []
      : ["shard was \(other.shard?.description ?? "the whole") and is \(shard?.description ?? "the whole")"]
    return parameters.differences(from: other.parameters) + shards
  }

  // MARK: In a STAR file

  private static let title = "# ExitPlane run"
  private static let prefix = "# run: "
  private static let shardPrefix = "# shard: "

  /// Writes the comments, which come before anything else.
  ///
  /// - Throws: what the sink throws.
  public func write(to sink: ByteSink) throws {
    var text = Self.title + "\n"
    if let shard { text += "\(Self.shardPrefix)\(shard.number)/\(shard.count)\n" }
    for (name, value) in parameters.pairs {
      text += "\(Self.prefix)\(Self.masked(name)) = \(Self.masked(value))\n"
    }
    try Array(text.utf8).withUnsafeBytes { try sink($0) }
  }

  /// Nil for a file that has none.
  ///
  /// - Throws: `.unreadableFile`.
  public init?(ofSTAR path: String) throws {
    let file = try OpenFile(path: path)
    var head = [UInt8](repeating: 0, count: min(file.byteCount, Self.largestByteCount))
    try head.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    var lines = String(decoding: head, as: UTF8.self).split(
      separator: "\n", omittingEmptySubsequences: false)[...]
    guard lines.popFirst() == Self.title[...] else { return nil }
    var shard: Shard?
    if let line = lines.first, line.hasPrefix(Self.shardPrefix) {
      let numbers = line.dropFirst(Self.shardPrefix.count).split(separator: "/").map { Int($0) }
      guard numbers.count == 2, let number = numbers[0], let count = numbers[1], count > 0,
        (1...count).contains(number)
      else { return nil }
      shard = Shard(number: number, count: count)
      lines.removeFirst()
    }
    var parameters = RunParameters()
    while let line = lines.popFirst(), line.hasPrefix(Self.prefix) {
      let entry = line.dropFirst(Self.prefix.count)
      guard let equals = entry.firstRange(of: " = ") else { return nil }
      parameters.append(
        Self.unmasked(entry[..<equals.lowerBound]), Self.unmasked(entry[equals.upperBound...]))
    }
    self.init(parameters: parameters, shard: shard)
  }

  private static let largestByteCount = 1 << 20

  /// RELION looks for "data_" and "# version " in comments too, and a line is to stay one.
  private static func masked(_ text: String) -> String {
    var bytes: [UInt8] = []
    for byte in text.utf8 {
      let endsWord = byte == UInt8(ascii: "_") && bytes.suffix(4).elementsEqual("data".utf8)
      if byte < 0x20 || byte == 0x7f || byte == UInt8(ascii: "%") || byte == UInt8(ascii: "#") || endsWord {
        bytes += "%\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func unmasked(_ text: Substring) -> String {
    var (bytes, rest) = ([UInt8](), Array(text.utf8)[...])
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"),
        let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
