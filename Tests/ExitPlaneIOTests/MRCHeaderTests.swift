import ExitPlane
import Testing

@testable import ExitPlaneIO

@Suite("MRCHeader")
struct MRCHeaderTests {
  private func parse(_ bytes: [UInt8]) throws -> MRCHeader {
    try bytes.withUnsafeBytes { try MRCHeader(parsing: $0, path: "map.mrc") }
  }

  private func parse(_ change: (inout MRCFixture) -> Void) throws -> MRCHeader {
    var fixture = MRCFixture()
    change(&fixture)
    return try parse(fixture.header)
  }

  @Test("every word is read from its place, in both byte orders", arguments: [false, true])
  func words(isBigEndian: Bool) throws {
    let header = try parse {
      $0.shape = (10, 20, 30)
      $0.mode = 6
      $0.start = (-7, 8, 9)
      $0.origin = (-1.5, 0, 1e3)
      $0.intervals = (11, 22, 33)
      $0.cell = (1.5, 2.5, 3.5)
      $0.angles = (80, 85, 95)
      $0.axes = (3, 1, 2)
      $0.spaceGroup = 5
      $0.extendedHeaderByteCount = 160
      $0.labels = ["first", "a\u{1b}[2Jb"]
      $0.isBigEndian = isBigEndian
    }
    #expect((header.columns, header.rows, header.sections) == (10, 20, 30))
    #expect(header.mode == .uint16)
    #expect(header.starts == SIMD3(-7, 8, 9))
    // Columns run along z, rows along x and sections along y.
    #expect(header.placement.starts == SIMD3(8, 9, -7))
    #expect(header.originInAngstroms == SIMD3(-1.5, 0, 1e3))
    #expect(header.intervals == SIMD3(11, 22, 33))
    #expect(header.cellInAngstroms == SIMD3(1.5, 2.5, 3.5))
    #expect(header.cellAnglesInDegrees == SIMD3(80, 85, 95))
    #expect((header.columnAxis, header.rowAxis, header.sectionAxis) == (.z, .x, .y))
    #expect(header.count(along: .x) == 20)
    #expect(header.count(along: .y) == 30)
    #expect(header.count(along: .z) == 10)
    #expect(header.spaceGroup == 5)
    #expect(header.extendedHeaderByteCount == 160)
    #expect(header.isBigEndian == isBigEndian)
    // An escape sequence must not reach a terminal.
    #expect(header.labels == ["first", "a?[2Jb"])
    #expect(header.fileByteCount == 1024 + 160 + 10 * 20 * 30 * 2)
  }

  @Test("a header written by hand, byte for byte")
  func writtenBytes() throws {
    let statistics = [-1, 1, 3, 5].withUnsafeBufferPointer { MRCStatistics($0) }
    let header = MRCHeader(
      shape: try GridShape(rows: 3, columns: 4), sections: 2, isVolume: true, voxelSizeInAngstroms: 1.5,
      mode: .float32, statistics: statistics)
    var expected = [UInt8](repeating: 0, count: 1024)
    func put(_ offset: Int, _ bytes: UInt8...) {
      expected.replaceSubrange(offset..<offset + bytes.count, with: bytes)
    }
    put(0, 4, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 2)
    put(28, 4, 0, 0, 0, 3, 0, 0, 0, 2)
    put(40, 0, 0, 0xc0, 0x40, 0, 0, 0x90, 0x40, 0, 0, 0x40, 0x40)  // 6, 4.5 and 3 Å
    put(52, 0, 0, 0xb4, 0x42, 0, 0, 0xb4, 0x42, 0, 0, 0xb4, 0x42)  // 90°
    put(64, 1, 0, 0, 0, 2, 0, 0, 0, 3)
    put(76, 0, 0, 0x80, 0xbf, 0, 0, 0xa0, 0x40, 0, 0, 0, 0x40)  // −1, 5 and 2
    put(88, 1)
    put(108, 0xad, 0x4e)  // 20141
    put(208, 0x4d, 0x41, 0x50, 0x20, 0x44, 0x44)
    put(216, 0xbd, 0x1b, 0x0f, 0x40)  // √5
    put(220, 1)
    put(224, 0x45, 0x78, 0x69, 0x74, 0x50, 0x6c, 0x61, 0x6e, 0x65)
    for offset in 233..<304 { put(offset, 0x20) }
    let written = header.encoded()
    #expect(written.count == 1024)
    for offset in 0..<1024 where written[offset] != expected[offset] {
      Issue.record("byte \(offset) is \(written[offset]), not \(expected[offset])")
    }
    #expect(try parse(written) == header)
  }

