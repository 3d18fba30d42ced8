import ExitPlane
import Oracles
import Testing

@testable import ExitPlaneIO

@Suite("STAR files that are none, or broken")
struct STARBadInputTests {
  @Test("files that cannot be read")
  func unreadable() throws {
    try withFolder { folder in
      let missing = folder + "/missing.star"
      #expect(
        message { _ = try STARDocument(contentsOf: missing) }
          == "\(missing): no such file; the path of a STAR file is needed")
      #expect(
        message { _ = try STARDocument(contentsOf: folder) }
          == "\(folder): is a directory; the path of a STAR file is needed")
      #expect(
        message { _ = try STARDocument(contentsOf: "a\0b") }.hasSuffix(
          "a path with a zero byte; the path of a STAR file is needed"))
      #expect(throws: ExitPlaneError.self) { _ = try STARDocument(contentsOf: "") }
    }
  }

  @Test("a gzipped file that is cut short or damaged")
  func brokenGzip() throws {
    try withFolder { folder in
      let path = folder + "/a.star"
      let rows = (0..<2000).map { "\($0) \($0 * $0 % 997)\n" }.joined()
      try save("data_\nloop_\n_a\n_b\n\(rows)".utf8, path)
      try output(of: "/usr/bin/env", ["gzip", "a.star"], in: folder)
      let whole = try [UInt8](contentsOfFile: path + ".gz")
      try save(whole.dropLast(20), folder + "/cut.gz")
      var flipped = whole
      flipped[whole.count / 2] ^= 0x55
      try save(flipped, folder + "/flipped.gz")
      for name in ["cut.gz", "flipped.gz"] {
        #expect(
          message { _ = try STARDocument(contentsOf: folder + "/" + name) }
            == "\(folder)/\(name): is damaged or cut short (gzip); the whole file is needed")
      }
    }
  }

  @Test("a small file that would fill the memory once unpacked")
  func expandingGzip() throws {
    try withFolder { folder in
      try output(
        of: "/bin/sh", ["-c", "head -c 90000000 /dev/zero | tr '\\0' ' ' | gzip -1 > a.gz"], in: folder)
      #expect(
        message { _ = try STARDocument(contentsOf: folder + "/a.gz") }
          == "\(folder)/a.gz: unpacks to more than 200 times its size; a STAR file in gzip of a sensible "
          + "size, or unpacked, is needed")
    }
  }

  @Test(
    "texts that are no STAR file, by what the error says",
    arguments: [
      ("", "particles.star: is empty; data_ blocks are needed"),
      (
        "data_\n_a 1\0",
        "particles.star, byte 10: a control character (0x00): this is not text; a STAR file is needed"
      ),
      (
        "\u{7}x",
        "particles.star, byte 0: a control character (0x07): this is not text; a STAR file is needed"
      ),
      ("\n\n", "particles.star: nothing but blanks and comments; data_ blocks are needed"),
      ("# only a comment\n", "particles.star: nothing but blanks and comments; data_ blocks are needed"),
      ("x,y\n1,2\n", "particles.star, line 1: 'x,y' is not expected here; \(grammar)"),
      ("_a 1\n", "particles.star, line 1: '_a' is not expected here; \(grammar)"),
      ("data_\nloop_\n1 2\n", "particles.star, line 3: '1' is not expected here; \(grammar)"),
      ("data_\n_a 1\n1 2\n", "particles.star, line 3: '1' is not expected here; \(grammar)"),
      ("data_\nloop_\n_a\n_b", "particles.star, line 4: '_b' is not expected here; \(grammar)"),
      ("data_\nloop_", "particles.star, line 2: the file ends early; \(grammar)"),
      ("data_\n_a\n_b 2\n", "particles.star, line 2: _a has no value; a value is needed (\"\" for none)"),
      ("data_\n_a 1\n_a 2\n", "particles.star, line 3: a second _a; one is needed (the first is on line 2)"),
      (
        "data_\nloop_\n_a\n_a\n1 2\n",
        "particles.star, line 4: a second column _a; one of that name is needed"
      ),
      (
        "data_x\n_a 1\ndata_x\n",
        "particles.star, line 3: a second block data_x; one is needed (the first is on line 1)"
      ),
      (
        "data_\nloop_\n_a\n1\nloop_\n_b\n1\n",
        "particles.star, line 5: a second loop_ in block data_; one loop a block is needed"
      ),
      (
        "data_\nsave_x\n_a 1\nsave_\n",
        "particles.star, line 2: a save_ frame; data_ blocks of pairs and loops are needed"
      ),
      ("global_\n_a 1\n", "particles.star, line 1: a global_ block; data_ blocks are needed"),
      (
        "data_\n_a\n;x\ny\n;\n",
        "particles.star, line 3: a text field of several lines; values on one line are needed"
      ),
      ("data_\nloop_\n_a\n_b\n1 'x y\n", "particles.star, line 5: unterminated 'string'; \(grammar)"),
      ("data_\nloop_\n_a\n_b\n1 \"x y\n", "particles.star, line 5: unterminated \"string\"; \(grammar)"),
    ])
  func malformed(text: String, expected: String) {
    #expect(message { _ = try parsed(text) } == expected)
  }

  private static let loop = "data_particles\nloop_\n_a #1\n_b #2\n_c #3\n"

  @Test(
    "rows of a wrong length, also where the lengths add up",
    arguments: [
      ("1 2 3\n4 5\n", 7, "2 values"), ("1 2\n", 6, "2 values"), ("1 2 3 4\n", 6, "4 values"),
      ("1 2 3\n\n4 5 6 7 8 9\n", 8, "6 values"), ("1 2\n3\n4 5 6\n", 6, "2 values"),
      ("1 2 3\n4 5 6 7\n8 9\n", 7, "4 values"), ("1 2\n3 4\n5 6\n", 6, "2 values"), ("1\n", 6, "1 value"),
    ])
  func rows(rows: String, line: Int, count: String) {
    for text in [
      Self.loop + rows, Self.loop + rows.replacing("\n", with: "\r\n"), Self.loop + rows.dropLast(),
    ] {
      #expect(
        message { _ = try parsed(text) }
          == "particles.star, line \(line): row has \(count); the loop has 3 columns")
    }
  }

  @Test("a map given as a STAR file")
  func map() throws {
    var header = [UInt8](repeating: 0, count: 1024)
    header[0] = 64
    header.replaceSubrange(208..<212, with: Array("MAP ".utf8))
    try withFolder { folder in
      let path = folder + "/map.mrc"
      try save(header, path)
      #expect(
        message { _ = try STARDocument(contentsOf: path) }
          == "\(path), byte 1: a zero byte: this is not text; a STAR file is needed")
    }
  }

  @Test("random changes to a file end in a document or an error, never in a trap")
  func mutations() throws {
    let original = Array(
      "\n# version 30001\n\ndata_optics\n\nloop_ \n_rlnOpticsGroup #1 \n1 \n\ndata_particles\n\nloop_ \n_a #1 \n_b #2 \n'x y' 1.5 \n\"\" -2 \n \n"
        .utf8)
    var generator = SeededGenerator(seed: 7)
    var documents = 0
    for _ in 0..<20_000 {
      var bytes = original
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        let place = Int.random(in: 0..<bytes.count, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(original[Int.random(in: 0..<original.count, using: &generator)], at: place)
        default:
          bytes[place] = Array("'\"#;_$ \n\r\tdlsg.".utf8).randomElement(using: &generator) ?? 0
        }
      }
      do {
        let document = try STARDocument(parsing: bytes, path: "x")
        // What is read can be written and read again.
        var again: [UInt8] = []
        try document.write { again.append(contentsOf: $0) }
        #expect(try STARDocument(parsing: again, path: "x") == document)
        documents += 1
      } catch is ExitPlaneError {
        continue
      }
    }
    #expect(documents > 1000)
  }
}

private let grammar = "data_ blocks with _name value pairs and loop_ tables are needed"
