/// Contrast transfer functions of a numbered sequence: each is a function of the seed and its index.
public struct DefocusGenerator: Hashable, Sendable {
  /// All but the defocus and the astigmatism.
  public let base: ContrastTransferFunction
  /// Of the mean of U and V.
  public let defocusInAngstroms: ClosedRange<Double>
  /// Of the difference between U and V; its direction is uniform.
  public let astigmatismInAngstroms: ClosedRange<Double>
  public let seed: UInt64

  /// - Throws: `.invalidValue` for a range that reaches beyond ±10⁷ Å, or a negative astigmatism.
  public init(
    base: ContrastTransferFunction, defocusInAngstroms: ClosedRange<Double>,
    astigmatismInAngstroms: ClosedRange<Double> = 0...0, seed: UInt64
  ) throws {
    let limit = 1e7
    guard defocusInAngstroms.lowerBound >= -limit, defocusInAngstroms.upperBound <= limit else {
      throw ExitPlaneError.invalid("defocus range", got: "\(defocusInAngstroms) Å", need: "within ±1e7 Å")
    }
    guard astigmatismInAngstroms.lowerBound >= 0, astigmatismInAngstroms.upperBound <= limit else {
      throw ExitPlaneError.invalid("astigmatism", got: "\(astigmatismInAngstroms) Å", need: "within 0…1e7 Å")
    }
    self.base = base
    self.defocusInAngstroms = defocusInAngstroms
    self.astigmatismInAngstroms = astigmatismInAngstroms
    self.seed = seed
  }

  /// The function of an index, from 0.
  public func transferFunction(_ index: Int) -> ContrastTransferFunction {
    var random = RandomSequence(seed: seed, stream: .optics, item: UInt64(truncatingIfNeeded: index))
    let mean = random.uniform(in: defocusInAngstroms)
    let half = random.uniform(in: astigmatismInAngstroms) / 2
    return base.replacing(
      defocusUInAngstroms: mean + half, defocusVInAngstroms: mean - half,
      astigmatismAngleInDegrees: half == 0 ? 0 : 180 * random.unit())
  }
}
