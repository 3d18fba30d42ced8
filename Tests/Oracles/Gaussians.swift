#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A sum of isotropic Gaussians, for images and maps by their definitions: every Gaussian at every pixel.
public struct GaussianSum: Sendable {
  public var positions: [[Double]]
  public var amplitudes: [[Double]]
  public var variances: [[Double]]

  public init(positions: [[Double]], amplitudes: [[Double]], variances: [[Double]]) {
    (self.positions, self.amplitudes, self.variances) = (positions, amplitudes, variances)
  }

  public static func random(
    count: Int, gaussians: Int, radius: Double, deviations: ClosedRange<Double>, seed: UInt64
  ) -> GaussianSum {
    var g = SeededGenerator(seed: seed)
    func rows(_ range: ClosedRange<Double>, _ map: (Double) -> Double = { $0 }) -> [[Double]] {
      (0..<count).map { _ in (0..<gaussians).map { _ in map(g.uniform(range)) } }
    }
    let positions = (0..<count).map { _ in (0..<3).map { _ in radius * g.uniform() } }
    let amplitudes = rows(-0.5...2)
    return GaussianSum(positions: positions, amplitudes: amplitudes, variances: rows(deviations) { $0 * $0 })
  }

  /// One axis's weight of the Gaussian a distance away, averaged over a pixel or at its centre.
  static func weight(_ d: Double, _ variance: Double, _ h: Double, average: Bool) -> Double {
    guard average else { return exp(-d * d / (2 * variance)) / (2 * .pi * variance).squareRoot() }
    let s = (2 * variance).squareRoot()
    let (a, b) = (abs(d) - h / 2, abs(d) + h / 2)
    // Far out, the difference of two complements keeps the digits that one of two ones loses.
    return a > 0 ? (erfc(a / s) - erfc(b / s)) / (2 * h) : (erf(b / s) - erf(a / s)) / (2 * h)
  }

  /// The projection at a pose, row-major, origin at (rows/2, columns/2).
  public func image(
    rotation r: [[Double]], shift: [Double] = [0, 0], rows: Int, columns: Int, pixelSize h: Double,
    average: Bool
  ) -> [Double] {
    var out = [Double](repeating: 0, count: rows * columns)
    for (i, p) in positions.enumerated() {
      let there = (0..<2).map { a in (0..<3).reduce(shift[a]) { $0 + r[a][$1] * p[$1] } }
      for (a, v) in zip(amplitudes[i], variances[i]) {
        let across = (0..<columns).map {
          Self.weight(Double($0 - columns / 2) * h - there[0], v, h, average: average)
        }
        for y in 0..<rows {
          let down = a * Self.weight(Double(y - rows / 2) * h - there[1], v, h, average: average)
          for x in 0..<columns { out[y * columns + x] += down * across[x] }
        }
      }
    }
    return out
  }

  /// The map, `depth × rows × columns`.
  public func map(depth: Int, rows: Int, columns: Int, voxelSize h: Double, average: Bool) -> [Double] {
    var out = [Double](repeating: 0, count: depth * rows * columns)
    for (i, p) in positions.enumerated() {
      for (a, v) in zip(amplitudes[i], variances[i]) {
        func axis(_ n: Int, _ centre: Double) -> [Double] {
          (0..<n).map { Self.weight(Double($0 - n / 2) * h - centre, v, h, average: average) }
        }
        let (wx, wy, wz) = (axis(columns, p[0]), axis(rows, p[1]), axis(depth, p[2]))
        for z in 0..<depth {
          for y in 0..<rows {
            for x in 0..<columns { out[(z * rows + y) * columns + x] += a * wz[z] * wy[y] * wx[x] }
          }
        }
      }
    }
    return out
  }

  public var totalAmplitude: Double { amplitudes.joined().reduce(0, +) }
}
