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
    #expect(stack.imageCount == 5 && particles.count == 5)
    // Where the object's centre of mass is, turned by a pose, its projection has its own; masses are equal.
    let (mass, centre) = moments(of: map)
    for index in 0..<5 {
      let image = try stack.readImage(index, as: Double.self)
      let (imageMass, imageCentre) = moments(of: image, pixelSize: map.voxelSizeInAngstroms)
      let expected = particles.poses[index].rotation * centre
      #expect(abs(imageMass / mass - 1) < 1e-3)
      #expect(abs(imageCentre.x - expected.x) < 0.05 && abs(imageCentre.y - expected.y) < 0.05)
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
    for name in ["model.pdb", "map.mrc", "particles.mrcs", "particles.star", "particles.png"] {
      #expect(
        FileManager.default.contentsEqual(atPath: folder["one/\(name)"], andPath: folder["two/\(name)"]))
    }
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

/// The integral in Å times the voxels' unit, and the centre of mass in Å.
private func moments(of map: RealVoxelGridVolume<Double>) -> (mass: Double, centre: SIMD3<Double>) {
  let (n, h) = (map.columns, map.voxelSizeInAngstroms)
  var (mass, sum) = (0.0, SIMD3(0.0, 0, 0))
  for (index, value) in map.values.enumerated() {
    mass += value
    sum +=
      value * SIMD3(Double(index % n - n / 2), Double(index / n % n - n / 2), Double(index / n / n - n / 2))
  }
  return (mass * h * h * h, sum / mass * h)
}

private func moments(
  of image: RealImage<Double>, pixelSize h: Double
) -> (mass: Double, centre: SIMD2<Double>) {
  let n = image.shape.columns
  var (mass, sum) = (0.0, SIMD2(0.0, 0))
  for (index, value) in image.values.enumerated() {
    mass += value
    sum += value * SIMD2(Double(index % n - n / 2), Double(index / n - n / 2))
  }
  return (mass * h * h, sum / mass * h)
}
