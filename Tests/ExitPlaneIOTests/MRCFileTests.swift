import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("MRCFile")
struct MRCFileTests {
  private let folder: ScratchFolder

  init() throws { folder = try ScratchFolder() }

  private func open(_ bytes: [UInt8], named name: String = "map.mrc") throws -> MRCFile {
    try MRCFile(path: folder.write(bytes, to: name))
  }

  private func fixture(_ change: (inout MRCFixture) -> Void) -> MRCFixture {
    var fixture = MRCFixture()
    change(&fixture)
    return fixture
  }

  // MARK: Samples

  @Test("every mode is read in both byte orders and both precisions", arguments: [false, true])
  func modes(isBigEndian: Bool) throws {
    func check(_ mode: Int32, _ bytes: (MRCFixture) -> [UInt8], _ expected: [Double]) throws {
      for extended in [[], [UInt8](repeating: 0xff, count: 3)] {
        let fixture = fixture {
          $0.mode = mode
          $0.shape = (3, 2, 1)
          $0.cell = (4.5, 3, 1.5)
          $0.isBigEndian = isBigEndian
          $0.extendedHeader = extended
        }
        let file = try open(bytes(fixture))
        let double = try file.readVolume(as: Double.self)
        #expect(double.values == expected)
        #expect((double.depth, double.rows, double.columns) == (1, 2, 3))
        #expect(double.voxelSizeInAngstroms == 1.5)
        #expect(try file.readVolume(as: Float.self).values == expected.map { Float($0) })
      }
    }
    try check(0, { $0.file(integers: [0, 1, 127, -1, -128, 7] as [Int8]) }, [0, 1, 127, -1, -128, 7])
    try check(
      1, { $0.file(integers: [0, 258, 32767, -1, -32768, 7] as [Int16]) }, [0, 258, 32767, -1, -32768, 7])
    try check(
      6, { $0.file(integers: [0, 258, 32767, 65535, 32768, 7] as [UInt16]) },
      [0, 258, 32767, 65535, 32768, 7])
    let singles: [Float] = [0, 0.1, -3.4e38, 0x1p-149, 258, -0.5]
    try check(2, { $0.file(singles: singles) }, singles.map { Double($0) })
    // 1, −2, 65504, 2⁻²⁴, ⅓ to 11 bits, 0.
    try check(
      12, { $0.file(integers: [0x3c00, 0xc000, 0x7bff, 0x0001, 0x3555, 0] as [UInt16]) },
      [1, -2, 65504, 0x1p-24, 0.333251953125, 0])
  }

  @Test("IMOD's flags tell unsigned bytes from signed ones", arguments: [false, true])
  func imodBytes(isBigEndian: Bool) throws {
    for (flags, expected) in [(0, 200), (1, -56), (4, 200), (5, -56)] as [(Int32, Float)] {
      let fixture = fixture {
        $0.mode = 0
        $0.shape = (1, 1, 1)
        $0.cell = (1, 1, 1)
        $0.imod = (1_146_047_817, flags)
        $0.isBigEndian = isBigEndian
      }
      #expect(try open(fixture.file(integers: [UInt8(200)])).readVolume(as: Float.self).values == [expected])
    }
  }

  @Test("a large map takes every sample through the wide loops", arguments: [0, 1, 2, 6, 12] as [Int32])
  func manySamples(mode: Int32) throws {
    let fixture = fixture {
      $0.mode = mode
      $0.shape = (37, 11, 5)
      $0.cell = (37, 11, 5)
    }
    let numbers = (0..<fixture.sampleCount).map { $0 % 100 }
    let bytes =
      switch mode {
      case 0: fixture.file(integers: numbers.map { Int8($0) })
      case 1: fixture.file(integers: numbers.map { Int16($0) })
      case 6: fixture.file(integers: numbers.map { UInt16($0) })
      case 12: fixture.file(integers: numbers.map { MRCHalf.half(Float($0)) })
      default: fixture.file(singles: numbers.map { Float($0) })
      }
    #expect(try open(bytes).readVolume(as: Float.self).values == numbers.map { Float($0) })
    #expect(try open(bytes).readVolume(as: Double.self).values == numbers.map { Double($0) })
  }

