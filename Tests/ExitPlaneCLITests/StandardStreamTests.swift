import Foundation
import Oracles
import Testing

/// Streams that are closed or full, names that are no text, and signals: through a shell, which can do all that.
@Suite("exitplane and its process")
struct StandardStreamTests {
  private func bash(_ script: String, in folder: ScratchFolder) throws -> ProgramRun {
    try ProgramRun(script: script, [CommandRun.executable], in: folder.path)
  }

  @Test(
    "closed streams take nothing and give nothing to the outputs",
    arguments: [
      "simulate map.mrc --random-poses 5 --output s", "project map.mrc --random-poses 5 --output s.mrcs",
      "merge a-1-of-2.star a-2-of-2.star --output s", "compare map.mrc map.mrc --star s.star --plot s.png",
      "poses --count 5 --pixel-size 1 --box 8 --output s.star",
    ])
  func closed(command: String) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    #expect(
      try bash("for i in 1 2; do $0 simulate map.mrc --random-poses 4 --shard $i/2 -o a; done", in: folder)
        .status
        == 0)
    #expect(try bash("$0 \(command) >talk && mkdir open && mv s* open", in: folder).status == 0)
    let printsData = command.hasPrefix("compare")
    for (streams, losesData) in [("2>&-", false), (">&-", true), ("<&- >&- 2>&-", true), ("<&-", false)] {
      let run = try bash("$0 \(command) \(streams)", in: folder)
      #expect(run.status == (printsData && losesData ? 1 : 0), "\(streams) \(run.text)")
      let compared = try bash(
        "for f in open/*; do cmp $f ${f#open/} || exit 1; done; rm -f s.* s", in: folder)
      #expect(compared.status == 0, "\(streams) \(compared.text)")
    }
  }

  @Test(
    "standard output that is lost is an error",
    .enabled(if: FileManager.default.fileExists(atPath: "/dev/full"), "needs /dev/full"),
    arguments: [
      "info map.mrc", "compare map.mrc map.mrc", "verify cases", "demo --images 2", "--help", "--version",
      "help simulate", "project --help",
    ])
  func full(command: String) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    try FileManager.default.createDirectory(atPath: folder["cases"], withIntermediateDirectories: false)
    try folder.write(
      "cases/a.f64",
      [0, -1, 0, 1, 0, 0, 0, 0, 1].flatMap { (value: Double) in
        (0..<8).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) }
      })
    try folder.write(
      "cases/cases.json",
      """
      {"cases": [{"name": "turn", "method": "EulerAnglePose", "phi_theta_psi_degrees": [[90, 0, 0]],
        "expected": {"file": "a.f64", "shape": [1, 3, 3], "dtype": "float64"},
        "max_abs_error_over_max_abs": 1e-12}]}
      """)
    let run = try bash("$0 \(command) >/dev/full", in: folder)
    #expect(run.status == 1 && run.text.contains("disk full"), "\(run.text)")
    #expect(try bash("$0 \(command) >/dev/null", in: folder).status == 0)
  }

  @Test("names that are not UTF-8 are refused as such")
  func otherBytes() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    for command in ["info $'m\\xff.mrc'", "simulate map.mrc --random-poses 2 --output $'s\\xff'"] {
      let run = try bash("$0 \(command)", in: folder)
      #expect(run.status == 1 && run.text.contains("not UTF-8"), "\(run.text)")
      #expect(folder.contents == ["map.mrc"])
    }
    // A folder of such a name above is another matter: it is reached by relative paths.
    let run = try bash(
      "mkdir $'d\\xff' && cd $'d\\xff' && $0 simulate ../map.mrc --random-poses 2 -o s", in: folder)
    #expect(run.status == 0, "\(run.text)")
  }

  @Test(
    "a signal ends a run with its number and leaves nothing", arguments: [SIGHUP, SIGINT, SIGPIPE, SIGTERM])
  func signals(number: Int32) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    let script = """
      trap - HUP PIPE
      $0 project map.mrc --random-poses 2000000 --threads 1 --output big.mrcs & child=$!
      until [ -s big.mrcs.partial ]; do kill -0 $child || exit 9; done
      kill -\(number) $child
      wait $child
      """
    let run = try bash(script, in: folder)
    #expect(run.status == 128 + number, "\(run.text)")
    #expect(folder.contents == ["map.mrc"])
  }

  @Test("a run that is to outlive its terminal does")
  func hangUp() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    let script = """
      trap '' HUP
      $0 project map.mrc --random-poses 20000 --threads 1 --output big.mrcs & child=$!
      until [ -s big.mrcs.partial ]; do kill -0 $child || exit 9; done
      kill -HUP $child
      wait $child
      """
    let run = try bash(script, in: folder)
    #expect(run.status == 0, "\(run.text)")
    #expect(folder.contents == ["map.mrc", "big.mrcs", "big.star"])
  }
}
