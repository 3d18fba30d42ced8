import Synchronization

/// How well two maps, or two stacks of images, agree at every spatial frequency.
///
/// Frequencies are gathered in shells (of a map) or rings (of images) one sample of the transform thick:
/// shell `s` holds those whose radius rounds to `s`, each frequency of the full transform once. In a shell
/// the correlation is `Re Σ A·B* / √(Σ|A|² Σ|B|²)`.
///
/// - Source: Harauz & van Heel, Optik 73 (1986) 146–156; Saxton & Baumeister, J. Microsc. 127 (1982) 127–138.
public struct FourierCorrelation: Sendable, Hashable {
  /// One shell of the transform, or one ring.
  public struct Shell: Sendable, Hashable {
    /// The radius in samples of the transform, from 0.
    public let index: Int
    /// The radius in 1/Å.
    public let frequencyInInverseAngstroms: Double
    /// Within −1…1; 0 where either side has no power at all.
    public let correlation: Double
    /// Frequencies that were summed, of all images together.
    public let count: Int

    /// A shell of the caller's own; nothing is checked.
    public init(index: Int, frequencyInInverseAngstroms: Double, correlation: Double, count: Int) {
      self.index = index
      self.frequencyInInverseAngstroms = frequencyInInverseAngstroms
      self.correlation = correlation
      self.count = count
    }
  }

  /// Where a curve first falls below a threshold, on its way out from the first shell.
  public enum Crossing: Sendable, Hashable {
    /// In ångströms, interpolated between the two shells on either side.
    case at(Double)
    /// It stays above to the last shell, which is at this resolution in ångströms.
    case never(last: Double)
    /// It is below from the first shell on.
    case always
  }

  /// From zero frequency to Nyquist.
  public let shells: [Shell]

  /// Shells in the order of their radii.
  public init(shells: [Shell]) { self.shells = shells }

  /// The resolution that a threshold gives. Zero frequency, where the correlation is a sign, does not count.
  public func resolution(at threshold: Double) -> Crossing {
    guard let last = shells.last, last.index > 0 else { return .always }
    guard let below = shells.indices.dropFirst().first(where: { shells[$0].correlation < threshold }) else {
      return .never(last: 1 / last.frequencyInInverseAngstroms)
    }
    guard below > 1 else { return .always }
    let (inner, outer) = (shells[below - 1], shells[below])
    let part = (inner.correlation - threshold) / (inner.correlation - outer.correlation)
    let step = outer.frequencyInInverseAngstroms - inner.frequencyInInverseAngstroms
    return .at(1 / (inner.frequencyInInverseAngstroms + part * step))
  }
}

/// The sums of every shell, gathered in parts that join.
struct ShellSums: Sendable {
  /// `Re Σ A·B*`, `Σ|A|²`, `Σ|B|²` and the number of frequencies, in turn.
  private(set) var values: [Double]

  init(shells: Int) { values = Array(repeating: 0, count: 4 * shells) }

  mutating func join(_ other: ShellSums) {
    for i in values.indices { values[i] += other.values[i] }
  }

  @inline(__always)
  mutating func add<Scalar: GridScalar>(
    _ a: (Scalar, Scalar), _ b: (Scalar, Scalar), weight: Double, to shell: Int
  ) {
    let (ar, ai, br, bi) = (Double(a.0), Double(a.1), Double(b.0), Double(b.1))
    values[4 &* shell] += weight * (ar * br + ai * bi)
    values[4 &* shell &+ 1] += weight * (ar * ar + ai * ai)
    values[4 &* shell &+ 2] += weight * (br * br + bi * bi)
    values[4 &* shell &+ 3] += weight
  }

  /// - Parameter frequencyStep: of neighbouring shells, in 1/Å.
  func curve(frequencyStep: Double) -> FourierCorrelation {
    FourierCorrelation(
      shells: (0..<values.count / 4).map { shell in
        let power = (values[4 * shell + 1] * values[4 * shell + 2]).squareRoot()
        return FourierCorrelation.Shell(
          index: shell, frequencyInInverseAngstroms: Double(shell) * frequencyStep,
          correlation: power > 0 ? max(-1, min(1, values[4 * shell] / power)) : 0,
          count: Int(values[4 * shell + 3]))
      })
  }
}

/// The sums of parts computed on several threads, joined in the order of the parts.
final class BlockSums: Sendable {
  private let parts: Mutex<[ShellSums?]>

  init(count: Int) { parts = Mutex(Array(repeating: nil, count: count)) }

  func set(_ sums: ShellSums, at index: Int) {
    parts.withLock { $0[index] = sums }
  }

  func joined(shells: Int) -> ShellSums {
    parts.withLock { parts in
      parts.reduce(into: ShellSums(shells: shells)) { total, part in
        if let part { total.join(part) }
      }
    }
  }
}
