/// Damages files at random, the same way for the same seed: as disks, editors, transfers and enemies do.
public struct FileMutator {
  private var random: SeededGenerator
  /// Files to damage and to splice together.
  private let corpus: [[UInt8]]

  public init(seed: UInt64, corpus: [[UInt8]]) {
    random = SeededGenerator(seed: seed)
    self.corpus = corpus
  }

  /// The next damaged file, at most 64 KiB.
  public mutating func next() -> [UInt8] {
    var bytes = pick(corpus)
    // Mostly little damage: a file that is wrong all over is refused at its first byte.
    let steps = 1 + Int.random(in: 0..<4, using: &random) * Int.random(in: 0..<3, using: &random)
    for _ in 0..<steps { mutate(&bytes) }
    return Array(bytes.prefix(65536))
  }

  private mutating func pick<Item>(_ items: [Item]) -> Item {
    items[Int.random(in: items.indices, using: &random)]
  }

  /// Near the start as often as not, where headers and column names are.
  private mutating func place(in bytes: [UInt8]) -> Int {
    let reach = Bool.random(using: &random) ? bytes.count : min(bytes.count, 256)
    return Int.random(in: 0..<max(1, reach), using: &random)
  }

  private mutating func mutate(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else {
      bytes = pick(corpus)
      return
    }
    let at = place(in: bytes)
    let end = min(
      bytes.count, at + Int.random(in: 1...(Bool.random(using: &random) ? 8 : 4096), using: &random))
    switch Int.random(in: 0..<13, using: &random) {
    case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case 1: bytes[at] = pick(Self.bytes)
    case 2, 3: putWord(&bytes, at: Bool.random(using: &random) ? at & ~3 : at)
    case 4: bytes.removeSubrange(at..<end)
    case 5: bytes.insert(contentsOf: bytes[at..<end], at: at)
    case 6: bytes = Array(bytes[..<at])
    case 7:
      bytes.insert(
        contentsOf: (at..<end).map { _ in UInt8.random(in: .min ... .max, using: &random) }, at: at)
    case 8:
      let other = pick(corpus)
      let from = Int.random(in: 0..<max(1, other.count), using: &random)
      bytes = Array(bytes[..<at]) + other[min(from, other.count)...]
    case 9, 10: replaceWord(&bytes, near: at)
    case 11: swapLines(&bytes)
    default: bytes.insert(contentsOf: pick(Self.words).utf8, at: at)
    }
  }

  private static let bytes: [UInt8] = [
    0, 1, 9, 10, 13, 32, 34, 35, 39, 45, 46, 59, 64, 95, 127, 128, 254, 255,
  ]
  private static let integers: [UInt32] = [
    0, 1, 2, 3, 4, 6, 12, 101, 127, 255, 401, 1024, 32767, 32768, 65535, 65536, 0x7fff_ffff, 0x8000_0000,
    0xffff_ffff, 0xffff_fffe, 0x7f80_0000, 0x7fc0_0000, 0xff80_0000, 0x0080_0000, 0x3f80_0000, 0x0000_0100,
  ]
  private static let words = [
    "0", "-1", "1", "nan", "inf", "-inf", "1e999", "1e-999", "99999999999999999999", "-9223372036854775808",
    "0x10",
    "1.", ".", "?", "''", "\"", "'", "#", ";", "\n;\n", "_", "loop_", "data_", "data_particles", "save_x",
    "000000@", "@x", "18446744073709551616@x.mrcs", "\t", "\r\n", "\u{0}", "é", "ATOM", "HETATM", "MODEL",
    "END", "TER",
    "CONECT", "ANISOU", "REMARK 350   BIOMT1", "_atom_site.id", "(1-99999999)", "(1-60)(1-60)(1-60)(1-60)",
    "A,B,C", "1 2 3",
  ]

  private mutating func putWord(_ bytes: inout [UInt8], at: Int) {
    var value = pick(Self.integers)
    if Bool.random(using: &random) { value = value.byteSwapped }
    for i in 0..<4 where at + i < bytes.count {
      bytes[at + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(i)))
    }
  }

  private mutating func replaceWord(_ bytes: inout [UInt8], near at: Int) {
    let isBlank = { (byte: UInt8) in byte <= 32 }
    let start = bytes[..<at].lastIndex(where: isBlank).map { $0 + 1 } ?? 0
    let end = bytes[at...].firstIndex(where: isBlank) ?? bytes.count
    guard start <= end, end - start < 200 else { return }
    bytes.replaceSubrange(start..<end, with: pick(Self.words).utf8)
  }

  private mutating func swapLines(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
    let (a, b) = (
      Int.random(in: lines.indices, using: &random), Int.random(in: lines.indices, using: &random)
    )
    switch Int.random(in: 0..<3, using: &random) {
    case 0: lines.swapAt(a, b)
    case 1: lines.insert(lines[a], at: b)
    default: lines.remove(at: a)
    }
    bytes = Array(lines.joined(separator: [10]))
  }
}
