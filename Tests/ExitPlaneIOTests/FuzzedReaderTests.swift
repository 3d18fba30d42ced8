import ExitPlane
import Foundation
import Oracles
import Testing

@testable import ExitPlaneIO

/// Damaged files by the thousand; Docs/Fuzzing.md says how to run tens of thousands.
@Suite("Fuzzed readers", .serialized)
struct FuzzedReaderTests {
  private static let environment = ProcessInfo.processInfo.environment
  private static let caseCount = environment["EXITPLANE_FUZZ_CASES"].flatMap { Int($0) }
  private static let seed = environment["EXITPLANE_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

  @Test("a damaged file is read or refused in one sentence", arguments: ReaderExercise.allCases)
  func damaged(reader: ReaderExercise) throws {
    let folder = try ScratchFolder()
    // Kept where a trap would otherwise take it away with the process.
    let path = Self.environment["EXITPLANE_FUZZ_FILE"].map { "\($0).\(reader.rawValue)" } ?? folder("case")
    let start = peakMemoryInBytes()
    var peak = start
    var taken = 0
    var mutator = FileMutator(seed: Self.seed, corpus: fuzzingCorpus(for: reader))
    let count = Self.caseCount ?? 1200
    for number in 0..<count {
      let bytes = mutator.next()
      try Data(bytes).write(to: URL(fileURLWithPath: path))
      do {
        if try reader.read(path) { taken += 1 }
      } catch {
        Issue.record("case \(number) of seed \(Self.seed): \(error)")
        return
      }
      // Other tests run beside a short run and take memory of their own.
      guard Self.caseCount != nil, let before = peak, let now = peakMemoryInBytes() else { continue }
      // A text reader's steps and what the best packed gzip file of this size may hold.
      let allowed = (80 << 20) + 200 * bytes.count
      #expect(now - before <= allowed, "case \(number) of seed \(Self.seed) took \(now - before) bytes")
      peak = now
    }
    // Were all refused, or all taken, nothing behind the first check would have been tried.
    #expect(taken > count / 100 && taken < count * 9 / 10, "\(taken) of \(count) were taken")
  }

  @Test("what there is to damage can be read", arguments: ReaderExercise.allCases)
  func corpus(reader: ReaderExercise) throws {
    let folder = try ScratchFolder()
    for bytes in fuzzingCorpus(for: reader) { #expect(try reader.read(folder.write(bytes, to: "case"))) }
  }

  /// Of the address space this process has ever had.
  private func peakMemoryInBytes() -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/self/status", encoding: .utf8),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmPeak") })
    else { return nil }
    return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
  }
}

/// Small files that are in order, of every kind a reader knows.
func fuzzingCorpus(for reader: ReaderExercise) -> [[UInt8]] {
  switch reader {
  case .mrc:
    var swapped = MRCFixture(isBigEndian: true)
    swapped.axes = (3, 1, 2)
    let halves = MRCFixture(shape: (5, 4, 3), mode: 12, intervals: (5, 4, 1), cell: (5, 4, 1), spaceGroup: 0)
    var bytes = MRCFixture(mode: 0, extendedHeader: Array(repeating: 7, count: 96))
    bytes.labels = ["a label"]
    let plain = [
      MRCFixture().counting, swapped.counting, halves.file(integers: (0..<60).map { UInt16($0) << 8 }),
      bytes.file(integers: (0..<24).map { Int8($0) }),
      MRCFixture(mode: 1).file(integers: (0..<24).map { Int16($0) }),
    ]
    return plain + plain.prefix(2).map(gzipStored)
  case .star:
    let particles = """
      # version 30001

      data_optics

      loop_
      _rlnOpticsGroupName #1
      _rlnOpticsGroup #2
      _rlnVoltage #3
      _rlnImagePixelSize #4
      _rlnImageSize #5
      opticsGroup1 1 300 1.5 16

      data_particles

      loop_
      _rlnImageName #1
      _rlnAngleRot #2
      _rlnAngleTilt #3
      _rlnAnglePsi #4
      _rlnOriginXAngst #5
      _rlnOriginYAngst #6
      _rlnDefocusU #7
      _rlnOpticsGroup #8
      000001@a.mrcs 10.5 20.25 -30 1.5 -3 10000 1
      000002@a.mrcs -100 80 45 0 0 9500.5 1
      '000003@b c.mrcs' 0 0 0 0 0 8000 1

      """
    let old = """
      data_

      loop_
      _rlnAngleRot
      _rlnAngleTilt
      _rlnAnglePsi
      _rlnOriginX
      _rlnOriginY
      _rlnMagnification
      _rlnDetectorPixelSize
      _rlnComment
      1 2 3 4 5 50000 5 'two words'
      6 7 8 9 1 50000 5 "and more"

      """
    let single = "data_particles\n_rlnAngleRot 1\n_rlnAngleTilt 2\n_rlnAnglePsi 3\n"
    let plain = [particles, old, single].map { Array($0.utf8) }
    return plain + [gzipStored(plain[0])]
  case .structure:
    let turn = [[1.0, 0, 0, 5], [0, 1, 0, 0], [0, 0, 1, 0]]
    let fixture = StructureFixture(
      atoms: [
        .init(),
        .init(name: "N", element: "N", alternate: "A", number: 2, position: (1, 2, 3), occupancy: "0.40"),
        .init(name: "N", element: "N", alternate: "B", number: 2, position: (1, 2, 4), occupancy: "0.60"),
        .init(name: "O", element: "O", residue: "HOH", chain: "B", number: 3, isHeteroatom: true),
      ], assemblies: [(name: "1", chains: ["A"], operations: [turn, turn])])
    var models = fixture
    models.assemblies = []
    models.atoms += models.atoms.map { atom in
      var atom = atom
      atom.model = 2
      return atom
    }
    let plain = [fixture.pdb, fixture.cif, models.pdb, models.cif].map { Array($0.utf8) }
    return plain + [gzipStored(plain[1])]
  }
}
