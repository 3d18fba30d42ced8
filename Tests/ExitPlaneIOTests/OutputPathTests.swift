import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

@Suite("Output paths")
struct OutputPathTests {
  @Test("an output is no input, however either is spelled")
  func inputs() throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "map.mrc")
    try FileManager.default.createDirectory(atPath: folder("sub"), withIntermediateDirectories: false)
    #expect(symlink(folder("map.mrc"), folder("link.mrc")) == 0)
    #expect(link(folder("map.mrc"), folder("hard.mrc")) == 0)
    #expect(symlink(folder.path, folder("sub/self")) == 0)
    for output in ["map.mrc", "./map.mrc", "sub/../map.mrc", "sub//self/map.mrc", "link.mrc", "hard.mrc"] {
      expectRefusal(.mismatch, saying: "over the input", folder(output)) {
        try requireSeparateFiles(outputs: [folder("new"), folder(output)], inputs: [folder("map.mrc")])
      }
      expectRefusal(.mismatch, saying: "over the input") {
        try requireSeparateFiles(outputs: [folder("map.mrc")], inputs: [folder(output)])
      }
    }
    try requireSeparateFiles(
      outputs: [folder("new"), folder("sub/map.mrc")], inputs: [folder("map.mrc"), folder("missing")])
  }

  @Test("an output is no other output, there or not yet")
  func outputs() throws {
    let folder = try ScratchFolder()
    try folder.write([1], to: "old")
    try FileManager.default.createDirectory(atPath: folder("sub"), withIntermediateDirectories: false)
    #expect(symlink(folder("sub"), folder("way")) == 0)
    #expect(link(folder("old"), folder("hard")) == 0)
    for (a, b) in [
      ("new", "./new"), ("sub/new", "way/new"), ("sub/../new", "new"), ("old", "hard"), ("old", "sub/../old"),
    ] {
      expectRefusal(.mismatch, saying: "are one file", folder(a), folder(b)) {
        try requireSeparateFiles(outputs: [folder(a), folder(b)], inputs: [])
      }
    }
    expectRefusal(.mismatch, saying: "written twice") {
      try requireSeparateFiles(outputs: [folder("x"), folder("x")], inputs: [])
    }
    // Equal strings and two names: "é" in one character and in two.
    try requireSeparateFiles(outputs: [folder("\u{e9}"), folder("e\u{301}"), folder("sub/x")], inputs: [])
  }

  @Test("names that are used beside an output belong to it")
  func beside() throws {
    let folder = try ScratchFolder()
    for name in ["set.mrcs.partial", "set.mrcs.checkpoint", ".set.mrcs.previous", ".set.mrcs.partial"] {
      try folder.write([1], to: name)
      expectRefusal(.mismatch, saying: folder(name), "needed to make") {
        try requireSeparateFiles(outputs: [folder("set.mrcs")], inputs: [folder(name)])
      }
      expectRefusal(.mismatch, saying: folder(name), "needed to make") {
        try requireSeparateFiles(outputs: [folder(name), folder("./set.mrcs")], inputs: [])
      }
    }
  }

  @Test(
    "what is no name of a file is refused", arguments: ["", "/", "sub/", "sub", ".mrcs", "sub/.star", ".PNG"])
  func names(name: String) throws {
    let folder = try ScratchFolder()
    try FileManager.default.createDirectory(atPath: folder("sub"), withIntermediateDirectories: false)
    let path = name.isEmpty ? "" : folder(name)
    expectRefusal(.unwritableFile, saying: path.isEmpty ? "\"\"" : path) {
      try requireSeparateFiles(outputs: [path], inputs: [])
    }
  }
}
