import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

@Suite("exitplane resize")
struct ResizeCommandTests {
  private func resize(_ arguments: [String], in folder: ScratchFolder) throws {
    let run = try CommandRun(["resize"] + arguments, in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
  }

  /// Voxels 1, 2, 3, … of a map whose header has nstart and origin.
  private func countingMap(
    columns: Int, rows: Int, sections: Int, starts: (Int32, Int32, Int32) = (0, 0, 0),
    origin: (Float, Float, Float) = (0, 0, 0)
  ) -> [UInt8] {
    var bytes = mrcBytes(
      columns: Int32(columns), rows: Int32(rows), sections: Int32(sections),
      values: (0..<columns * rows * sections).map { Float($0 + 1) })
    func put(_ word: Int, _ bits: UInt32) {
      for byte in 0..<4 { bytes[4 * word + byte] = UInt8(truncatingIfNeeded: bits >> (8 * byte)) }
    }
    for (place, start) in [starts.0, starts.1, starts.2].enumerated() {
      put(4 + place, UInt32(bitPattern: start))
    }
    for (place, value) in [origin.0, origin.1, origin.2].enumerated() { put(49 + place, value.bitPattern) }
    return bytes
  }

  @Test("a map that is not cubic becomes one by the command that the error names, and is projected")
  func pastedCommand() throws {
    let folder = try ScratchFolder()
    try folder.write("a map.mrc", countingMap(columns: 12, rows: 10, sections: 7))
    let image = ["--views", "axes", "--output", "x.mrcs"]
    let refused = try CommandRun(["project", "a map.mrc"] + image, in: folder.path)
    #expect(refused.status == 1)
    let line = try #require(refused.standardError.split(separator: "\n").first)
    #expect(line.contains("a map.mrc is 7 × 10 × 12 voxels"))
    let start = try #require(line.range(of: "exitplane resize"))
    #expect(line[start.lowerBound...] == "exitplane resize 'a map.mrc' --box 12 --output 'a map-12.mrc'")
    try resize(["a map.mrc", "--box", "12", "--output", "a map-12.mrc"], in: folder)
    let project = try CommandRun(["project", "a map-12.mrc"] + image, in: folder.path)
    #expect(project.status == 0, "\(project.standardError)")
    let compare = try CommandRun(["compare", "a map.mrc", "a map.mrc"], in: folder.path)
    #expect(compare.status == 1 && compare.standardError.contains("exitplane resize 'a map.mrc' --box 12"))
    // The nonuniform FFT takes maps of any shape.
    let voxels = try CommandRun(["project", "a map.mrc", "--method", "real-voxel"] + image, in: folder.path)
    #expect(voxels.status == 0, "\(voxels.standardError)")
  }

  @Test(
    "the origin stays the origin, voxel by voxel, for odd and even axes",
    arguments: [("6", (6, 6, 6)), ("9", (9, 9, 9)), ("3,8,5", (3, 8, 5)), ("1,1,1", (1, 1, 1))])
  func placement(box: String, size: (z: Int, y: Int, x: Int)) throws {
    let folder = try ScratchFolder()
    let (nz, ny, nx) = (4, 5, 7)
    try folder.write("m.mrc", countingMap(columns: nx, rows: ny, sections: nz))
    try resize(["m.mrc", "--box", box, "--output", "o.mrc", "--fill", "-2.5"], in: folder)
    let got = try MRCFile(path: folder["o.mrc"]).readVolume(as: Double.self)
    #expect((got.depth, got.rows, got.columns) == size)
    // Docs/Conventions.md: from n to m, index i goes to i − n/2 + m/2.
    for z in 0..<size.z {
      for y in 0..<size.y {
        for x in 0..<size.x {
          let (i, j, k) = (z - size.z / 2 + nz / 2, y - size.y / 2 + ny / 2, x - size.x / 2 + nx / 2)
          let isInside = (0..<nz).contains(i) && (0..<ny).contains(j) && (0..<nx).contains(k)
          let want = isInside ? Double((i * ny + j) * nx + k + 1) : -2.5
          #expect(got.values[(z * size.y + y) * size.x + x] == want, "z \(z), y \(y), x \(x)")
        }
      }
    }
  }

  @Test("the map stays where it was: nstart moves, or the origin where that is what the file uses")
  func frame() throws {
    let folder = try ScratchFolder()
    // From 8 to 12: two voxels more in front; from 8 to 4: two fewer. 1.5 Å a voxel.
    for (starts, origin, box, newStarts, newOrigin) in [
      ((0, 0, 0), (0, 0, 0), "12", (-2, -2, -2), (0, 0, 0)),
      ((-4, 10, 0), (0, 0, 0), "4", (-2, 12, 2), (0, 0, 0)),
      ((0, 0, 0), (-6, 3.5, 0), "4,8,12", (0, 0, 0), (-9, 3.5, 3)),
      ((4, 0, 0), (6, 0, 0), "4", (6, 2, 2), (9, 3, 3)),
    ]
      as [(
        (Int32, Int32, Int32), (Float, Float, Float), String, (Int32, Int32, Int32), (Float, Float, Float)
      )]
    {
      try folder.write("m.mrc", countingMap(columns: 8, rows: 8, sections: 8, starts: starts, origin: origin))
      try resize(["m.mrc", "--box", box, "--output", "o.mrc"], in: folder)
      let header = try MRCFile(path: folder["o.mrc"]).header
      #expect(header.starts == SIMD3(newStarts.0, newStarts.1, newStarts.2))
      #expect(header.originInAngstroms == SIMD3(newOrigin.0, newOrigin.1, newOrigin.2))
    }
  }

  @Test("the axes' order in the file does not matter, and nstart goes with its axis")
  func axisOrder() throws {
    let folder = try ScratchFolder()
    // Columns along z, rows along x, sections along y.
    var bytes = countingMap(columns: 4, rows: 6, sections: 5, starts: (7, 8, 9))
    for (word, axis) in [(16, 3), (17, 1), (18, 2)] as [(Int, UInt8)] { bytes[4 * word] = axis }
    // The cell and its intervals are along x, y and z: 6, 5 and 4 voxels of 1.5 Å.
    for (word, count) in [(7, 6), (8, 5), (9, 4)] as [(Int, UInt8)] { bytes[4 * word] = count }
    for (word, edge) in [(10, 9), (11, 7.5), (12, 6)] as [(Int, Float)] {
      for byte in 0..<4 { bytes[4 * word + byte] = UInt8(truncatingIfNeeded: edge.bitPattern >> (8 * byte)) }
    }
    try folder.write("m.mrc", bytes)
    let before = try MRCFile(path: folder["m.mrc"]).readVolume(as: Float.self)
    try resize(["m.mrc", "--box", "2,5,6", "--output", "o.mrc"], in: folder)
    let after = try MRCFile(path: folder["o.mrc"])
    #expect(after.header.starts == SIMD3(8, 9, 8))
    let got = try after.readVolume(as: Float.self)
    #expect(got.values == Array(before.values[30..<90]))
  }

  @Test("the centre may be that of mass, a voxel, or a point in the file's frame")
  func centres() throws {
    let folder = try ScratchFolder()
    var values = [Float](repeating: -1, count: 16 * 16 * 16)
    // Weights 1 and 3 above a level of 2: three quarters of the way from (x, y, z) = (4, 3, 10) to (8, 3, 2).
    values[(10 * 16 + 3) * 16 + 4] = 3
    values[(2 * 16 + 3) * 16 + 8] = 5
    values[(15 * 16 + 15) * 16 + 15] = 1.5
    var bytes = mrcBytes(columns: 16, rows: 16, sections: 16, values: values)
    bytes[4 * 4] = 10  // nxstart: the first voxel is at 15 Å
    try folder.write("m.mrc", bytes)
    for centre in [
      ["--centre", "mass", "--level", "2"], ["--centre-voxel", "7,3,4"], ["--centre-voxel", "6.6,3.4,4"],
      ["--centre", "25.5,4.5,6"],
    ] {
      try resize(["m.mrc", "--box", "5", "--output", "o.mrc"] + centre, in: folder)
      let map = try MRCFile(path: folder["o.mrc"])
      // The new box begins at x = 5, y = 1, z = 2 of the old one.
      #expect(map.header.starts == SIMD3(15, 1, 2), "\(centre)")
      let got = try map.readVolume(as: Float.self)
      #expect(got.values[(0 * 5 + 2) * 5 + 3] == 5 && got.values.filter { $0 != -1 }.count == 1, "\(centre)")
    }
    try resize(["m.mrc", "--box", "32", "--centre", "file", "--output", "o.mrc"], in: folder)
    #expect(try MRCFile(path: folder["o.mrc"]).header.starts == SIMD3(-16, -16, -16))
  }

  @Test("edges are padded with their mean: of a map its faces', of images each its own")
  func edgeMean() throws {
    let folder = try ScratchFolder()
    // Faces are 2, the inside 50.
    var values = [Float](repeating: 2, count: 64)
    for z in 1...2 { for y in 1...2 { for x in 1...2 { values[(z * 4 + y) * 4 + x] = 50 } } }
    try folder.write("m.mrc", mrcBytes(columns: 4, rows: 4, sections: 4, values: values))
    try resize(["m.mrc", "--box", "6", "--fill", "edge", "--output", "o.mrc"], in: folder)
    let map = try MRCFile(path: folder["o.mrc"]).readVolume(as: Float.self).values
    #expect(map.filter { $0 == 2 }.count == 216 - 8 && map.filter { $0 == 50 }.count == 8)
    let images: [Float] = [1, 1, 1, 9, 1, 1] + [4, 4, 4, 4, 7, 4]
    try folder.write("s.mrcs", mrcBytes(columns: 3, rows: 2, sections: 2, spaceGroup: 0, values: images))
    try resize(["s.mrcs", "--box", "4,3", "--fill", "edge", "--output", "t.mrcs"], in: folder)
    let stack = try MRCFile(path: folder["t.mrcs"])
    let first = try stack.readImage(0, as: Float.self).values
    #expect(first[0] == Float(14.0 / 6) && Array(first[3..<9]) == [1, 1, 1, 9, 1, 1])
    #expect(try stack.readImage(1, as: Float.self).values[11] == Float(27.0 / 6))
    #expect(stack.isStack && stack.header.starts == SIMD3(0, 0, 0))
  }

  @Test("half precision stays so, and a size that the header lacks is stated")
  func storage() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    let project = try CommandRun(
      ["project", "map.mrc", "--views", "axes", "--float16", "--output", "h.mrcs"], in: folder.path)
    #expect(project.status == 0, "\(project.standardError)")
    try resize(["h.mrcs", "--box", "6", "--output", "r.mrcs"], in: folder)
    let (before, after) = (try MRCFile(path: folder["h.mrcs"]), try MRCFile(path: folder["r.mrcs"]))
    #expect(before.header.mode == .float16 && after.header.mode == .float16 && after.imageCount == 6)
    let (image, cropped) = (try before.readImage(3, as: Float.self), try after.readImage(3, as: Float.self))
    for row in 0..<6 { for column in 0..<6 { #expect(cropped[row, column] == image[row + 1, column + 1]) } }
    try folder.write(
      "u.mrc",
      mrcBytes(columns: 4, rows: 4, sections: 4, voxelSize: 0, values: Array(repeating: 1, count: 64)))
    let unstated = try CommandRun(["resize", "u.mrc", "--box", "6", "-o", "v.mrc"], in: folder.path)
    #expect(unstated.status == 1 && unstated.standardError.contains("--voxel-size"))
    try resize(["u.mrc", "--box", "6", "--voxel-size", "1.25", "--output", "v.mrc"], in: folder)
    #expect(try MRCFile(path: folder["v.mrc"]).voxelSizeInAngstroms == 1.25)
  }

  @Test(
    "what makes no sense is refused",
    arguments: [
      (["m.mrc", "--box", "0"], "--box"), (["m.mrc", "--box", "4,4"], "'z,y,x'"),
      (["m.mrc", "--box", "four"], "--box"), (["m.mrc", "--box", "99999"], "--box"),
      (["s.mrcs", "--box", "4,4,4"], "'rows,columns'"),
      (["s.mrcs", "--box", "4", "--centre", "mass"], "for maps"),
      (["m.mrc", "--box", "4", "--centre", "mass", "--level", "1000"], "above 1000"),
      (["m.mrc", "--box", "4", "--level", "2"], "--centre mass"),
      (["m.mrc", "--box", "4", "--centre-voxel", "1e300,0,0"], "near the map"),
      (["m.mrc", "--box", "4", "--centre-voxel", "90,0,0"], "nothing of m.mrc"),
      (["m.mrc", "--box", "4", "--centre", "inf,0,0"], "--centre"),
      (["m.mrc", "--box", "4", "--centre", "mass", "--centre-voxel", "1,1,1"], "not both"),
      (["m.mrc", "--box", "4", "--fill", "1e39"], "--fill"),
      (["m.mrc", "--box", "4", "--voxel-size", "-1"], "voxel size"),
      (["none.mrc", "--box", "4"], "none.mrc"), (["p.star", "--box", "4"], "p.star"),
    ] as [([String], String)])
  func refusals(arguments: [String], words: String) throws {
    let folder = try ScratchFolder()
    try folder.write("m.mrc", countingMap(columns: 6, rows: 6, sections: 6))
    try folder.write(
      "s.mrcs",
      mrcBytes(columns: 3, rows: 2, sections: 2, spaceGroup: 0, values: Array(repeating: 1, count: 12)))
    try folder.write("p.star", particlesSTAR)
    let run = try CommandRun(["resize"] + arguments + ["--output", "o.mrc"], in: folder.path)
    #expect(run.status == 1 || run.status == 64)
    #expect(run.standardError.contains(words), "\(run.standardError)")
    // The usage of this command and of no other, also where it finds a mistake by itself.
    #expect(run.standardError.contains("Usage: exitplane resize <input>") == (run.status == 64))
    #expect(folder.contents == ["m.mrc", "s.mrcs", "p.star"])
  }

  @Test("an input is not overwritten, and a map not written under a stack's name")
  func outputs() throws {
    let folder = try ScratchFolder()
    try folder.write("m.mrc", countingMap(columns: 6, rows: 6, sections: 6))
    for (output, words) in [("m.mrc", "over"), ("./m.mrc", "over"), ("o.mrcs", "end --output in .mrc")] {
      let run = try CommandRun(["resize", "m.mrc", "--box", "4", "--output", output], in: folder.path)
      #expect(run.status == 1 && run.standardError.contains(words), "\(run.standardError)")
    }
    #expect(folder.contents == ["m.mrc"])
  }
}
