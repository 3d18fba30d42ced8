/// The Fourier shell correlation of two `n³` maps and how many frequencies are in each shell, frequency by
/// frequency of the full transform.
public func shellCorrelation(_ a: [Double], _ b: [Double], n: Int) -> [(correlation: Double, count: Int)] {
  let (first, second) = (FullTransform(a, n: n), FullTransform(b, n: n))
  var sums = [Correlated](repeating: Correlated(), count: n / 2 + 1)
  let axis = (-(n / 2))..<(n - n / 2)
  for z in axis {
    for y in axis {
      for x in axis {
        let shell = Int((Double(x * x + y * y + z * z).squareRoot() + 0.5).rounded(.down))
        guard shell < sums.count else { continue }
        sums[shell].add(first.value(x, y, z, .wrap), second.value(x, y, z, .wrap))
      }
    }
  }
  return sums.map { ($0.correlation, $0.count) }
}

/// The ring correlation of pairs of images, summed over all pairs; rings by the distance in cycles a pixel times
/// the shorter side.
public func ringCorrelation(
  _ pairs: [(a: [Double], b: [Double])], rows: Int, columns: Int
) -> [(correlation: Double, count: Int)] {
  let side = min(rows, columns)
  var sums = [Correlated](repeating: Correlated(), count: side / 2 + 1)
  for pair in pairs {
    for ky in fftFrequencies(rows) {
      for kx in fftFrequencies(columns) {
        let (fx, fy) = (Double(kx) / Double(columns), Double(ky) / Double(rows))
        let ring = Int((Double(side) * (fx * fx + fy * fy).squareRoot() + 0.5).rounded(.down))
        guard ring < sums.count else { continue }
        func transform(_ image: [Double]) -> ComplexNumber {
          var sum = ComplexNumber(0, 0)
          for y in 0..<rows {
            for x in 0..<columns {
              sum = sum + .turn(-(fx * Double(x) + fy * Double(y))) * image[y * columns + x]
            }
          }
          return sum
        }
        sums[ring].add(transform(pair.a), transform(pair.b))
      }
    }
  }
  return sums.map { ($0.correlation, $0.count) }
}

private struct Correlated {
  var (product, powerA, powerB, count) = (0.0, 0.0, 0.0, 0)

  mutating func add(_ a: ComplexNumber, _ b: ComplexNumber) {
    product += (a * b.conjugate).re
    powerA += a.magnitude * a.magnitude
    powerB += b.magnitude * b.magnitude
    count += 1
  }

  var correlation: Double { product / (powerA * powerB).squareRoot() }
}