  // MARK: Axis order

  @Test(
    "a volume in any axis order is turned to z, y, x",
    arguments: [(1, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (3, 1, 2), (3, 2, 1)] as [(Int32, Int32, Int32)])
  func axisOrders(order: (Int32, Int32, Int32)) throws {
    // Longer than the squares the transposition works in, and no two axes alike.
    let lengths: [Int32] = [41, 35, 3]
    let axes = [order.0, order.1, order.2]
    let shape = axes.map { lengths[Int($0) - 1] }
    let fixture = fixture {
      $0.shape = (shape[0], shape[1], shape[2])
      $0.axes = order
      $0.intervals = (lengths[0], lengths[1], lengths[2])
      $0.cell = (82, 70, 6)
    }
    var samples: [Float] = []
    for section in 0..<shape[2] {
      for row in 0..<shape[1] {
        for column in 0..<shape[0] {
          var position: [Int32] = [0, 0, 0]
          position[Int(axes[0]) - 1] = column
          position[Int(axes[1]) - 1] = row
          position[Int(axes[2]) - 1] = section
          samples.append(Float(position[0] + 100 * position[1] + 10_000 * position[2]))
        }
      }
    }
    let file = try open(fixture.file(singles: samples))
    #expect(file.shape.rows == 35)
    #expect(file.shape.columns == 41)
    #expect(file.depth == 3)
    let volume = try file.readVolume(as: Double.self)
    #expect(volume.voxelSizeInAngstroms == 2)
    var expected: [Double] = []
    for z in 0..<3 {
      for y in 0..<35 {
        for x in 0..<41 { expected.append(Double(x + 100 * y + 10_000 * z)) }
      }
    }
    #expect(volume.values == expected)
    #expect(try file.readVolume(as: Float.self).values == expected.map { Float($0) })
  }

  @Test(
    "a volume of more than is read at a time is whole",
    arguments: [(1, 2, 3), (1, 3, 2), (2, 1, 3), (3, 1, 2)] as [(Int32, Int32, Int32)])
  func manySections(order: (Int32, Int32, Int32)) throws {
    let side = 72
    let fixture = fixture {
      $0.shape = (Int32(side), Int32(side), Int32(side))
      $0.axes = order
      $0.cell = (72, 72, 72)
    }
    let samples = (0..<side * side * side).map { Float($0) }
    let values = try open(fixture.file(singles: samples)).readVolume(as: Double.self).values
    // How far apart neighbours along x, y and z lie in the file.
    let strides = [1, 2, 3].map { axis in
      [1, side, side * side][[order.0, order.1, order.2].firstIndex(of: axis) ?? 0]
    }
    var isWhole = true
    for index in values.indices {
      let (z, y, x) = (index / (side * side), index / side % side, index % side)
      isWhole = isWhole && values[index] == Double(x * strides[0] + y * strides[1] + z * strides[2])
    }
    #expect(isWhole)
  }

  @Test("the images of a stack may be stored by columns, but not lie across the sections")
  func stackAxisOrders() throws {
    let turned = fixture {
      $0.shape = (2, 3, 2)
      $0.intervals = (3, 2, 1)
      $0.cell = (3, 2, 1)
      $0.axes = (2, 1, 3)
      $0.spaceGroup = 0
    }
    let file = try open(turned.counting)
    #expect(file.shape == (try GridShape(rows: 2, columns: 3)))
    #expect(file.imageCount == 2)
    #expect(try file.readImage(1, as: Float.self).values == [6, 8, 10, 7, 9, 11])
    expectRefusal(.unsupported, saying: "byte 72", "axis 2") {
      try open(
        fixture {
          $0.axes = (1, 3, 2)
          $0.spaceGroup = 0
          $0.intervals = (4, 3, 1)
        }.counting)
    }
  }

  // MARK: Volumes and stacks

  @Test("images of a stack are read one by one, from several threads too")
  func images() async throws {
    let stack = fixture {
      $0.shape = (4, 3, 50)
      $0.spaceGroup = 0
      $0.intervals = (4, 3, 1)
      $0.cell = (8, 6, 1)
    }
    let file = try open(stack.counting)
    #expect(file.isStack)
    #expect(file.imageCount == 50)
    #expect(file.shape == (try GridShape(rows: 3, columns: 4)))
    #expect(try file.voxelSizeInAngstroms == 2)
    await withTaskGroup { group in
      for index in 0..<50 {
        group.addTask {
          let expected = (0..<12).map { Double(index * 12 + $0) }
          #expect((try? file.readImage(index, as: Double.self))?.values == expected)
        }
      }
    }
    expectRefusal(.invalidValue, saying: "is 50", "0 to 49") { try file.readImage(50, as: Float.self) }
    expectRefusal(.invalidValue, saying: "is -1") { try file.readImage(-1, as: Float.self) }
    expectRefusal(.mismatch, saying: file.path, "stack of 50 images") { try file.readVolume(as: Float.self) }
  }

  @Test("a volume has no images, and a single section can be read either way")
  func volumeOrImage() throws {
    let volume = try open(MRCFixture().counting)
    #expect(!volume.isStack)
    #expect(volume.imageCount == 0)
    expectRefusal(.mismatch, saying: volume.path, "volume of 2 sections") {
      try volume.readImage(0, as: Float.self)
    }
    let section = try open(fixture { $0.shape = (4, 3, 1) }.counting)
    #expect(section.imageCount == 1)
    #expect(try section.readImage(0, as: Float.self).values == (0..<12).map { Float($0) })
    #expect(try section.readVolume(as: Float.self, voxelSizeInAngstroms: 1).depth == 1)
  }

  @Test("a stack of volumes is not supported")
  func volumeStack() {
    for group in [401, 630] as [Int32] {
      expectRefusal(.unsupported, saying: "byte 88", "space group \(group)", "stack of volumes") {
        try open(fixture { $0.spaceGroup = group }.counting)
      }
    }
  }

  // MARK: Voxel size

  @Test("a header without a voxel size gives none, and the caller's serves")
  func noVoxelSize() throws {
    for bytes in [fixture { $0.cell = (0, 0, 0) }.counting, fixture { $0.intervals = (0, 0, 0) }.counting] {
      let file = try open(bytes)
      #expect(try file.voxelSizeInAngstroms == nil)
      expectRefusal(.malformedFile, saying: file.path, "no voxel size", "ångströms") {
        try file.readVolume(as: Float.self)
      }
      #expect(try file.readVolume(as: Float.self, voxelSizeInAngstroms: 2.5).voxelSizeInAngstroms == 2.5)
      for bad in [0, -1, .nan, .infinity] as [Double] {
        expectRefusal(.invalidValue, saying: "voxel size is \(bad) Å") {
          try file.readVolume(as: Float.self, voxelSizeInAngstroms: bad)
        }
      }
    }
  }

  @Test("voxels that are not cubes are refused with their three sizes")
  func anisotropic() throws {
    let file = try open(fixture { $0.cell = (6, 4.5, 3.01) }.counting)
    expectRefusal(.unsupported, saying: file.path, "1.5 × 1.5 × 1.505 Å", "same along every axis") {
      try file.readVolume(as: Float.self)
    }
    #expect(try file.readVolume(as: Float.self, voxelSizeInAngstroms: 1.5).values.count == 24)
    #expect(try open(fixture { $0.cell = (6, 4.5, 3.002) }.counting).voxelSizeInAngstroms != nil)
    expectRefusal(.unsupported, saying: "1.5 × 1.5 × 0.0 Å") {
      try open(fixture { $0.cell = (6, 4.5, 0) }.counting).voxelSizeInAngstroms
    }
    // What a stack says of z means nothing.
    let stack = try open(fixture { $0.cell = (6, 4.5, 77) }.counting, named: "a.mrcs")
    #expect(try stack.voxelSizeInAngstroms == 1.5)
    expectRefusal(.unsupported, saying: "1.5 × 3.0 Å") {
      try open(fixture { $0.cell = (6, 9, 1) }.counting, named: "a.mrcs").voxelSizeInAngstroms
    }
  }

  @Test("voxel sizes that are none are refused")
  func badVoxelSizes() throws {
    expectRefusal(.malformedFile, saying: "byte 28", "-1.5 × -1.5 × -1.5 Å") {
      try open(fixture { $0.cell = (-6, -4.5, -3) }.counting).readVolume(as: Float.self)
    }
    expectRefusal(.malformedFile, saying: "nan") {
      try open(fixture { $0.cell = (.nan, 4.5, 3) }.counting).readVolume(as: Float.self)
    }
    expectRefusal(.malformedFile, saying: "inf") {
      try open(fixture { $0.cell = (6, .infinity, 3) }.counting).readVolume(as: Float.self)
    }
    expectRefusal(.unsupported, saying: "byte 52", "90.0°, 90.0° and 120.0°") {
      try open(fixture { $0.angles = (90, 90, 120) }.counting).readVolume(as: Float.self)
    }
    #expect(try open(fixture { $0.angles = (0, 0, 0) }.counting).voxelSizeInAngstroms == 1.5)
  }

  // MARK: Lengths

  @Test("a file shorter or longer than its header says is refused with both numbers")
  func wrongLengths() {
    let bytes = MRCFixture().counting
    for removed in [1, 4, 96] {
      expectRefusal(
        .malformedFile, saying: folder("map.mrc"), "has \(1120 - removed) bytes", "describes 1120",
        "truncated"
      ) { try open(Array(bytes.dropLast(removed))) }
    }
    for added in [1, 4, 96] {
      expectRefusal(.malformedFile, saying: "has \(1120 + added) bytes", "describes 1120") {
        try open(bytes + [UInt8](repeating: 0, count: added))
      }
    }
    expectRefusal(.malformedFile, saying: "has 1120 bytes", "describes 1200") {
      try open(fixture { $0.extendedHeaderByteCount = 80 }.counting)
    }
    expectRefusal(.malformedFile, saying: "describes 2147484767") {
      try open(fixture { $0.extendedHeaderByteCount = .max }.counting)
    }
  }

  @Test("absurd sizes are refused before any memory is taken")
  func absurdSizes() {
    for name in ["map.mrc", "stack.mrcs"] {
      expectRefusal(.malformedFile, saying: "describes 9223372032559809536", "damaged") {
        try open(fixture { $0.shape = (32768, 32768, .max) }.header, named: name)
      }
      expectRefusal(.malformedFile, saying: "describes 140737488356352") {
        try open(fixture { $0.shape = (32768, 32768, 32768) }.header, named: name)
      }
    }
    let long = fixture {
      $0.shape = (1, 1, 32769)
      $0.mode = 0
    }
    expectRefusal(.malformedFile, saying: "byte 8", "32769 for a volume") {
      try open(long.file(integers: [UInt8](repeating: 0, count: 32769)))
    }
    #expect(throws: Never.self) {
      try open(long.file(integers: [UInt8](repeating: 0, count: 32769)), named: "stack.mrcs")
    }
  }

