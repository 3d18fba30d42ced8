import RealModule

/// A Zernike polynomial of the frequency in 1/Å itself, not of a unit disc: `R(|q|) cos mα` for m ≥ 0 and
/// `R(|q|) sin |m|α` for m < 0, with `R` of order n.
///
/// - Source: RELION's `Zernike`.
struct ZernikePolynomial {
  let n: Int
  let m: Int

  /// Of RELION's odd ones, in the order (n, m) = (1, −1), (1, 1), (3, −3), (3, −1), (3, 1), (3, 3), (5, −5), ….
  init(odd index: Int) {
    // Orders 1, 3, 5, … have 2, 4, 6, … polynomials: those before the k-th are k (k + 1).
    var k = 0
    while (k + 1) * (k + 2) <= index { k += 1 }
    n = 2 * k + 1
    m = 2 * (index - k * (k + 1)) - n
  }

  /// Of RELION's even ones, in the order (0, 0), (2, −2), (2, 0), (2, 2), (4, −4), ….
  init(even index: Int) {
    // Orders 0, 2, 4, … have 1, 3, 5, … polynomials: those before the k-th are k².
    var k = 0
    while (k + 1) * (k + 1) <= index { k += 1 }
    n = 2 * k
    m = 2 * (index - k * k) - n
  }

  func callAsFunction(_ q: SIMD2<Double>) -> Double {
    let (sum, difference) = ((n + abs(m)) / 2, (n - abs(m)) / 2)
    let radius = Double.hypot(q.x, q.y)
    var radial = 0.0
    for j in 0...difference {
      let term = factorial(n - j) / (factorial(j) * factorial(sum - j) * factorial(difference - j))
      radial += (j % 2 == 0 ? term : -term) * Double.pow(radius, n - 2 * j)
    }
    let angle = Double(abs(m)) * Double.atan2(y: q.y, x: q.x)
    return radial * (m < 0 ? Double.sin(angle) : Double.cos(angle))
  }

  private func factorial(_ n: Int) -> Double { (0..<n).reduce(1.0) { $0 * Double($1 + 1) } }
}

/// - Parameter most: how many polynomials there are up to the highest order that is taken.
/// - Throws: `.invalidValue` for a number that is not finite, or too many.
func validateZernike(_ coefficients: [Double], _ parity: String, most: Int, order: String) throws {
  guard coefficients.allSatisfy(\.isFinite) else {
    throw ExitPlaneError.invalid(
      "\(parity) Zernike coefficients", got: "\(coefficients)", need: "finite numbers")
  }
  guard coefficients.count <= most else {
    throw ExitPlaneError.invalid(
      "number of \(parity) Zernike coefficients", got: "\(coefficients.count)",
      need: "at most \(most), the \(order) order")
  }
}
