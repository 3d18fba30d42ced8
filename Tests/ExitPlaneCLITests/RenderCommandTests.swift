import Foundation
import Testing

@Suite("exitplane render")
struct RenderCommandTests {
  /// A carbon atom's potential in Å⁻², by Peng's five Gaussians and a B-factor of 20 Å².
  private func carbon(_ x: Double, _ y: Double, _ z: Double) -> Double {
    let a = [0.0893, 0.2563, 0.7570, 1.0487, 0.3575]
    let b = [0.2465, 1.7100, 6.4094, 18.6113, 50.2523]
    let square = x * x + y * y + z * z
    return zip(a, b).reduce(0) { sum, term in
      let width = term.1 + 20
      return sum + term.0 * pow(4 * .pi / width, 1.5) * exp(-4 * .pi * .pi * square / width)
    }
  }

  private let atom = "ATOM      1  C   ALA A   1      21.000 -13.000   5.500  1.00 20.00           C\nEND\n"

  /// A map of 7 × 5 × 6 voxels (x, y, z) of 2 Å whose columns run along z, rows along x and sections along y.
  private func map(nstart: [Int32], origin: [Float]) -> [UInt8] {
    var bytes = mrcBytes(
      columns: 6, rows: 7, sections: 5, voxelSize: 2, values: Array(repeating: 1, count: 210))
    func put(_ word: Int, _ value: UInt32) {
      for i in 0..<4 { bytes[4 * (word - 1) + i] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(i))) }
    }
    for (axis, count) in [7, 5, 6].enumerated() {
      put(8 + axis, UInt32(count))
      put(11 + axis, Float(2 * count).bitPattern)
    }
    for i in 0..<3 {
      put(5 + i, UInt32(bitPattern: nstart[i]))
      put(17 + i, [3, 1, 2][i])
      put(50 + i, origin[i].bitPattern)
    }
    return bytes
  }

  // The first voxel at (14, −18, 0) Å, by nstart (of columns along z, rows along x, sections along y) or by origin.
  static let places: [(nstart: [Int32], origin: [Float])] = [
    ([0, 7, -9], [0, 0, 0]), ([1, 2, 3], [14, -18, 0]),
  ]

  @Test("--like keeps box, axes and place, and atoms where their file has them", arguments: places)
  func like(place: (nstart: [Int32], origin: [Float])) throws {
    let folder = try ScratchFolder()
    let template = map(nstart: place.nstart, origin: place.origin)
    try folder.write("like.mrc", template)
    try folder.write("model.pdb", atom)
    let run = try CommandRun(
      [
        "render", "model.pdb", "--like", "like.mrc", "--point-sampling", "--accuracy", "1e-9", "-o",
        "out.mrc",
      ],
      in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: folder["out.mrc"])))
    try #require(bytes.count == template.count)
    // Sizes, nstart, intervals, cell, axis order, space group and origin, word by word.
    for word in Array(1...3) + Array(5...19) + [23] + Array(50...52) {
      #expect(bytes[4 * (word - 1)..<4 * word] == template[4 * (word - 1)..<4 * word], "word \(word)")
    }
    for section in 0..<5 {
      for row in 0..<7 {
        for column in 0..<6 {
          let (x, y, z) = (14 + 2 * Double(row), -18 + 2 * Double(section), 2 * Double(column))
          let at = 1024 + 4 * ((section * 7 + row) * 6 + column)
          let bits = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) }
          #expect(abs(Double(Float(bitPattern: bits)) - carbon(x - 21, y + 13, z - 5.5)) < 2e-6)
        }
      }
    }
  }

  @Test("with a centre, that comes to the middle of the box")
  func likeCentred() throws {
    let folder = try ScratchFolder()
    try folder.write("like.mrc", map(nstart: [0, 0, 0], origin: [0, 0, 0]))
    try folder.write("model.pdb", atom)
    let far = try CommandRun(["render", "model.pdb", "--like", "like.mrc", "-o", "far.mrc"], in: folder.path)
    #expect(
      far.status == 0
        && far.standardError.contains("100.0 % of the structure lies outside a map of 6 × 5 × 7"))
    let near = try CommandRun(
      ["render", "model.pdb", "--like", "like.mrc", "--centre", "mass", "-o", "near.mrc"], in: folder.path)
    #expect(near.status == 0 && !near.standardError.contains("warning"))
    let point = try CommandRun(
      ["render", "model.pdb", "--like", "like.mrc", "--centre", "21,-13,5.5", "-o", "point.mrc"],
      in: folder.path)
    #expect(point.status == 0)
    let files = try ["near.mrc", "point.mrc"].map { try Data(contentsOf: URL(fileURLWithPath: folder[$0])) }
    #expect(files[0] == files[1])
  }

  @Test("what --like cannot be or go with is refused")
  func refused() throws {
    let folder = try ScratchFolder()
    try folder.write("like.mrc", map(nstart: [0, 0, 0], origin: [0, 0, 0]))
    try folder.write("far.mrc", map(nstart: [0, 0, 0], origin: [.nan, 0, 0]))
    try folder.write("model.pdb", atom)
    func refusal(_ arguments: [String], _ status: Int32, _ words: String) throws {
      let before = folder.contents
      let run = try CommandRun(["render", "model.pdb", "-o", "out.mrc"] + arguments, in: folder.path)
      #expect(run.status == status && run.standardError.contains(words), "\(run.standardError)")
      #expect(folder.contents == before)
    }
    try refusal(["--like", "like.mrc", "--voxel-size", "1"], 64, "--like gives the box")
    try refusal([], 64, "--voxel-size")
    try refusal(["--like", "far.mrc"], 1, "far.mrc")
    try refusal(["--like", "like.mrc", "--method", "fft-atom"], 1, "6 × 5 × 7")
    try refusal(["--like", "like.mrc", "--resolution", "0"], 1, "resolution")
    try refusal(["--like", "like.mrc", "--centre", "1,2"], 64, "centre")
    let over = try CommandRun(
      ["render", "model.pdb", "--like", "like.mrc", "-o", "like.mrc"], in: folder.path)
    #expect(over.status == 1 && over.standardError.contains("over the input"))
  }

  @Test("--resolution leaves nothing beyond it")
  func resolution() throws {
    let folder = try ScratchFolder()
    try folder.write("model.pdb", atom)
    let arguments = ["render", "model.pdb", "--box", "16", "--voxel-size", "1", "-o"]
    #expect(try CommandRun(arguments + ["whole.mrc"], in: folder.path).status == 0)
    let run = try CommandRun(arguments + ["cut.mrc", "--resolution", "4"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let comparison = try CommandRun(["compare", "whole.mrc", "cut.mrc"], in: folder.path)
    #expect(comparison.status == 0)
    let bytes = try Data(contentsOf: URL(fileURLWithPath: folder["cut.mrc"]))
    let values = bytes.withUnsafeBytes { bytes in
      (0..<4096).map { Double(bytes.loadUnaligned(fromByteOffset: 1024 + 4 * $0, as: Float.self)) }
    }
    // Along x, six cycles in sixteen voxels are beyond 4 Å and two are not.
    func amplitude(_ k: Int) -> Double {
      var (re, im) = (0.0, 0.0)
      for (i, value) in values.enumerated() {
        let phase = 2 * .pi * Double(k * (i % 16)) / 16
        (re, im) = (re + value * cos(phase), im + value * sin(phase))
      }
      return (re * re + im * im).squareRoot()
    }
    #expect(amplitude(6) < 1e-5 * amplitude(0) && amplitude(2) > 0.1 * amplitude(0))
  }

  @Test("pLDDT in place of B-factors is a warning that names the choice")
  func confidence() throws {
    let folder = try ScratchFolder()
    try folder.write("model.pdb", "TITLE     ALPHAFOLD MONOMER V2.0 PREDICTION FOR X\n" + atom)
    let arguments = ["render", "model.pdb", "--voxel-size", "1", "-o", "out.mrc"]
    let warned = try CommandRun(arguments, in: folder.path)
    #expect(warned.status == 0)
    for words in ["warning: model.pdb has pLDDT", "--ignore-b-factors", "--b-factor"] {
      #expect(warned.standardError.contains(words))
    }
    for choice in [["--ignore-b-factors"], ["--b-factor", "30"]] {
      #expect(!(try CommandRun(arguments + choice, in: folder.path).standardError.contains("warning")))
    }
  }
}