  @Test("more memory than there can be is refused, not fatal")
  func memory() {
    #expect(memoryIsAvailable(byteCount: 1 << 20))
    #expect(!memoryIsAvailable(byteCount: 1 << 60))
  }

  // MARK: Contents

  @Test("a voxel or pixel that is not finite is named with its file")
  func notFinite() throws {
    for bad in [Float.nan, .infinity, -.infinity] {
      var samples = [Float](repeating: 1, count: 24)
      samples[12 + 4 + 2] = bad
      let volume = try open(MRCFixture().file(singles: samples))
      expectRefusal(.malformedFile, saying: volume.path, "voxel (z 1, y 1, x 2)", "\(bad)") {
        try volume.readVolume(as: Float.self)
      }
      expectRefusal(.malformedFile, saying: "voxel (z 1, y 1, x 2)") {
        try volume.readVolume(as: Double.self)
      }
      let stack = try open(MRCFixture().file(singles: samples), named: "a.mrcs")
      #expect(throws: Never.self) { try stack.readImage(0, as: Float.self) }
      expectRefusal(.malformedFile, saying: stack.path, "image 2, pixel (y 1, x 2) is \(bad)") {
        try stack.readImage(1, as: Float.self)
      }
    }
    let halves = fixture {
      $0.mode = 12
      $0.shape = (1, 1, 1)
      $0.cell = (1, 1, 1)
    }
    expectRefusal(.malformedFile, saying: "inf") {
      try open(halves.file(integers: [UInt16(0x7c00)])).readVolume(as: Float.self)
    }
  }

