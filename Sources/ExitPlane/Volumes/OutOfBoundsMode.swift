import ComplexModule

/// The value of an interpolation neighbour outside the grid.
public enum OutOfBoundsMode<Scalar: GridScalar>: Sendable, Hashable {
  /// A value of its own (SciPy's `grid-constant`).
  case fill(Complex<Scalar>)
  /// The nearest sample on the edge (SciPy's `nearest`).
  case clip
  /// The sample a period away (SciPy's `grid-wrap`).
  case wrap

  /// `.fill` with 0.
  public static var zero: OutOfBoundsMode { .fill(.zero) }

  /// The value of a neighbour at a frequency in samples of which some axis is beyond `±reach`.
  @inline(__always)
  func neighbour(
    _ i: SIMD3<Int>, reach: Int, period: Int, _ sample: (SIMD3<Int>) -> Complex<Scalar>
  ) -> Complex<Scalar> {
    func each(_ map: (Int) -> Int) -> SIMD3<Int> { SIMD3(map(i.x), map(i.y), map(i.z)) }
    return switch self {
    case .fill(let value): value
    case .clip: sample(each { min(max($0, -reach), reach) })
    case .wrap:
      sample(
        each { k in
          guard abs(k) > reach else { return k }
          let wrapped = (k % period + period) % period
          return wrapped > period / 2 ? wrapped - period : wrapped
        })
    }
  }
}
