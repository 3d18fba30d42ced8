import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("PDB files")
struct PDBWriterTests {
  private let structure = IdealStructure()

  private func lines(title: String = "IDEAL") throws -> [String] {
    String(decoding: try encodePDB(structure, title: title), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  @Test("records stand as the format's description has them")
  func records() throws {
    let lines = try lines()
    #expect(lines[0] == "TITLE     IDEAL")
    #expect(lines[1].hasPrefix("ATOM      1  N   LEU A   1    "))
    #expect(lines[1].hasSuffix("  1.00 30.00           N"))
    #expect(lines[1].count == 78)
    #expect(lines[271] == "TER     271      GLU A  35")
    #expect(lines[272].hasPrefix("ATOM    272  N   LEU B   1    "))
    #expect(lines.suffix(2) == ["END", ""])
  }

  @Test("every atom is there with its element and its place to a thousandth of an ångström")
  func atoms() throws {
    let records = try lines().filter { $0.hasPrefix("ATOM  ") }
    #expect(records.count == structure.atoms.count)
    let wrong = zip(records, structure.atoms).filter { record, atom in
      func field(_ columns: ClosedRange<Int>) -> String {
        String(record.dropFirst(columns.lowerBound - 1).prefix(columns.count).filter { $0 != " " })
      }
      func agrees(_ columns: ClosedRange<Int>, _ value: Double, within: Double) -> Bool {
        Double(field(columns)).map { abs($0 - value) <= within } ?? false
      }
      let r = atom.positionInAngstroms
      return !agrees(31...38, r.x, within: 0.000_501) || !agrees(39...46, r.y, within: 0.000_501)
        || !agrees(47...54, r.z, within: 0.000_501) || field(13...16) != atom.name
        || !agrees(61...66, atom.bFactorInSquareAngstroms, within: 0.005_1)
        || field(18...20) != atom.residueName || Int(field(23...26)) != atom.residueNumber
        || field(77...78) != [6: "C", 7: "N", 8: "O"][atom.atomicNumber]
    }
    #expect(wrong.isEmpty, "first of \(wrong.count): \(String(describing: wrong.first))")
    #expect(try lines().filter { $0.hasPrefix("TER   ") }.count == 22)
  }

  @Test("a title of any length keeps to its line")
  func longTitle() throws {
    #expect(try lines(title: String(repeating: "x", count: 500))[0].count == 80)
  }
}
