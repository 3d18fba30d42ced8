#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What `Σ g P` changes with the numbers of a sum of Gaussians: its derivatives written out, at every pixel.
public struct GaussianSumGradient: Sendable {
  public var positions: [[Double]]
  public var amplitudes: [[Double]]
  public var variances: [[Double]]
  /// By rows of the matrix; the third is zero.
  public var rotation = [[Double]](repeating: [0, 0, 0], count: 3)
  public var shift = [0.0, 0]
}

extension GaussianSum {
  /// A weight as a function of its Gaussian's centre and variance, with both derivatives.
  private struct Weight {
    var value = 0.0
    var ofCentre = 0.0
    var ofVariance = 0.0

    init(_ d: Double, _ v: Double, _ h: Double, average: Bool) {
      value = GaussianSum.weight(d, v, h, average: average)
      func density(_ u: Double) -> Double { exp(-u * u / (2 * v)) / (2 * .pi * v).squareRoot() }
      if average {
        let (a, b) = (d - h / 2, d + h / 2)
        ofCentre = (density(a) - density(b)) / h
        ofVariance = (a * density(a) - b * density(b)) / (2 * v * h)
      } else {
        ofCentre = d / v * density(d)
        ofVariance = (d * d / v - 1) / (2 * v) * density(d)
      }
    }
  }

  private func weights(_ n: Int, _ centre: Double, _ v: Double, _ h: Double, _ average: Bool) -> [Weight] {
    (0..<n).map { Weight(Double($0 - n / 2) * h - centre, v, h, average: average) }
  }

  /// Of the projection with a cotangent `g` of its pixels.
  public func imageGradient(
    _ g: [Double], rotation r: [[Double]], shift: [Double], rows: Int, columns: Int, pixelSize h: Double,
    average: Bool
  ) -> GaussianSumGradient {
    var result = GaussianSumGradient(
      positions: positions.map { _ in [0, 0, 0] }, amplitudes: amplitudes.map { $0.map { _ in 0 } },
      variances: variances.map { $0.map { _ in 0 } })
    for (i, p) in positions.enumerated() {
      let there = (0..<2).map { a in (0..<3).reduce(shift[a]) { $0 + r[a][$1] * p[$1] } }
      var slopes = [0.0, 0]
      for (k, (a, v)) in zip(amplitudes[i], variances[i]).enumerated() {
        let across = weights(columns, there[0], v, h, average)
        let down = weights(rows, there[1], v, h, average)
        for y in 0..<rows {
          for x in 0..<columns {
            let c = g[y * columns + x]
            result.amplitudes[i][k] += c * across[x].value * down[y].value
            result.variances[i][k] +=
              c * a * (across[x].ofVariance * down[y].value + across[x].value * down[y].ofVariance)
            slopes[0] += c * a * across[x].ofCentre * down[y].value
            slopes[1] += c * a * across[x].value * down[y].ofCentre
          }
        }
      }
      for axis in 0..<2 {
        result.shift[axis] += slopes[axis]
        for j in 0..<3 {
          result.rotation[axis][j] += slopes[axis] * p[j]
          result.positions[i][j] += slopes[axis] * r[axis][j]
        }
      }
    }
    return result
  }

  /// Of the map with a cotangent `g` of its voxels.
  public func mapGradient(
    _ g: [Double], depth: Int, rows: Int, columns: Int, voxelSize h: Double, average: Bool
  ) -> GaussianSumGradient {
    var result = GaussianSumGradient(
      positions: positions.map { _ in [0, 0, 0] }, amplitudes: amplitudes.map { $0.map { _ in 0 } },
      variances: variances.map { $0.map { _ in 0 } })
    for (i, p) in positions.enumerated() {
      for (k, (a, v)) in zip(amplitudes[i], variances[i]).enumerated() {
        let wx = weights(columns, p[0], v, h, average)
        let wy = weights(rows, p[1], v, h, average)
        let wz = weights(depth, p[2], v, h, average)
        for z in 0..<depth {
          for y in 0..<rows {
            for x in 0..<columns {
              let c = g[(z * rows + y) * columns + x]
              let (u, v, w) = (wx[x], wy[y], wz[z])
              result.amplitudes[i][k] += c * u.value * v.value * w.value
              result.positions[i][0] += c * a * u.ofCentre * v.value * w.value
              result.positions[i][1] += c * a * u.value * v.ofCentre * w.value
              result.positions[i][2] += c * a * u.value * v.value * w.ofCentre
              result.variances[i][k] +=
                c * a
                * (u.ofVariance * v.value * w.value + u.value * v.ofVariance * w.value + u.value * v.value
                  * w.ofVariance)
            }
          }
        }
      }
    }
    return result
  }
}