  @Test("paths that are no readable file")
  func unreadable() throws {
    expectRefusal(.unreadableFile, saying: folder("none.mrc"), "no such file") {
      try MRCFile(path: folder("none.mrc"))
    }
    expectRefusal(.unreadableFile, saying: "folder") { try MRCFile(path: folder.path) }
    expectRefusal(.unreadableFile, saying: "no such file") { try MRCFile(path: "") }
    expectRefusal(.unreadableFile, saying: "Invalid argument") { try MRCFile(path: folder("a\0b")) }
    // Nobody writes to this pipe: an open that waited would never return.
    #expect(mkfifo(folder("pipe"), 0o600) == 0)
    expectRefusal(.unreadableFile, saying: "not a regular file") { try MRCFile(path: folder("pipe")) }
    expectRefusal(.unreadableFile, saying: "not a regular file") { try MRCFile(path: "/dev/zero") }
    expectRefusal(.malformedFile, saying: "is empty") { try open([]) }
    expectRefusal(.malformedFile, saying: "it has 1000 bytes", "1024") {
      try open(Array(MRCFixture().header.prefix(1000)))
    }
    expectRefusal(.malformedFile, saying: "not an MRC file") { try open([UInt8](repeating: 65, count: 5000)) }
  }

  @Test("a file without read permission", .enabled(if: geteuid() != 0, "permissions do not bind a superuser"))
  func noPermission() throws {
    try folder.write(MRCFixture().counting, to: "map.mrc")
    chmod(folder("map.mrc"), 0)
    expectRefusal(.unreadableFile, saying: folder("map.mrc"), "permission denied") {
      try MRCFile(path: folder("map.mrc"))
    }
  }

