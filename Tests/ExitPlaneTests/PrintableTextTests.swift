import Testing

@testable import ExitPlane

@Suite("Printable text")
struct PrintableTextTests {
  @Test(
    "what acts on a terminal is shown as an escape",
    arguments: [
      ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}"), ("a\u{0}b\u{7f}", "a\\u{0}b\\u{7f}"),
      ("two\nlines\r\n\t", "two\\nlines\\r\\n\\t"), ("\u{9b}31m", "\\u{9b}31m"),
      ("\u{202e}gnp.exe", "\\u{202e}gnp.exe"), ("\u{2066}\u{2069}\u{200f}", "\\u{2066}\\u{2069}\\u{200f}"),
      ("\u{2028}\u{2029}\u{feff}", "\\u{2028}\\u{2029}\\u{feff}"),
    ])
  func acting(text: String, shown: String) {
    #expect(text.printable() == shown)
    #expect(ExitPlaneError(.malformedFile, text).description == shown)
  }

  @Test(
    "what is only seen stays", arguments: ["", "plain ~", "1.5 Å⁻² × 30°", "Ünïcode…", "蛋白质", "\u{fffd}"])
  func seen(text: String) {
    #expect(text.printable() == text)
  }

  @Test("lines are kept where they are asked for, and nothing else")
  func lines() {
    #expect("a\n\tb\u{1b}\r\n".printable(keepingLines: true) == "a\n\tb\\u{1b}\\r\n")
  }

  @Test("no control, format or separator character is left of all there are")
  func all() {
    let every = (0...0x10ffff).compactMap { Unicode.Scalar(UInt32($0)) }
    var text = ""
    text.unicodeScalars.append(contentsOf: every)
    // By Unicode's blocks, not by the categories that the code asks for.
    let acting: [ClosedRange<UInt32>] = [
      0...0x1f, 0x7f...0x9f, 0x61c...0x61c, 0x200b...0x200f, 0x2028...0x202e, 0x2060...0x2064,
      0x2066...0x206f,
      0xfeff...0xfeff, 0xfff9...0xfffb, 0xe0001...0xe0001, 0xe0020...0xe007f,
    ]
    let left = text.printable().unicodeScalars.filter { scalar in
      acting.contains { $0.contains(scalar.value) }
    }
    #expect(left.isEmpty)
  }
}
