import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("Writing STAR files")
struct STARWriterTests {
  @Test(
    "six decimals",
    arguments: [
      (0, "0.000000"), (-0.0000001, "0.000000"), (1.5, "1.500000"), (-179.9999995, "-180.000000"),
      (0.0000005, "0.000001"), (-0.25, "-0.250000"), (123456.789, "123456.789000"),
      (9_007_199_254.5, "9007199254.500000"), (1e300, "1e+300"), (-1e13, "-10000000000000.0"),
    ])
  func fixed(value: Double, text: String) {
    var bytes: [UInt8] = []
    bytes.appendFixed(value)
    #expect(String(decoding: bytes, as: UTF8.self) == text)
  }

  @Test("six decimals read back to within half of the last")
  func fixedRoundTrip() throws {
    var generator = SeededGenerator(seed: 1)
    let values = (0..<2000).map { _ in Double.random(in: -1000...1000, using: &generator) }
    var column = STARColumn(name: "x")
    for value in values { column.append(value) }
    let again = try #require(try STARTable(columns: [column]).numbers("x"))
    #expect(zip(values, again).allSatisfy { abs($0 - $1) <= 0.5000001e-6 })
  }

  @Test("numbers are aligned, and integers filled up")
  func alignment() {
    var bytes: [UInt8] = []
    bytes.appendFixed(-1.5, width: 12)
    bytes.appendInteger(-7, minimumDigits: 3)
    bytes.appendInteger(.min)
    #expect(String(decoding: bytes, as: UTF8.self) == "   -1.500000-007\(Int.min)")
  }

  @Test(
    "values in quotes where they need them",
    arguments: [
      ("", "\"\""), ("a b", "\"a b\""), ("a\tb", "\"a\tb\""), ("'a", "\"'a\""), ("#1", "\"#1\""),
      ("_x", "\"_x\""), ("data_x", "\"data_x\""), (";x", "\";x\""), ("a\" b", "'a\" b'"),
      ("a\"", "a\""), ("deep", "deep"), ("1#2", "1#2"), ("[1,2]", "[1,2]"),
    ])
  func quotes(value: String, text: String) throws {
    var bytes: [UInt8] = []
    var writer = STARWriter { bytes.append(contentsOf: $0) }
    try writer.beginLoop(["x"])
    try writer.append(value)
    try writer.endRow()
    try writer.finish()
    #expect(String(decoding: bytes, as: UTF8.self) == "loop_\n_x #1\n\(text)\n")
    #expect(try parsed("data_\n" + String(decoding: bytes, as: UTF8.self))[""]?.table?["x"]?[0] == value)
  }

  @Test("what no line can hold is refused")
  func refusals() throws {
    func refused(_ work: (inout STARWriter) throws -> Void) -> String {
      message {
        var writer = STARWriter { _ in }
        try work(&writer)
      }
    }
    #expect(
      refused { try $0.append("a\nb") }
        == "value of a STAR table 'a?b' holds a control character; one line of text is needed")
    #expect(
      refused { try $0.pair("rlnName", "a' b\" c") }
        == "_rlnName 'a' b\" c' ends words with both ' and \"; a value with one of them is needed")
    #expect(refused { try $0.append(.nan) } == "value of a STAR table is nan; it must be finite")
    #expect(
      refused { try $0.beginLoop(["a b"]) }
        == "name of a column in a STAR file is 'a b'; it must be one word without blanks")
    #expect(refused { try $0.beginBlock("a\n") }.hasPrefix("name of a block in a STAR file is "))
    #expect(
      refused {
        try $0.beginLoop(["a", "b"])
        $0.append(1)
        try $0.endRow()
      } == "row has 1 values and its loop 2 columns; equal numbers are needed")
  }

  @Test("what the sink throws comes through, and bytes go to it in bounded pieces")
  func sink() throws {
    struct Full: Error {}
    var largest = 0
    var total = 0
    var writer = STARWriter { bytes in
      largest = max(largest, bytes.count)
      total += bytes.count
      if total > 1_000_000 { throw Full() }
    }
    try writer.beginLoop(["x"])
    #expect(throws: Full.self) {
      for _ in 0..<200_000 {
        writer.append(1_234_567_890)
        try writer.endRow()
      }
    }
    #expect(largest < 300_000)
  }
}

/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014): the same numbers on every machine.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