  @Test("images have one interval along z and space group 0")
  func writtenStack() throws {
    let header = MRCHeader(
      shape: try GridShape(rows: 3, columns: 4), sections: 200, isVolume: false, voxelSizeInAngstroms: 2,
      mode: .float16, statistics: MRCStatistics())
    #expect(header.intervals == SIMD3(4, 3, 1))
    #expect(header.cellInAngstroms == SIMD3(8, 6, 2))
    #expect(header.spaceGroup == 0)
    #expect(header.mode == .float16)
    #expect(header.standardDeviation == 0)
  }

  // MARK: Byte order

  @Test(
    "mode and shape decide where the stamp is missing or wrong",
    arguments: [[0, 0], [0x44, 0x44], [0x44, 0x41], [0x11, 0x11]] as [[UInt8]], [false, true])
  func stamps(stamp: [UInt8], isBigEndian: Bool) throws {
    for mode in [0, 1, 2, 6, 12] as [Int32] {
      let header = try parse {
        $0.mode = mode
        $0.stamp = stamp
        $0.isBigEndian = isBigEndian
        $0.shape = (256, 256, 100_000)
      }
      #expect(header.isBigEndian == isBigEndian)
      #expect(header.sections == 100_000)
    }
  }

  @Test(
    "a stamp alone tells a file as MRC, whatever else is wrong with it",
    arguments: [[0x44, 0x44], [0x44, 0x41], [0x11, 0x11]] as [[UInt8]])
  func stampAlone(stamp: [UInt8]) {
    expectRefusal(.unsupported, saying: "mode is 1000") {
      try parse {
        $0.mode = 1000
        $0.map = "    "
        $0.stamp = stamp
        $0.isBigEndian = stamp == [0x11, 0x11]
      }
    }
  }

  // MARK: Refusals

  @Test("modes that are not read are unsupported", arguments: [-1, 3, 4, 5, 7, 16, 101] as [Int32])
  func modes(mode: Int32) {
    expectRefusal(.unsupported, saying: "map.mrc, byte 12", "mode is \(mode)", "0, 1, 2, 6 or 12") {
      try parse { $0.mode = mode }
    }
  }

  @Test("absurd shapes are refused", arguments: [0, -1, .min, .max, 32769] as [Int32])
  func absurdShapes(length: Int32) {
    expectRefusal(.malformedFile, saying: "byte 0", "nx is \(length)", "1 to 32768") {
      try parse { $0.shape.nx = length }
    }
    expectRefusal(.malformedFile, saying: "byte 4", "ny is \(length)", "1 to 32768") {
      try parse { $0.shape.ny = length }
    }
    if length <= 0 {
      expectRefusal(.malformedFile, saying: "byte 8", "nz is \(length)") {
        try parse { $0.shape.nz = length }
      }
    }
  }

  @Test("the largest shape and extended header there can be have a length without a trap")
  func largestFile() throws {
    let header = try parse {
      $0.shape = (32768, 32768, .max)
      $0.extendedHeaderByteCount = .max
    }
    #expect(header.fileByteCount == 9_223_372_034_707_292_159 + 1024)
  }

