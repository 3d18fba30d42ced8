#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension GaussianSum {
  /// The projection as a distorted image shows it, `P(x) = P₀(M⁻ᵀ x) / |det M|`, each Gaussian by its covariance.
  ///
  /// - Parameter m: the matrix on the image's frequencies, by rows.
  public func distortedImage(
    by m: [[Double]], rotation r: [[Double]], shift: [Double], rows: Int, columns: Int, pixelSize h: Double,
    average: Bool
  ) -> [Double] {
    let determinant = m[0][0] * m[1][1] - m[0][1] * m[1][0]
    // M⁻ᵀ by rows.
    let inverse = [
      [m[1][1] / determinant, -m[1][0] / determinant], [-m[0][1] / determinant, m[0][0] / determinant],
    ]
    func density(_ x: Double, _ y: Double) -> Double {
      let (u, v) = (inverse[0][0] * x + inverse[0][1] * y, inverse[1][0] * x + inverse[1][1] * y)
      var sum = 0.0
      for (i, p) in positions.enumerated() {
        let there = (0..<2).map { a in (0..<3).reduce(0) { $0 + r[a][$1] * p[$1] } }
        let square = (u - there[0]) * (u - there[0]) + (v - there[1]) * (v - there[1])
        for (a, variance) in zip(amplitudes[i], variances[i]) {
          sum += a / (2 * .pi * variance) * exp(-square / (2 * variance))
        }
      }
      return sum / abs(determinant)
    }
    // Gauss and Legendre's five points a side of a pixel, or its centre.
    let points: [(at: Double, weight: Double)] =
      average
      ? [
        (0, 0.5688888888888889), (0.5384693101056831, 0.47862867049936647),
        (-0.5384693101056831, 0.47862867049936647), (0.9061798459386640, 0.23692688505618908),
        (-0.9061798459386640, 0.23692688505618908),
      ].map { ($0.0 / 2, $0.1 / 2) } : [(0, 1)]
    return (0..<rows).flatMap { row in
      (0..<columns).map { column in
        points.reduce(0.0) { sum, v in
          points.reduce(sum) { sum, u in
            sum + u.weight * v.weight
              * density(
                (Double(column - columns / 2) + u.at) * h - shift[0],
                (Double(row - rows / 2) + v.at) * h - shift[1])
          }
        }
      }
    }
  }
}
