import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("Files that change while they are read")
struct OpenFileTests {
  @Test("a map or a stack that is cut short is an error that names it, and no end of the process")
  func cut() throws {
    let folder = try ScratchFolder()
    let shape = try GridShape(rows: 64, columns: 64)
    let writer = try MRCStackWriter(path: folder("a.mrcs"), shape: shape, count: 8, pixelSizeInAngstroms: 1)
    for index in 0..<8 {
      try [Float](repeating: 1, count: shape.count).withUnsafeBufferPointer {
        try writer.write($0, at: index)
      }
    }
    try writer.finish()
    let stack = try MRCFile(path: folder("a.mrcs"))
    #expect(truncate(folder("a.mrcs"), 5000) == 0)
    // In place, and through a decoder.
    expectRefusal(.unreadableFile, saying: folder("a.mrcs"), "cut to 5000 bytes") {
      try stack.readImage(0, as: Float.self)
    }
    expectRefusal(.unreadableFile, saying: folder("a.mrcs"), "cut to") {
      try stack.readImage(7, as: Double.self)
    }
  }

  @Test("all of a file comes in chunks, in order")
  func chunks() throws {
    let folder = try ScratchFolder()
    let bytes = (0..<(2 << 20) + 17).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
    try folder.write(bytes, to: "a")
    let file = try OpenFile(path: folder("a"))
    var read: [UInt8] = []
    try file.forEachChunk { read += $0 }
    #expect(read == bytes && file.byteCount == bytes.count)
    #expect(truncate(folder("a"), 1 << 20) == 0)
    expectRefusal(.unreadableFile, saying: "cut to") { try file.forEachChunk { _ in } }
    try folder.write([], to: "empty")
    try OpenFile(path: folder("empty")).forEachChunk { _ in Issue.record("no chunk of nothing") }
  }
}