  @Test(
    "an axis order that is not a permutation is refused",
    arguments: [(1, 1, 2), (0, 1, 2), (1, 2, 4), (-1, 2, 3), (2, 3, 3)] as [(Int32, Int32, Int32)])
  func axes(order: (Int32, Int32, Int32)) {
    expectRefusal(.malformedFile, saying: "byte 64", "\(order.0), \(order.1), \(order.2)", "each once") {
      try parse { $0.axes = order }
    }
  }

  @Test("an axis order left at 0 is the usual one")
  func unsetAxes() throws {
    let header = try parse { $0.axes = (0, 0, 0) }
    #expect((header.columnAxis, header.rowAxis, header.sectionAxis) == (.x, .y, .z))
  }

  @Test("a negative extended header is refused")
  func extendedHeader() {
    expectRefusal(.malformedFile, saying: "byte 92", "-80 bytes") {
      try parse { $0.extendedHeaderByteCount = -80 }
    }
  }

  @Test("what is not MRC is refused as such")
  func notMRC() {
    let text = [UInt8](String(repeating: "data_particles\nloop_\n_rlnImageName\n", count: 40).utf8)
    expectRefusal(.malformedFile, saying: "map.mrc", "not an MRC file") { try parse(text) }
    expectRefusal(.malformedFile, saying: "not an MRC file") { try parse([UInt8](repeating: 0, count: 2048)) }
    expectRefusal(.malformedFile, saying: "not an MRC file") {
      try parse([UInt8](repeating: 255, count: 2048))
    }
    expectRefusal(.malformedFile, saying: "1023 bytes") { try parse(Array(MRCFixture().header.dropLast())) }
  }

  @Test("no bytes at all make the parser trap")
  func randomBytes() {
    var generator = SplitMix(state: 3)
    for round in 0..<20_000 {
      var bytes = MRCFixture().header
      for _ in 0..<(round % 12 + 1) {
        bytes[Int.random(in: 0..<(round % 2 == 0 ? 240 : 1024), using: &generator)] = .random(
          in: 0...255, using: &generator)
      }
      guard let header = try? parse(bytes) else { continue }
      _ = header.fileByteCount
      _ = header.voxelSizesInAngstroms
      _ = header.encoded()
    }
  }

  // MARK: Volume or stack

  @Test("a stack has space group 0 and one interval along z, or is named .mrcs")
  func stackRule() throws {
    func isStack(_ spaceGroup: Int32, mz: Int32, nz: Int32 = 8, named name: String = "a.mrc") throws -> Bool {
      try parse {
        $0.shape = (8, 8, nz)
        $0.intervals = (8, 8, mz)
        $0.spaceGroup = spaceGroup
      }.isStack(inFileNamed: name)
    }
    #expect(try isStack(0, mz: 1))
    #expect(try isStack(0, mz: 1, nz: 1))
    #expect(try !isStack(1, mz: 8))
    #expect(try !isStack(0, mz: 8))
    #expect(try !isStack(1, mz: 1))
    #expect(try isStack(1, mz: 8, named: "a.mrcs"))
    #expect(try isStack(401, mz: 8, named: "A.MRCS"))
    #expect(try isStack(1, mz: 8, named: "folder.mrc/a.mrcs.gz"))
    #expect(try !isStack(1, mz: 8, named: "folder.mrcs/a.mrc"))
  }

  @Test("the voxel size is the shortest decimal that the header can mean")
  func voxelSizes() throws {
    // 5 × 1.06 Å is no single-precision number.
    let header = try parse {
      $0.shape = (5, 256, 100)
      $0.cell = (5.3, 271.36, 0)
    }
    #expect(header.voxelSizesInAngstroms == SIMD3(1.06, 1.06, 0))
    let unset = try parse { $0.intervals = (0, 0, 0) }
    #expect(unset.voxelSizesInAngstroms == SIMD3(0, 0, 0))
  }
}
