import Oracles
import RealModule
import Testing

@testable import ExitPlane

/// Tests/Goldens/symmetry_relion.json; Scripts/oracles/relion_symmetry.py writes it.
private struct SymmetryGolden: Decodable {
  let groups: [String: [[Double]]]
}

@Suite("Symmetry groups")
struct SymmetryGroupTests {
  static let orders: [(String, Int)] = [
    ("C1", 1), ("C2", 2), ("C13", 13), ("C99", 99), ("D1", 2), ("D2", 4), ("D7", 14), ("T", 12), ("O", 24),
    ("I", 60), ("I1", 60), ("I2", 60), ("I3", 60), ("I4", 60),
  ]
  static let evenSets: [(String, Int)] = [
    ("C4", 900), ("D1", 1500), ("D2", 900), ("D7", 300), ("T", 400), ("O", 200), ("I1", 100), ("I4", 100),
  ]

  /// Whether one of the rotations is this one, within degrees.
  private func contains(_ rotations: [Rotation], _ rotation: Rotation, within degrees: Double = 1e-6) -> Bool
  {
    rotations.contains { $0.angleInDegrees(to: rotation) < degrees }
  }

  @Test("they are groups: of their order, closed, and made of rotations", arguments: orders)
  func groups(name: String, order: Int) throws {
    let group = try SymmetryGroup(name)
    let operations = group.operations
    #expect(group.order == order && operations[0] == .identity)
    for (index, a) in operations.enumerated() {
      #expect(!contains(Array(operations[..<index]), a, within: 3))
      #expect(contains(operations, a.inverse))
      let (x, y, z) = a.rows
      for (u, v, want) in [(x, x, 1.0), (y, y, 1), (z, z, 1), (x, y, 0), (x, z, 0), (y, z, 0)] {
        #expect(abs(dot(u, v) - want) < 1e-14)
      }
      #expect(abs(dot(cross(x, y), z) - 1) < 1e-14)
      // With these two, which generate it, all products are there.
      for b in operations.prefix(4) { #expect(contains(operations, a * b)) }
    }
  }

  @Test("the rotations are RELION's")
  func relion() throws {
    let golden: SymmetryGolden = try golden("symmetry_relion.json")
    #expect(golden.groups.count == 9)
    for (name, angles) in golden.groups {
      let group = try SymmetryGroup(name)
      #expect(angles.count == group.order - 1)
      for triple in angles {
        let rotation = try Rotation(
          relionRotInDegrees: triple[0], tiltInDegrees: triple[1], psiInDegrees: triple[2])
        // RELION knows axes to six digits, and its products' angles to less.
        let isThere = contains(group.operations, rotation, within: 5e-3)
        #expect(isThere, "\(name) \(triple)")
      }
    }
  }

  @Test("names are RELION's, in either case; others are refused")
  func names() throws {
    #expect(try SymmetryGroup("i").description == "I2" && SymmetryGroup("d07") == SymmetryGroup("D7"))
    #expect(try SymmetryGroup("c1") == .none)
    for name in [
      "", "C", "C0", "C100", "D0", "D-2", "C+3", "X3", "I5", "T2", "Ci", "O h", "D٣", "C99999999999999999999",
    ] {
      #expect(throws: ExitPlaneError.self, "\(name)") { try SymmetryGroup(name) }
    }
  }

  @Test("of the orientations that look alike one is in the asymmetric unit", arguments: orders)
  func reduction(name: String, order: Int) throws {
    let group = try SymmetryGroup(name)
    for seed in 1...20 {
      let rotation = try Rotation(matrix: randomRotationMatrix(seed: UInt64(seed)))
      let reduced = group.reduced(rotation)
      #expect(contains(group.operations, rotation.inverse * reduced))
      for operation in group.operations {
        #expect(group.reduced(rotation * operation).angleInDegrees(to: reduced) < 1e-5)
      }
    }
  }

  @Test(
    "even orientations are in the asymmetric unit, each once, and with the group they cover all",
    arguments: evenSets)
  func even(name: String, count: Int) throws {
    let group = try SymmetryGroup(name)
    let rotations = (0..<count).map { group.evenRotation(index: $0, count: count) }
    #expect(rotations.allSatisfy { group.reduced($0).angleInDegrees(to: $0) < 1e-5 })
    let random = (0..<count).map { Rotation.random(seed: 5, index: $0) }

    func quaternion(_ rotation: Rotation) -> SIMD4<Double> {
      let q = rotation.quaternion
      return SIMD4(q.w, q.x, q.y, q.z)
    }
    /// All that look like the rotations, those of each together.
    func orbits(_ rotations: [Rotation]) -> [SIMD4<Double>] {
      rotations.flatMap { rotation in group.operations.map { quaternion(rotation * $0) } }
    }
    /// In degrees, from a rotation to the nearest.
    func distance(_ rotation: Rotation, to orbits: [SIMD4<Double>], leavingOut left: Int? = nil) -> Double {
      let q = quaternion(rotation)
      var nearest = 0.0
      for (index, other) in orbits.enumerated() where index / group.order != left {
        nearest = max(nearest, abs((q * other).sum()))
      }
      return 2 * Double.acos(min(1, nearest)) * 180 / .pi
    }
    let (evenOrbits, randomOrbits) = (orbits(rotations), orbits(random))
    var (gap, randomGap) = (0.0, 0.0)
    for probe in 0..<700 {
      let target = Rotation.random(seed: 99, index: probe)
      gap = max(gap, distance(target, to: evenOrbits))
      randomGap = max(randomGap, distance(target, to: randomOrbits))
    }
    #expect(gap < 0.92 * randomGap, "\(gap)° and \(randomGap)°")
    for index in stride(from: 0, to: count, by: 7) {
      #expect(distance(rotations[index], to: evenOrbits, leavingOut: index) > 1)
    }
  }

  @Test(
    "even orientations are as dense everywhere: as far from some orientation as random ones",
    arguments: evenSets)
  func density(name: String, count: Int) throws {
    let group = try SymmetryGroup(name)
    let landmark = try Rotation(matrix: randomRotationMatrix(seed: 77))
    func distances(_ rotations: [Rotation]) -> [Double] {
      rotations.map { rotation in
        group.operations.map { landmark.angleInDegrees(to: rotation * $0) }.min() ?? 0
      }.sorted()
    }
    let n = 4000
    let even = distances((0..<n).map { group.evenRotation(index: $0, count: n) })
    let random = distances((0..<n).map { Rotation.random(seed: 8, index: $0) })
    // Kolmogorov's and Smirnov's distance of the two distributions; 1.95/√n is passed once in a thousand.
    var (largest, j) = (0.0, 0)
    for (i, value) in random.enumerated() {
      while j < n, even[j] <= value { j += 1 }
      largest = max(largest, abs(Double(i + 1 - j)) / Double(n))
    }
    #expect(largest < 1.95 / Double(n).squareRoot())
  }

  @Test("generated poses keep to the unit, and without symmetry are what they were")
  func generator() throws {
    let group = try SymmetryGroup("D7")
    let direction = try PreferredDirection(rotInDegrees: 100, tiltInDegrees: 120, concentration: 30)
    for orientations: PoseGenerator.Orientations in [.uniform, .even(count: 40), .preferred([direction])] {
      let plain = try PoseGenerator(orientations: orientations, seed: 4)
      let reduced = try PoseGenerator(orientations: orientations, symmetry: group, seed: 4)
      for index in 0..<40 {
        let rotation = reduced.pose(index).rotation
        let angles = rotation.relionAnglesInDegrees
        #expect(angles.tilt <= 90 + 1e-9 && angles.rot >= -1e-9 && angles.rot <= 360.0 / 7 + 1e-9)
        if case .even = orientations { continue }
        #expect(contains(group.operations, plain.pose(index).rotation.inverse * rotation, within: 1e-5))
      }
    }
    #expect(
      try PoseGenerator(orientations: .even(count: 9), seed: 0).pose(4).rotation == .even(index: 4, count: 9))
  }
}
