import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("MRCStackWriter")
struct MRCStackWriterTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func image(_ index: Int, _ count: Int) -> [Float] {
    var generator = SplitMix(state: UInt64(index))
    return (0..<count).map { _ in Float.random(in: -1...1, using: &generator) }
  }

  private func write<Scalar: GridScalar>(_ values: [Scalar], at index: Int, to writer: MRCStackWriter) throws
  {
    try values.withUnsafeBufferPointer { try writer.write($0, at: index) }
  }

  // MARK: What is written

  @Test("a small stack, byte for byte")
  func bytes() throws {
    let writer = try MRCStackWriter(
      path: folder("a.mrcs"), shape: GridShape(rows: 1, columns: 2), count: 2, pixelSizeInAngstroms: 1.5)
    try write([3, 5] as [Float], at: 1, to: writer)
    #expect(try folder.entries.allSatisfy { $0 != "a.mrcs" })
    try write([-1, 1] as [Double], at: 0, to: writer)
    try writer.finish()
    #expect(try folder.entries == ["a.mrcs"])
    let file = try folder.read("a.mrcs")
    var fixture = MRCFixture()
    fixture.shape = (2, 1, 2)
    fixture.intervals = (2, 1, 1)
    fixture.cell = (3, 1.5, 1.5)
    fixture.spaceGroup = 0
    fixture.labels = ["ExitPlane" + String(repeating: " ", count: 71)]
    var expected = fixture.file(singles: [-1, 1, 3, 5])
    // Minimum −1, maximum 5, mean 2; version 20141; deviation √5.
    expected.replaceSubrange(76..<88, with: [0, 0, 0x80, 0xbf, 0, 0, 0xa0, 0x40, 0, 0, 0, 0x40])
    expected.replaceSubrange(108..<110, with: [0xad, 0x4e])
    expected.replaceSubrange(216..<220, with: [0xbd, 0x1b, 0x0f, 0x40])
    #expect(file == expected)
  }

  @Test(
    "the bytes do not depend on the order or the number of threads",
    arguments: [MRCOutputMode.float32, .float16])
  func order(mode: MRCOutputMode) async throws {
    // More pixels than one piece of the conversion.
    let shape = try GridShape(rows: 150, columns: 131)
    let count = 24
    func stack(_ name: String, threads: Int, order: [Int]) async throws -> [UInt8] {
      let writer = try MRCStackWriter(
        path: folder(name), shape: shape, count: count, pixelSizeInAngstroms: 1, mode: mode)
      try await withThrowingTaskGroup { group in
        for thread in 0..<threads {
          group.addTask {
            for position in stride(from: thread, to: count, by: threads) {
              try write(image(order[position], shape.count), at: order[position], to: writer)
            }
          }
        }
        try await group.waitForAll()
      }
      try writer.finish()
      return try folder.read(name)
    }
    let reference = try await stack("a.mrcs", threads: 1, order: Array(0..<count))
    #expect(try await stack("b.mrcs", threads: 1, order: (0..<count).reversed()) == reference)
    var generator = SplitMix(state: 1)
    for threads in [2, 7, 24] {
      let order = Array(0..<count).shuffled(using: &generator)
      #expect(try await stack("c.mrcs", threads: threads, order: order) == reference)
    }
    let file = try MRCFile(path: folder("a.mrcs"))
    for index in [0, 11, 23] {
      let expected = image(index, shape.count)
      let stored = mode == .float32 ? expected : expected.map { MRCHalf.single(MRCHalf.half($0)) }
      #expect(try file.readImage(index, as: Float.self).values == stored)
    }
  }

  @Test("statistics are of what is stored", arguments: [MRCOutputMode.float32, .float16])
  func statistics(mode: MRCOutputMode) throws {
    let writer = try MRCStackWriter(
      path: folder("a.mrcs"), shape: GridShape(square: 200), count: 3, pixelSizeInAngstroms: 1, mode: mode)
    for index in 0..<3 { try write(image(index, 40_000).map { $0 + Float(index) }, at: index, to: writer) }
    try writer.finish()
    let file = try MRCFile(path: folder("a.mrcs"))
    let stored = try (0..<3).flatMap { try file.readImage($0, as: Double.self).values }
    let mean = stored.reduce(0, +) / Double(stored.count)
    let deviation = (stored.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(stored.count)).squareRoot()
    #expect(Double(file.header.minimum) == stored.min())
    #expect(Double(file.header.maximum) == stored.max())
    #expect(abs(Double(file.header.mean) - mean) < 1e-6)
    #expect(abs(Double(file.header.standardDeviation) - deviation) < 1e-6)
  }

  @Test("double precision is stored as the nearest single, or half")
  func doubles() throws {
    let values = (0..<40_000).map { Double($0) / 7 }
    for (mode, expected) in [
      (MRCOutputMode.float32, values.map { Float($0) }),
      (.float16, values.map { MRCHalf.single(MRCHalf.half(Float($0))) }),
    ] {
      let path = folder("\(mode).mrcs")
      let shape = try GridShape(square: 200)
      try writeMRCImage(path, RealImage(shape: shape, values: values), pixelSizeInAngstroms: 1, mode: mode)
      #expect(try MRCFile(path: path).readImage(0, as: Float.self).values == expected)
    }
  }

  @Test("a hundred thousand images")
  func manyImages() throws {
    let count = 100_000
    let writer = try MRCStackWriter(
      path: folder("a.mrcs"), shape: GridShape(square: 2), count: count, pixelSizeInAngstroms: 1)
    for index in 0..<count { try write([Float](repeating: Float(index), count: 4), at: index, to: writer) }
    try writer.finish()
    let file = try MRCFile(path: folder("a.mrcs"))
    #expect(file.imageCount == count)
    #expect(file.header.maximum == 99_999)
    #expect(file.header.mean == 49_999.5)
    #expect(try file.readImage(77_777, as: Float.self).values == [77_777, 77_777, 77_777, 77_777])
  }

  @Test("a volume survives the way out and back", arguments: [MRCOutputMode.float32, .float16])
  func volume(mode: MRCOutputMode) throws {
    let values = (0..<(5 * 4 * 3)).map { Float($0) / 4 }
    let volume = try RealVoxelGridVolume(
      depth: 5, rows: 4, columns: 3, voxelSizeInAngstroms: 1.06, values: values)
    try writeMRCVolume(folder("a.mrc"), volume, mode: mode)
    let file = try MRCFile(path: folder("a.mrc"))
    #expect(file.header.spaceGroup == 1)
    #expect(file.header.intervals == SIMD3(3, 4, 5))
    let back = try file.readVolume(as: Float.self)
    #expect(back.values == values)
    #expect((back.depth, back.rows, back.columns) == (5, 4, 3))
    #expect(back.voxelSizeInAngstroms == 1.06)
  }

  @Test("a single image is a stack of one")
  func singleImage() throws {
    let shape = try GridShape(rows: 3, columns: 5)
    let values = (0..<15).map { Double($0) }
    try writeMRCImage(folder("a.mrc"), RealImage(shape: shape, values: values), pixelSizeInAngstroms: 0.83)
    let file = try MRCFile(path: folder("a.mrc"))
    #expect(file.isStack)
    #expect(file.imageCount == 1)
    #expect(abs(try #require(try file.voxelSizeInAngstroms) - 0.83) < 1e-12)
    #expect(try file.readImage(0, as: Double.self).values == values)
  }

  // MARK: Refusals

  @Test("values the mode cannot hold are named and nothing is left")
  func unstorable() throws {
    func refuse<Scalar: GridScalar>(
      _ bad: Scalar, at pixel: Int, mode: MRCOutputMode, saying words: String...,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      let shape = try GridShape(rows: 150, columns: 200)
      var values = [Scalar](repeating: 1, count: shape.count)
      values[pixel] = bad
      let error = #expect(throws: ExitPlaneError.self, sourceLocation: sourceLocation) {
        let writer = try MRCStackWriter(
          path: folder("a.mrcs"), shape: shape, count: 5, pixelSizeInAngstroms: 1, mode: mode)
        try write(values, at: 3, to: writer)
      }
      #expect(error?.kind == .invalidValue, sourceLocation: sourceLocation)
      for word in words + ["image 4 of \(folder("a.mrcs")), pixel (y \(pixel / 200), x \(pixel % 200))"] {
        #expect(error?.description.contains(word) == true, "\(error as Any)", sourceLocation: sourceLocation)
      }
      #expect(try folder.entries == [], sourceLocation: sourceLocation)
    }
    for pixel in [0, 20_007, 29_999] {
      try refuse(Float.nan, at: pixel, mode: .float32, saying: "nan", "finite in single precision")
      try refuse(-Float.infinity, at: pixel, mode: .float16, saying: "-inf", "65504")
      try refuse(Double.nan, at: pixel, mode: .float16, saying: "nan", "65504")
      try refuse(
        Float(70_000), at: pixel, mode: .float16, saying: "70000.0", "within ±65504 for half precision")
      try refuse(Double(-65520), at: pixel, mode: .float16, saying: "-65520.0", "65504")
    }
    try refuse(1e39, at: 20_007, mode: .float32, saying: "1e+39", "finite in single precision")
    let writer = try MRCStackWriter(
      path: folder("b.mrcs"), shape: GridShape(rows: 1, columns: 2), count: 1, pixelSizeInAngstroms: 1,
      mode: .float16)
    #expect(throws: Never.self) { try write([65519, -3e-8] as [Float], at: 0, to: writer) }
  }

  @Test("a stack is finished only with every image, each written once")
  func completeness() throws {
    let shape = try GridShape(square: 2)
    let values: [Float] = [1, 2, 3, 4]
    do {
      let writer = try MRCStackWriter(path: folder("a.mrcs"), shape: shape, count: 3, pixelSizeInAngstroms: 1)
      try write(values, at: 0, to: writer)
      try write(values, at: 2, to: writer)
      expectRefusal(.invalidValue, saying: "image 2", folder("a.mrcs"), "missing") { try writer.finish() }
      expectRefusal(.invalidValue, saying: "image 1", "written twice") {
        try write(values, at: 0, to: writer)
      }
      expectRefusal(.invalidValue, saying: "image 1 of", "missing") { try writer.finish() }
      expectRefusal(.invalidValue, saying: "is 3", "0 to 2") { try write(values, at: 3, to: writer) }
      expectRefusal(.invalidValue, saying: "is -1", "0 to 2") { try write(values, at: -1, to: writer) }
      expectRefusal(.invalidValue, saying: "image 2 is 3", "4 for 2 × 2") {
        try write([1, 2, 3] as [Float], at: 1, to: writer)
      }
      expectRefusal(.invalidValue, saying: "shape of image 2 is 1 × 4", "2 × 2") {
        try writer.write(RealImage(shape: GridShape(rows: 1, columns: 4), values: values), at: 1)
      }
    }
    #expect(try folder.entries == [])
  }

  @Test("a finished stack takes no more")
  func finished() throws {
    let writer = try MRCStackWriter(
      path: folder("a.mrcs"), shape: GridShape(square: 1), count: 1, pixelSizeInAngstroms: 1)
    try write([1] as [Float], at: 0, to: writer)
    try writer.finish()
    expectRefusal(.unwritableFile, saying: "already committed") { try writer.finish() }
    expectRefusal(.unwritableFile, saying: "already committed") {
      try write([2] as [Float], at: 0, to: writer)
    }
    #expect(try MRCFile(path: folder("a.mrcs")).readImage(0, as: Float.self).values == [1])
  }

  @Test("arguments outside their domain are refused and leave nothing")
  func arguments() throws {
    let shape = try GridShape(square: 32768)
    for count in [0, -1, Int(Int32.max) + 1, .max] {
      expectRefusal(.invalidValue, saying: "number of images is \(count)") {
        try MRCStackWriter(path: folder("a.mrcs"), shape: shape, count: count, pixelSizeInAngstroms: 1)
      }
    }
    for size in [0, -1, .nan, .infinity, 1e-60, 1e38] as [Double] {
      expectRefusal(.invalidValue, saying: "pixel size is \(size) Å") {
        try MRCStackWriter(path: folder("a.mrcs"), shape: shape, count: 1, pixelSizeInAngstroms: size)
      }
    }
    expectRefusal(.unwritableFile, saying: "9223372032559809536 bytes are needed") {
      try MRCStackWriter(path: folder("a.mrcs"), shape: shape, count: Int(Int32.max), pixelSizeInAngstroms: 1)
    }
    expectRefusal(.unwritableFile, saying: "there is no folder") {
      try MRCStackWriter(path: folder("none/a.mrcs"), shape: shape, count: 1, pixelSizeInAngstroms: 1)
    }
    #expect(try folder.entries == [])
  }

  @Test("too small a disk shows before the first image", .enabled(if: SmallDisk.isAvailable, SmallDisk.need))
  func fullDisk() throws {
    let disk = try SmallDisk()
    let path = disk.path + "/a.mrcs"
    expectRefusal(.unwritableFile, saying: path, "disk full", "26214401024 bytes are needed") {
      try MRCStackWriter(path: path, shape: GridShape(square: 256), count: 100_000, pixelSizeInAngstroms: 1)
    }
    #expect(disk.entries == [])
  }
}