  // MARK: gzip

  @Test("a compressed file is told by its content and read like a plain one")
  func gzip() throws {
    let bytes = MRCFixture().counting
    for name in ["map.mrc.gz", "map.mrc"] {
      let file = try open(gzipStored(bytes), named: name)
      #expect(file.isCompressed)
      #expect(try file.readVolume(as: Float.self).values == (0..<24).map { Float($0) })
    }
    #expect(try open(bytes, named: "map.mrc.gz").isCompressed == false)
    // Parallel compressors write members one after another.
    let members = gzipStored(Array(bytes[..<700])) + gzipStored([]) + gzipStored(Array(bytes[700...]))
    #expect(try open(members).readVolume(as: Float.self).values.last == 23)
    let large = fixture {
      $0.shape = (100, 100, 20)
      $0.cell = (100, 100, 20)
    }
    #expect(try open(gzipStored(large.counting)).readVolume(as: Float.self).values.last == 199_999)
    #expect(try open(gzipStored(bytes), named: "a.mrcs.gz").isStack)
  }

  @Test("what gzip itself made is read")
  func realGzip() throws {
    // gzip.compress(header of the default fixture + 24 zero samples, 9, mtime=0) of Python 3.11.
    let compressed: [UInt8] = [
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x63, 0x61, 0x60, 0x60, 0x60, 0x06,
      0x62, 0x26, 0x28, 0x46, 0x06, 0x2c, 0x48, 0x72, 0x0c, 0x0c, 0x07, 0x1c, 0x18, 0x18, 0x26, 0x00,
      0xb1, 0x03, 0x10, 0x6f, 0x71, 0x82, 0x61, 0x46, 0xa8, 0x3c, 0x33, 0x9a, 0x5e, 0x46, 0x86, 0x81,
      0x01, 0xbe, 0x8e, 0x01, 0x0a, 0x2e, 0x2e, 0x0c, 0xa3, 0x60, 0x14, 0x8c, 0x82, 0x41, 0x00, 0x00,
      0xed, 0xb2, 0x14, 0x9b, 0x60, 0x04, 0x00, 0x00,
    ]
    let volume = try open(compressed, named: "map.mrc.gz").readVolume(as: Float.self)
    #expect(volume.values == [Float](repeating: 0, count: 24))
  }

