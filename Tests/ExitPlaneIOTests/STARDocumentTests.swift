import ExitPlane
import Oracles
import Testing

@testable import ExitPlaneIO

/// As RELION 3.1.3 writes: trailing blanks, aligned numbers, a comment before each block, a line with one
/// blank after each table.
private let relionText = [
  "", "# version 30001", "", "data_optics", "", "loop_ ", "_rlnOpticsGroupName #1 ",
  "_rlnOpticsGroup #2 ", "_rlnImagePixelSize #3 ", "opticsGroup1            1     1.500000 ", " ", "",
  "# version 30001", "", "data_particles", "", "loop_ ", "_rlnImageName #1 ", "_rlnAngleRot #2 ",
  "_rlnMyOwnColumn #3 ", "000001@x.mrcs   103.042351 \"two words\" ",
  "000002@x.mrcs   -109.99926      5'-x#1 ", " ", "",
].joined(separator: "\n")

@Suite("STAR documents")
struct STARDocumentTests {
  @Test("RELION's own layout: blocks, columns and values")
  func relionLayout() throws {
    let document = try parsed(relionText)
    #expect(document.blocks.map(\.name) == ["optics", "particles"])
    let optics = try #require(document["optics"]?.table)
    #expect(optics.columns.map(\.name) == ["rlnOpticsGroupName", "rlnOpticsGroup", "rlnImagePixelSize"])
    #expect(optics.columns.map { $0[0] } == ["opticsGroup1", "1", "1.500000"])
    let particles = try #require(document["particles"]?.table)
    #expect(particles.rowCount == 2)
    #expect(try particles.numbers("rlnAngleRot") == [103.042351, -109.99926])
    #expect(particles["rlnMyOwnColumn"]?[0] == "two words")
    #expect(particles["rlnMyOwnColumn"]?[1] == "5'-x#1")
    #expect(particles["rlnAngleTilt"] == nil)
    #expect(try particles.numbers("rlnAngleTilt") == nil)
  }

  @Test("line ends of Windows, a byte order mark and blank lines change nothing")
  func lineEnds() throws {
    let document = try parsed(relionText)
    #expect(try parsed(relionText.replacing("\n", with: "\r\n")) == document)
    #expect(try parsed("\u{FEFF}" + relionText) == document)
    #expect(try parsed(relionText.replacing("\n000002", with: "\n\n# a comment\n\n000002")) == document)
    #expect(try parsed(relionText.replacing(" \n", with: "\n")) == document)
  }

  @Test("a block without a name, pairs, a loop without rows")
  func otherShapes() throws {
    let document = try parsed(
      """
      data_
      _rlnOne 1
      _rlnTwo 'a b' # said so
      _rlnThree ""
      data_job
      loop_
      _rlnName #1
      _rlnValue #2
      data_general
      _rlnX _y
      """)
    #expect(document.blocks.map(\.name) == ["", "job", "general"])
    #expect(document.blocks[0].pairs.map(\.name) == ["rlnOne", "rlnTwo", "rlnThree"])
    #expect(document.blocks[0].pairs.map(\.value) == ["1", "a b", ""])
    #expect(document.blocks[0].asTable?.rowCount == 1)
    #expect(document.blocks[0].asTable?["rlnTwo"]?[0] == "a b")
    #expect(document["job"]?.table?.rowCount == 0)
    #expect(document["job"]?.table?.columns.map(\.name) == ["rlnName", "rlnValue"])
    #expect(document["general"]?.pairs.first?.value == "_y")
    #expect(document["general"]?.asTable?.rowCount == 1)
  }

  @Test(
    "values that CIF reserves and RELION does not are values",
    arguments: [
      "data_2019/mic.mrc", "LOOP_x", "save_", "stop_it", "global_1", "_x", "$HOME/x", "données/é.mrc",
    ])
  func reservedValues(value: String) throws {
    let document = try parsed("data_\nloop_\n_a #1\n_b #2\n1 \(value)\n2 \(value)\n")
    #expect(document.blocks.count == 1)
    let column = try #require(document[""]?.table?["b"])
    #expect([column[0], column[1]] == [value, value])
    #expect(try parsed(written(document)) == document)
  }

  @Test("what is read and written is read again the same, unknown columns and blocks included")
  func roundTrip() throws {
    let text =
      relionText + "\ndata_more\n_rlnOne 1\n_otherTwo 'a b'\n\ndata_\nloop_\n_x\n'a\" b'\n\"'\"\n\"\"\n.\n"
    let document = try parsed(text)
    let again = try parsed(written(document))
    #expect(again == document)
    #expect(again.blocks.map(\.name) == ["optics", "particles", "more", ""])
    #expect(again[""]?.table?["x"].map { column in (0..<4).map { column[$0] } } == ["a\" b", "'", "", "."])
  }

