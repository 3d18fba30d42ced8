import RealModule
import Testing

@testable import ExitPlane

@Suite("Generated poses and optics")
struct PoseGeneratorsTests {
  /// Where the beam points in the object: the third row of the rotation.
  private func view(_ pose: Pose) -> SIMD3<Double> { pose.rotation.rows.2 }

  @Test(
    "a preferred direction has the mean resultant length coth κ − 1/κ", arguments: [0.0, 0.1, 2, 40, 900])
  func concentration(kappa: Double) throws {
    let direction = try PreferredDirection(rotInDegrees: 40, tiltInDegrees: 65, concentration: kappa)
    let generator = try PoseGenerator(orientations: .preferred([direction]), seed: 11)
    let n = 40_000
    var (sum, inPlane) = (SIMD3<Double>(0, 0, 0), SIMD2<Double>(0, 0))
    for index in 0..<n {
      let pose = generator.pose(index)
      sum += view(pose)
      let psi = pose.rotation.relionAnglesInDegrees.psi / 180 * .pi
      inPlane += SIMD2(Double.cos(psi), Double.sin(psi))
    }
    let mean = sum / Double(n)
    // RELION's direction: (cos rot sin tilt, sin rot sin tilt, cos tilt).
    let (rot, tilt) = (40 / 180 * Double.pi, 65 / 180 * Double.pi)
    let axis = SIMD3(
      Double.cos(rot) * Double.sin(tilt), Double.sin(rot) * Double.sin(tilt), Double.cos(tilt))
    let want = kappa == 0 ? 0 : 1 / Double.tanh(kappa) - 1 / kappa
    let error = 5 / Double(n).squareRoot()
    #expect(abs(dot(mean, axis) - want) < error * (kappa > 5 ? 2 / kappa : 1))
    let across = mean - dot(mean, axis) * axis
    #expect(dot(across, across).squareRoot() < 1.5 * error)
    if kappa > 1 { #expect(inPlane.x.magnitude + inPlane.y.magnitude < 2 * error * Double(n)) }
  }

  @Test("RELION's angles of a narrow view are the direction's")
  func direction() throws {
    let direction = try PreferredDirection(rotInDegrees: -70, tiltInDegrees: 110, concentration: 1e8)
    let generator = try PoseGenerator(orientations: .preferred([direction]), seed: 1)
    for index in 0..<20 {
      let angles = generator.pose(index).rotation.relionAnglesInDegrees
      #expect(abs(angles.rot + 70) < 0.1 && abs(angles.tilt - 110) < 0.1)
    }
  }

  @Test("a mixture divides the views by weight")
  func mixture() throws {
    let generator = try PoseGenerator(
      orientations: .preferred([
        PreferredDirection(rotInDegrees: 0, tiltInDegrees: 0, concentration: 200, weight: 3),
        PreferredDirection(rotInDegrees: 0, tiltInDegrees: 90, concentration: 200, weight: 1),
        PreferredDirection(rotInDegrees: 0, tiltInDegrees: 180, concentration: 200, weight: 0),
      ]), seed: 2)
    let n = 20_000
    let up = (0..<n).count { view(generator.pose($0)).z > 0.7 }
    let down = (0..<n).count { view(generator.pose($0)).z < -0.7 }
    #expect(abs(Double(up) / Double(n) - 0.75) < 5 * (0.1875 / Double(n)).squareRoot())
    #expect(down == 0)
  }

  @Test("uniform and even orientations cover the sphere, and even ones more evenly")
  func coverage() throws {
    let n = 4000
    func spread(_ orientations: PoseGenerator.Orientations) throws -> (
      mean: Double, second: Double, gap: Double
    ) {
      let generator = try PoseGenerator(orientations: orientations, seed: 6)
      let rotations = (0..<n).map { generator.pose($0).rotation }
      var (mean, second) = (SIMD3<Double>(0, 0, 0), SIMD3<Double>(0, 0, 0))
      for r in rotations {
        mean += r.rows.0 + r.rows.1 + r.rows.2
        second += r.rows.2 * r.rows.2
      }
      // The largest distance of random rotations to the nearest of the set.
      var gap = 0.0
      for probe in 0..<150 {
        let target = Rotation.random(seed: 99, index: probe).quaternion
        var nearest = 0.0
        for r in rotations {
          let q = r.quaternion
          nearest = max(nearest, abs(q.w * target.w + q.x * target.x + q.y * target.y + q.z * target.z))
        }
        gap = max(gap, 2 * Double.acos(min(1, nearest)) * 180 / .pi)
      }
      let scale = Double(n)
      return (
        dot(mean, mean).squareRoot() / scale, (0..<3).map { abs(second[$0] / scale - 1.0 / 3) }.max() ?? 1,
        gap
      )
    }
    let random = try spread(.uniform)
    let even = try spread(.even(count: n))
    #expect(random.mean < 0.1 && random.second < 0.03)
    #expect(even.mean < 0.003 && even.second < 0.002)
    #expect(even.gap < 15 && even.gap < 0.85 * random.gap, "\(even.gap)° and \(random.gap)°")
  }

  @Test(
    "even orientations are those of the paper's spiral", arguments: [(0, 1), (0, 12), (7, 12), (500, 1000)])
  func superFibonacci(index: Int, count: Int) throws {
    let psi = 1.533751168755204288118041
    let s = Double(index) + 0.5
    let (r, outer) = ((s / Double(count)).squareRoot(), (1 - s / Double(count)).squareRoot())
    let (a, b) = (2 * Double.pi * s / 2.0.squareRoot(), 2 * Double.pi * s / psi)
    // (x, y, z, w) of the paper.
    let (x, y) = (r * Double.sin(a), r * Double.cos(a))
    let want = try Rotation(quaternion: outer * Double.cos(b), x, y, outer * Double.sin(b))
    let got = Rotation.even(index: index, count: count)
    for axis in [SIMD3(1.0, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)] {
      let difference = got * axis - want * axis
      #expect((difference * difference).sum().squareRoot() < 1e-10)
    }
  }

  @Test("no two of an even set are close")
  func evenSeparation() {
    let count = 1000
    let rotations = (0..<count).map { Rotation.even(index: $0, count: count) }
    var closest = 180.0
    for i in 0..<count {
      for j in 0..<i { closest = min(closest, rotations[i].angleInDegrees(to: rotations[j])) }
    }
    // A perfect packing of 1000 rotations keeps about 25° apart, random ones about 2°.
    #expect(closest > 12, "\(closest)°")
  }

  @Test("shifts have the spread asked for")
  func shifts() throws {
    let n = 30_000
    let gaussian = try PoseGenerator(shifts: .gaussian(standardDeviationInAngstroms: 4), seed: 8)
    let uniform = try PoseGenerator(shifts: .uniform(largestInAngstroms: 6), seed: 8)
    var (g, u, cross) = (SIMD2<Double>(0, 0), SIMD2<Double>(0, 0), 0.0)
    for index in 0..<n {
      let (a, b) = (gaussian.pose(index).shiftInAngstroms, uniform.pose(index).shiftInAngstroms)
      g += a * a
      u += b * b
      cross += a.x * a.y
      #expect(abs(b.x) <= 6 && abs(b.y) <= 6)
    }
    let error = 5 * 1.5 / Double(n).squareRoot()
    for axis in 0..<2 {
      #expect(abs(g[axis] / Double(n) / 16 - 1) < error)
      #expect(abs(u[axis] / Double(n) / 12 - 1) < error)
    }
    #expect(abs(cross / Double(n) / 16) < error)
    #expect(try PoseGenerator(seed: 8).pose(5) == Pose(rotation: .random(seed: 8, index: 5)))
  }

  @Test("defocus and astigmatism stay in their ranges, and fill them")
  func defocus() throws {
    let base = try ContrastTransferFunction(defocusUInAngstroms: 0, amplitudeContrast: 0.07)
    let generator = try DefocusGenerator(
      base: base, defocusInAngstroms: 8000...20000, astigmatismInAngstroms: 100...500, seed: 3)
    let functions = (0..<2000).map { generator.transferFunction($0) }
    let means = functions.map { ($0.defocusUInAngstroms + $0.defocusVInAngstroms) / 2 }
    let astigmatisms = functions.map { $0.defocusUInAngstroms - $0.defocusVInAngstroms }
    let angles = functions.map(\.astigmatismAngleInDegrees)
    for (values, range) in [(means, 8000.0...20000), (astigmatisms, 100...500), (angles, 0...180)] {
      let width = range.upperBound - range.lowerBound
      #expect(values.allSatisfy { $0 >= range.lowerBound - 1e-9 && $0 <= range.upperBound + 1e-9 })
      let mean = values.reduce(0, +) / 2000
      #expect(abs(mean - range.lowerBound - width / 2) < 5 * width / (12 * 2000.0).squareRoot())
    }
    #expect(functions.allSatisfy { $0.amplitudeContrast == 0.07 })
    #expect(generator.transferFunction(77) == functions[77])
  }

  /// Worked out by a Philox in Python, from the streams' numbers and the formulae in the sources.
  @Test("a particle's numbers are those of its seed, stream and number")
  func streams() throws {
    func isNear(_ a: SIMD2<Double>, _ x: Double, _ y: Double) -> Bool {
      max(abs(a.x - x), abs(a.y - y)) < 1e-9
    }
    let gaussian = try PoseGenerator(shifts: .gaussian(standardDeviationInAngstroms: 1), seed: 3)
    #expect(isNear(gaussian.pose(7).shiftInAngstroms, 1.2218401972916806, 2.517402229970625))
    let uniform = try PoseGenerator(shifts: .uniform(largestInAngstroms: 1), seed: 3)
    #expect(isNear(uniform.pose(7).shiftInAngstroms, 0.9601230392642448, -0.6438331564374091))
    func function(_ micrographs: DefocusGenerator.Micrographs?) throws -> ContrastTransferFunction {
      try DefocusGenerator(
        base: ContrastTransferFunction(defocusUInAngstroms: 0), defocusInAngstroms: 8000...20000,
        astigmatismInAngstroms: 100...500, micrographs: micrographs, seed: 3
      ).transferFunction(7)
    }
    let own = try function(nil)
    #expect(isNear([own.defocusUInAngstroms, own.defocusVInAngstroms], 8247.035928247, 7923.443905853437))
    #expect(abs(own.astigmatismAngleInDegrees - 175.15403773064455) < 1e-9)
    let shared = try function(.init(particlesPerMicrograph: 4, spreadInAngstroms: 150))
    #expect(
      isNear([shared.defocusUInAngstroms, shared.defocusVInAngstroms], 19605.25266032273, 19183.013102860743))
    #expect(abs(shared.astigmatismAngleInDegrees - 170.4949858719625) < 1e-9)
    let places = try ParticlePlaces(micrographSize: [4096, 3000], boxSize: 200, seed: 3)
    #expect(places.place(7) == [2001, 1092])
  }

