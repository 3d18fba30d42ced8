import CPNG
import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

@Suite("Previews")
struct PreviewTests {
  private func picture(_ path: String) throws -> (rows: Int, columns: Int, samples: [UInt8]) {
    var picture = png_image()
    picture.version = png_uint_32(PNG_IMAGE_VERSION)
    defer { png_image_free(&picture) }
    try #require(png_image_begin_read_from_file(&picture, path) != 0)
    picture.format = png_uint_32(PNG_FORMAT_GRAY)
    var samples = [UInt8](repeating: 0, count: Int(picture.width) * Int(picture.height))
    try #require(png_image_finish_read(&picture, nil, &samples, 0, nil) != 0)
    return (Int(picture.height), Int(picture.width), samples)
  }

  @Test("project --views axes: six views in one sheet, and the angles that are documented in the STAR file")
  func axes() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    let run = try CommandRun(
      ["project", "map.mrc", "--views", "axes", "--output", "v.mrcs", "--preview", "v.png"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    #expect(folder.contents == ["map.mrc", "v.mrcs", "v.star", "v.png"])
    let table = try ParticleSet(contentsOf: folder["v.star"]).table
    #expect(try table.numbers("rlnAngleRot") == [0, 180, 90, -90, 0, 0])
    #expect(try table.numbers("rlnAngleTilt") == [90, 90, 90, 90, 0, 180])
    #expect(try table.numbers("rlnAnglePsi") == [90, 90, 90, 90, 0, 0])
    // Opposite views are mirror images: for these, of the image's x; to what cubic interpolation is worth in 16 voxels.
    let stack = try MRCFile(path: folder["v.mrcs"])
    let (ahead, behind) = (try stack.readImage(0, as: Double.self), try stack.readImage(1, as: Double.self))
    let peak = try #require(ahead.values.max())
    for row in 0..<16 {
      for column in 1..<16 { #expect(abs(ahead[row, column] - behind[row, 16 - column]) < 2e-3 * peak) }
    }
    // The sums of voxels along x, y running along the columns and z along the rows; the box's edge is empty.
    let map = try MRCFile(path: folder["map.mrc"]).readVolume(as: Double.self)
    for z in 0..<16 {
      for y in 0..<16 {
        let sum = (0..<16).reduce(0.0) { $0 + map.values[(z * 16 + y) * 16 + $1] } * 1.5
        #expect(abs(ahead[z, y] - sum) < 0.02 * peak)
      }
    }
    // Three columns of 192 samples (16 pixels, twelve times each) in two rows, with gutters of 12 and two lines.
    let sheet = try picture(folder["v.png"])
    #expect(sheet.columns == 3 * 204 + 12 && sheet.rows == 2 * (192 + 50 + 12) + 12)
  }

  @Test("a preview shows what is in the stack; --low-pass smooths the preview alone")
  func lowPass() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    func simulate(_ extra: [String]) throws -> ([UInt8], Data) {
      let run = try CommandRun(
        [
          "simulate", "map.mrc", "--random-poses", "50", "--defocus", "9000,12000", "--snr", "0.05",
          "--output", "s",
          "--preview", "s.png",
        ] + extra, in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
      let sheet = try picture(folder["s.png"])
      // 48 images in eight columns and six rows; their captions have two lines.
      #expect(sheet.columns == 8 * 204 + 12)
      #expect(sheet.rows == 6 * (192 + 50 + 12) + 12)
      return (sheet.samples, try Data(contentsOf: URL(fileURLWithPath: folder["s.mrcs"])))
    }
    let (noisy, smooth) = (try simulate([]), try simulate(["--low-pass", "12"]))
    #expect(noisy.1 == smooth.1 && noisy.0 != smooth.0)
    // Neighbours along the rows of the first tile, each twelve samples wide, are more alike.
    func roughness(_ samples: [UInt8]) -> Double {
      let width = samples.count / (6 * 254 + 12)
      let line = stride(from: 18, to: 204, by: 12).map { Double(samples[(12 + 90) * width + $0]) }
      return zip(line, line.dropFirst()).reduce(0) { $0 + abs($1.0 - $1.1) }
    }
    #expect(roughness(smooth.0) < 0.7 * roughness(noisy.0))
  }

  @Test("a sheet of structures' images, not square, one image, or without optics")
  func shapes() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(12))
    for (box, poses) in [("8,40", "1"), ("40,8", "3"), ("300", "2")] {
      let run = try CommandRun(
        ["project", "map.mrc", "--random-poses", poses, "--box", box, "-o", "p.mrcs", "--preview", "p.png"],
        in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
      #expect(try picture(folder["p.png"]).rows > 100)
    }
  }

  @Test("--low-pass without --preview, or out of range, is refused before the work begins")
  func refusals() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    let base = ["project", "map.mrc", "--random-poses", "2", "--output", "p.mrcs"]
    for (extra, status, words) in [
      (["--low-pass", "10"], 64, "--preview"),
      (["--low-pass", "0", "--preview", "p.png"], 1, "--low-pass"),
      (["--low-pass", "-5", "--preview", "p.png"], 1, "-5.0 Å"),
      (["--low-pass", "13", "--preview", "p.png"], 1, "12.0 Å"),
      (["--preview", "nowhere/p.png"], 1, "nowhere"),
    ] as [([String], Int32, String)] {
      let run = try CommandRun(base + extra, in: folder.path)
      #expect(run.status == status && run.standardError.contains(words), "\(run.standardError)")
      #expect(folder.contents == ["map.mrc"])
    }
    let both = try CommandRun(base + ["--views", "axes"], in: folder.path)
    #expect(both.status == 64 && both.standardError.contains("--views axes"))
  }

  // Swift has no Float16 on Intel Macs.
  #if !(os(macOS) && arch(x86_64))
    @Test("project --float16 stores the same images, rounded")
    func float16() throws {
      let folder = try ScratchFolder()
      try folder.write("map.mrc", blobMap(8))
      for (name, extra) in [("a.mrcs", []), ("b.mrcs", ["--float16"])] {
        let run = try CommandRun(
          ["project", "map.mrc", "--random-poses", "3", "--output", name] + extra, in: folder.path)
        #expect(run.status == 0, "\(run.standardError)")
      }
      let (a, b) = (try MRCFile(path: folder["a.mrcs"]), try MRCFile(path: folder["b.mrcs"]))
      #expect(a.header.mode == .float32 && b.header.mode == .float16)
      for index in 0..<3 {
        let (single, half) = (try a.readImage(index, as: Float.self), try b.readImage(index, as: Float.self))
        #expect(half.values == single.values.map { Float(Float16($0)) })
      }
    }
  #endif
}