  @Test("the text that is written")
  func writtenText() throws {
    var document = STARDocument(blocks: [
      STARBlock(name: "general", pairs: [.init(name: "rlnFinal", value: "two words")])
    ])
    document.blocks.append(
      STARBlock(
        name: "particles",
        table: try STARTable(columns: [
          STARColumn(name: "rlnImageName", values: ["000001@x.mrcs", ""]),
          STARColumn(name: "rlnAngleRot", values: ["1.5", "-2"]),
        ])))
    #expect(
      try written(document) == """

        # version 30001

        data_general

        _rlnFinal "two words"


        # version 30001

        data_particles

        loop_
        _rlnImageName #1
        _rlnAngleRot #2
        000001@x.mrcs 1.5
        "" -2


        """)
  }

  @Test("tens of thousands of rows, each value in its place")
  func manyRows() throws {
    let (rowCount, columnCount) = (30_000, 12)
    var columns = (0..<columnCount).map { STARColumn(name: "c\($0)") }
    for column in columns.indices {
      for row in 0..<rowCount { columns[column].append("\(row * columnCount + column)") }
    }
    let table = try STARTable(columns: columns)
    let document = STARDocument(blocks: [STARBlock(name: "particles", table: table)])
    let again = try #require(try parsed(written(document))["particles"]?.table)
    #expect(again == table)
    for column in 0..<columnCount {
      let expected = (0..<rowCount).map { $0 * columnCount + column }
      #expect(try again.integers("c\(column)") == expected)
    }
  }

  @Test("gzipped files, whatever their names")
  func gzip() throws {
    try withFolder { folder in
      try save(relionText.utf8, folder + "/plain.star")
      try output(of: "/usr/bin/env", ["gzip", "-k", "plain.star"], in: folder)
      let document = try parsed(relionText)
      #expect(try STARDocument(contentsOf: folder + "/plain.star") == document)
      #expect(try STARDocument(contentsOf: folder + "/plain.star.gz") == document)
    }
  }

  @Test("bytes that are not UTF-8 stay as they are")
  func otherEncodings() throws {
    let text = Array("data_\nloop_\n_a\n_b\nx".utf8) + [0xe9, 0xff] + Array("y 1\n".utf8)
    let document = try STARDocument(parsing: text, path: "latin.star")
    var bytes: [UInt8] = []
    try document.write { bytes.append(contentsOf: $0) }
    #expect(try STARDocument(parsing: bytes, path: "latin.star") == document)
    #expect(document[""]?.table?["a"]?.bytes(0) == [0x78, 0xe9, 0xff, 0x79])
  }

  @Test("numbers are those that strtod reads")
  func numbers() throws {
    let texts = ["0", "-0.0", "1e-300", "179.999999", "+5", ".5", "5.", "123456789012345678", "1E3", "-1e+2"]
    let table = try STARTable(columns: [STARColumn(name: "x", values: texts)])
    #expect(try table.numbers("x") == texts.map { Double($0) ?? .nan })
  }

  @Test(
    "no number is made of anything else",
    arguments: ["", "abc", "1,5", "1 2", " 1", "1x", "--1", "+-1", "1e", "0x10", "nan", "inf", "1e999", "-"])
  func notNumbers(text: String) throws {
    let table = try STARTable(columns: [STARColumn(name: "x", values: ["1", text])])
    #expect(message { _ = try table.numbers("x") }.hasPrefix("row 2: _x is '\(text)'; a "))
  }

  @Test("integers")
  func integers() throws {
    let table = try STARTable(columns: [STARColumn(name: "x", values: ["1", "-2.0", "3e2"])])
    #expect(try table.integers("x") == [1, -2, 300])
    let broken = try STARTable(columns: [STARColumn(name: "x", values: ["1", "1.5"])])
    #expect(message { _ = try broken.integers("x") } == "row 2: _x is 1.5; an integer is needed")
  }

  @Test("columns are put, replaced and taken away")
  func columns() throws {
    var table = try STARTable(columns: [
      STARColumn(name: "a", values: ["1", "2"]), STARColumn(name: "b", values: ["3", "4"]),
    ])
    try table.setColumn(STARColumn(name: "a", values: ["5", "6"]))
    try table.setColumn(STARColumn(name: "c", repeating: "7", count: 2))
    #expect(table.columns.map(\.name) == ["a", "b", "c"])
    #expect(table.columns.map { $0[1] } == ["6", "4", "7"])
    table.removeColumn("b")
    #expect(table.columns.map(\.name) == ["a", "c"])
    #expect(throws: ExitPlaneError.self) { try table.setColumn(STARColumn(name: "d", values: ["1"])) }
    #expect(throws: ExitPlaneError.self) {
      _ = try STARTable(columns: [STARColumn(name: "a"), STARColumn(name: "a")])
    }
  }
}