  @Test("particles of a micrograph have its defocus, and the spread asked for")
  func micrographs() throws {
    let base = try ContrastTransferFunction(defocusUInAngstroms: 0)
    func functions(_ spread: Double) throws -> [ContrastTransferFunction] {
      let generator = try DefocusGenerator(
        base: base, defocusInAngstroms: 8000...20000, astigmatismInAngstroms: 100...500,
        micrographs: .init(particlesPerMicrograph: 50, spreadInAngstroms: spread), seed: 3)
      return (0..<5000).map { generator.transferFunction($0) }
    }
    let (same, spread) = (try functions(0), try functions(120))
    for micrograph in 0..<100 {
      #expect(Set(same[50 * micrograph..<50 * (micrograph + 1)]).count == 1)
    }
    #expect(Set(same).count == 100)
    let heights = zip(spread, same).map { $0.defocusUInAngstroms - $1.defocusUInAngstroms }
    #expect(
      zip(spread, same).allSatisfy {
        abs($0.defocusUInAngstroms - $0.defocusVInAngstroms - $1.defocusUInAngstroms + $1.defocusVInAngstroms)
          < 1e-8
          && $0.astigmatismAngleInDegrees == $1.astigmatismAngleInDegrees
      })
    let mean = heights.reduce(0, +) / 5000
    let deviation = (heights.reduce(0) { $0 + $1 * $1 } / 5000).squareRoot()
    #expect(abs(mean) < 5 * 120 / 5000.0.squareRoot())
    #expect(abs(deviation / 120 - 1) < 5 / 10000.0.squareRoot())
  }

  @Test(
    "places are whole pixels at which the box is within the micrograph, and fill it", arguments: [200, 201])
  func places(box: Int) throws {
    let places = try ParticlePlaces(micrographSize: [1000, 700], boxSize: box, seed: 6)
    let n = 4000
    let all = (0..<n).map { places.place($0) }
    for (axis, length) in [(0, 1000), (1, 700)] {
      let first = all.map { $0[axis] - box / 2 }
      #expect(first.allSatisfy { $0 >= 0 && $0 + box <= length })
      #expect(first.min()! < 3 && first.max()! > length - box - 3)
      let mean = Double(first.reduce(0, +)) / Double(n)
      let width = Double(length - box)
      #expect(abs(mean - width / 2) < 5 * width / (12 * Double(n)).squareRoot())
    }
    #expect(
      try ParticlePlaces(micrographSize: [box, box], boxSize: box, seed: 6).place(9) == [box / 2, box / 2])
  }

  @Test(
    "groups get their shares, all along the sequence",
    arguments: [[1.0], [1, 1, 1], [0.2, 5, 3], [1e-3, 1]])
  func shares(shares: [Double]) throws {
    let division = try OpticsGroupShares(shares)
    let total = shares.reduce(0, +)
    var counts = [Int](repeating: 0, count: shares.count)
    for item in 0..<5000 {
      counts[division.group(of: item)] += 1
      guard item % 97 == 0 else { continue }
      for (count, share) in zip(counts, shares) {
        #expect(abs(Double(count) - share / total * Double(item + 1)) < 5)
      }
    }
  }

  @Test("wrong numbers are refused")
  func refusals() throws {
    for (count, spread) in [(0, 1.0), (5, -1), (5, .nan), (5, .infinity)] {
      #expect(throws: ExitPlaneError.self) {
        try DefocusGenerator.Micrographs(particlesPerMicrograph: count, spreadInAngstroms: spread)
      }
    }
    for (size, box) in [(SIMD2(100, 99), 100), ([100, 100], 0), ([-5, 9], 4), ([Int.max, Int.max], 9)] {
      #expect(throws: ExitPlaneError.self) { try ParticlePlaces(micrographSize: size, boxSize: box, seed: 0) }
    }
    for shares in [[], [1, 0], [1, -1], [.nan], [.infinity], [1e300, 1e300, .greatestFiniteMagnitude]]
      as [[Double]]
    {
      #expect(throws: ExitPlaneError.self) { try OpticsGroupShares(shares) }
    }
    #expect(throws: ExitPlaneError.self) { try PoseGenerator(orientations: .even(count: 0), seed: 0) }
    #expect(throws: ExitPlaneError.self) { try PoseGenerator(orientations: .preferred([]), seed: 0) }
    #expect(throws: ExitPlaneError.self) {
      try PoseGenerator(shifts: .gaussian(standardDeviationInAngstroms: -1), seed: 0)
    }
    #expect(throws: ExitPlaneError.self) {
      try PreferredDirection(rotInDegrees: 0, tiltInDegrees: .nan, concentration: 1)
    }
    let base = try ContrastTransferFunction(defocusUInAngstroms: 0)
    #expect(throws: ExitPlaneError.self) {
      try DefocusGenerator(
        base: base, defocusInAngstroms: 0...1, astigmatismInAngstroms: -5...0, seed: 0)
    }
  }
}
