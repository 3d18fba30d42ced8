import CKernels
import RealModule

/// Weights of windows as polynomials of the atom's place in its pixel, for atoms that share their Gaussians.
///
/// A structure whose atoms have one B-factor has no more kinds of atoms than elements. The weight of each
/// pixel of a window is then a smooth function of one number, −½ to ½: its Chebyshev series, cut where it
/// has fallen below the precision, costs a third of two error functions (Docs/Decisions/0005).
struct GaussianTables<Scalar: GridScalar>: Sendable {
  /// For each atom, which kind it is.
  let kinds: [UInt32]
  /// See `ep_gaussians`.
  let coefficients: AlignedBuffer<Scalar>
  let degree: Int

  /// More would leave the cache, and no longer be cheaper than error functions.
  private static var largestTable: Int { 1 << 19 }
  private static var highestDegree: Int { Scalar.self == Float.self ? 15 : 24 }

  /// Tables for the atoms of a group; none where they are of too many kinds, or too narrow.
  ///
  /// - Throws: `.invalidValue` when there is no memory for them.
  init?(_ group: GaussianGroups<Scalar>.Group) throws {
    guard group.narrow else { return nil }
    let lanes = Int(EP_GAUSSIAN_LANES)
    let bytesATerm = group.rank * lanes * MemoryLayout<Scalar>.stride
    let limit = min(Self.largestTable / bytesATerm / 8, group.atoms.count / 8)
    var found: [Kind: UInt32] = [:]
    var ordered: [Kind] = []
    var kinds: [UInt32] = []
    for i in group.atoms.indices {
      let kind = Kind(group, atom: i)
      if let known = found[kind] {
        kinds.append(known)
      } else {
        guard ordered.count < limit else { return nil }
        found[kind] = UInt32(ordered.count)
        kinds.append(UInt32(ordered.count))
        ordered.append(kind)
      }
    }
    let chebyshev = ChebyshevSampling(count: 32)
    let series = ordered.map { kind in
      (0..<group.rank).map { k in
        (0..<lanes).map { lane in
          chebyshev.series { kind.weight(gaussian: k, lane: lane, fraction: $0 / 2, average: group.average) }
        }
      }
    }
    // The sums of the series leave no less than this in double.
    let smallest = max(Double(Scalar.ulpOfOne) / 8, Double.ulpOfOne)
    var degree = 0
    for lane in series.joined().joined() {
      if let last = lane.lastIndex(where: { abs($0) > smallest }) { degree = max(degree, last) }
    }
    guard degree <= Self.highestDegree else { return nil }
    self.kinds = kinds
    self.degree = degree
    coefficients = try AlignedBuffer(
      count: ordered.count * (degree + 1) * group.rank * lanes,
      of: "weights of \(ordered.count) kinds of atoms")
    // What is far below the precision is left out: products of such numbers would be denormal, and slow.
    let negligible = smallest / 10000
    var target = coefficients.pointer
    for kind in series {
      let powers = kind.map { $0.map { ChebyshevSampling.powers(of: $0[...degree]) } }
      for power in (0...degree).reversed() {
        for lane in powers.joined() {
          let value = lane[power]
          target.pointee = abs(value) < negligible ? 0 : Scalar(value)
          target += 1
        }
      }
    }
  }

  /// What atoms of a kind share: how far they reach, and the scales of their Gaussians.
  private struct Kind: Hashable {
    let reach: Int32
    let scales: SIMD8<Double>

    init(_ group: GaussianGroups<Scalar>.Group, atom i: Int) {
      reach = group.reaches[i]
      var scales = SIMD8<Double>(repeating: 0)
      for k in 0..<group.rank { scales[k] = Double(group.parameters[2 * group.rank * i + k]) }
      self.scales = scales
    }

    /// A pixel's weight for an atom at a fraction beyond its nearest one; see `ep_gaussians`.
    func weight(gaussian k: Int, lane: Int, fraction: Double, average: Bool) -> Double {
      let d = Double(lane) - Double(reach) - fraction
      let scale = scales[k]
      guard average else { return Double.exp2(-(scale * d) * (scale * d)) }
      // A difference of complements keeps the digits of tails.
      let (a, b) = (scale * (abs(d) - 0.5), scale * (abs(d) + 0.5))
      return a > 0 ? Double.erfc(a) - Double.erfc(b) : Double.erf(b) - Double.erf(a)
    }
  }
}

/// Chebyshev series of functions on −1…1 from their values at the roots of a polynomial.
private struct ChebyshevSampling {
  private let points: [Double]
  /// By order, then point.
  private let cosines: [[Double]]

  init(count: Int) {
    // Whole turns are taken off while the angle is a ratio of integers, so that every cosine is exact.
    func cosine(_ order: Int, _ point: Int) -> Double {
      Double.cos(.pi * Double(order * (2 * point + 1) % (4 * count)) / Double(2 * count))
    }
    points = (0..<count).map { cosine(1, $0) }
    cosines = (0..<count).map { order in
      (0..<count).map { cosine(order, $0) * (order == 0 ? 1 : 2) / Double(count) }
    }
  }

  func series(of function: (Double) -> Double) -> [Double] {
    let values = points.map(function)
    return cosines.map { row in
      var sum = 0.0
      for (a, b) in zip(row, values) { sum += a * b }
      return sum
    }
  }

  /// A series in T(2f) by powers of f.
  static func powers(of series: ArraySlice<Double>) -> [Double] {
    // Tₙ₊₁(t) = 2t Tₙ(t) − Tₙ₋₁(t), t = 2f.
    var previous = [1.0]
    var current = [0.0, 2]
    var sum = [Double](repeating: 0, count: series.count + 1)
    for weight in series {
      for (i, coefficient) in previous.enumerated() { sum[i] += weight * coefficient }
      var next = [0] + current.map { 4 * $0 }
      for (i, coefficient) in previous.enumerated() { next[i] -= coefficient }
      (previous, current) = (current, next)
    }
    return sum
  }
}