  @Test("damaged and lying compressed files are refused")
  func badGzip() {
    let bytes = MRCFixture().counting
    let whole = gzipStored(bytes)
    for kept in [5, 12, 500, whole.count - 100, whole.count - 8, whole.count - 1] {
      expectRefusal(.malformedFile, saying: folder("map.mrc.gz"), "end too early") {
        try open(Array(whole[..<kept]), named: "map.mrc.gz")
      }
    }
    for damaged in [whole.count - 5, whole.count - 50, 11] {
      var copy = whole
      copy[damaged] ^= 0x10
      expectRefusal(.malformedFile, saying: "gzip data are damaged") { try open(copy, named: "map.mrc.gz") }
    }
    expectRefusal(.malformedFile, saying: "gzip data are damaged") { try open(whole + [1, 2, 3]) }
    expectRefusal(.malformedFile, saying: "has 1119 bytes", "describes 1120", "truncated") {
      try open(gzipStored(bytes.dropLast()))
    }
    for added in [1, 5000] {
      expectRefusal(.malformedFile, saying: "has more bytes", "describes 1120") {
        try open(gzipStored(bytes + [UInt8](repeating: 0, count: added)))
      }
    }
    expectRefusal(.malformedFile, saying: "it has 100 bytes") { try open(gzipStored(Array(bytes[..<100]))) }
    expectRefusal(.malformedFile, saying: "not an MRC file") {
      try open(gzipStored([UInt8](repeating: 65, count: 5000)))
    }
    expectRefusal(.malformedFile, saying: "more data than the compressed file can hold") {
      try open(gzipStored(fixture { $0.shape = (32768, 32768, 32768) }.header))
    }
    expectRefusal(.malformedFile, saying: "more data than the compressed file can hold") {
      try open(gzipStored(fixture { $0.shape = (32768, 32768, .max) }.header))
    }
  }

  // MARK: A real map

  private static let realMap = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../../shared/structures/3j9g_potential_ps4_4.mrc").standardized.path

  @Test(
    "a map written by mrcfile",
    .enabled(if: FileManager.default.fileExists(atPath: realMap), "needs ../shared/structures"))
  func mapOfAStructure() throws {
    let volume = try MRCFile(path: Self.realMap).readVolume(as: Float.self)
    #expect(volume.shapeDescription == "64 × 64 × 64")
    #expect(volume.voxelSizeInAngstroms == 4.4)
    #expect(volume.values[0].bitPattern == 0x3584_2141)
  }
}
