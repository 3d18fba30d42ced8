import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

@Suite("exitplane demo")
struct DemoCommandTests {
  @Test("leaves a model, its map, a stack with poses that are its projections, and a picture of them")
  func files() throws {
    let folder = try ScratchFolder()
    let run = try CommandRun(["demo", "--images", "5"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let names = ["model.pdb", "map.mrc", "particles.mrcs", "particles.star", "particles.png"]
    #expect(folder.contents == ["exitplane-demo"])
    let written = try FileManager.default.contentsOfDirectory(atPath: folder["exitplane-demo"])
    #expect(Set(written) == Set(names))
    for name in names { #expect(run.standardOutput.contains("exitplane-demo/\(name): ")) }

    let map = try MRCFile(path: folder["exitplane-demo/map.mrc"]).readVolume(as: Double.self)
    let stack = try MRCFile(path: folder["exitplane-demo/particles.mrcs"])
    let particles = try ParticleSet(contentsOf: folder["exitplane-demo/particles.star"])
    let atoms = try atoms(inFile: folder["exitplane-demo/model.pdb"])
    #expect(stack.imageCount == 5 && particles.count == 5)
    #expect(atoms.count > 3000)
    let pixelSize = map.voxelSizeInAngstroms
    for index in 0..<5 {
      let image = try stack.readImage(index, as: Double.self)
      let ratio = image.values.reduce(0, +) / (map.values.reduce(0, +) * pixelSize)
      #expect(abs(ratio - 1) < 1e-3)
      let shadow = shadow(of: atoms, at: particles.poses[index], side: 128, pixelSize: pixelSize)
      #expect(correlation(blockSums(image.values, side: 128), blockSums(shadow, side: 128)) > 0.99)
    }
    let picture = try Data(contentsOf: URL(fileURLWithPath: folder["exitplane-demo/particles.png"]))
    #expect(picture.prefix(8) == Data([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    #expect(picture.count > 10_000)
  }

  @Test("writes to the folder asked for, again and again the same")
  func repeats() throws {
    let folder = try ScratchFolder()
    for name in ["one", "two", "two"] {
      #expect(try CommandRun(["demo", "--output", name, "--images", "2"], in: folder.path).status == 0)
    }
    for name in ["model.pdb", "map.mrc", "particles.mrcs", "particles.png"] {
      #expect(
        FileManager.default.contentsEqual(atPath: folder["one/\(name)"], andPath: folder["two/\(name)"]))
    }
    // The STAR file names its images from the working directory.
    let texts = try ["one", "two"].map { name in
      try String(contentsOfFile: folder["\(name)/particles.star"], encoding: .utf8)
        .replacingOccurrences(of: "@\(name)/", with: "@")
    }
    #expect(texts[0] == texts[1] && texts[0].contains("000002@particles.mrcs"))
  }

  @Test("a folder that cannot be made, or no images, is refused in a sentence")
  func refusals() throws {
    let folder = try ScratchFolder()
    let missing = try CommandRun(["demo", "--output", "no/such/folder"], in: folder.path)
    #expect(missing.status == 1)
    #expect(missing.standardError.contains("no/such/folder"))
    #expect(try CommandRun(["demo", "--images", "0"], in: folder.path).status == 64)
    #expect(folder.contents.isEmpty)
  }
}

private func atoms(inFile path: String) throws -> [SIMD3<Double>] {
  try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    .filter { $0.hasPrefix("ATOM  ") }
    .map { line in
      let xyz = [30, 38, 46].compactMap { start in
        Double(line.dropFirst(start).prefix(8).filter { $0 != " " })
      }
      try #require(xyz.count == 3)
      return SIMD3(xyz[0], xyz[1], xyz[2])
    }
}

/// How many atoms are over each pixel.
private func shadow(of atoms: [SIMD3<Double>], at pose: Pose, side: Int, pixelSize: Double) -> [Double] {
  var counts = [Double](repeating: 0, count: side * side)
  for atom in atoms {
    let moved = pose.rotation * atom
    let column = Int((moved.x / pixelSize).rounded()) + side / 2
    let row = Int((moved.y / pixelSize).rounded()) + side / 2
    counts[row * side + column] += 1
  }
  return counts
}

/// Sums of 4 × 4 pixels: what is left of an image when neither bonds nor B-factors matter.
private func blockSums(_ values: [Double], side: Int) -> [Double] {
  var sums = [Double](repeating: 0, count: side / 4 * side / 4)
  for (index, value) in values.enumerated() {
    sums[index / side / 4 * (side / 4) + index % side / 4] += value
  }
  return sums
}

private func correlation(_ a: [Double], _ b: [Double]) -> Double {
  let (meanA, meanB) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
  let products = zip(a, b).map { ($0 - meanA) * ($1 - meanB) }.reduce(0, +)
  let squares = (
    a.map { ($0 - meanA) * ($0 - meanA) }.reduce(0, +), b.map { ($0 - meanB) * ($0 - meanB) }.reduce(0, +)
  )
  return products / (squares.0 * squares.1).squareRoot()
}
