/// Contrast transfer functions of a numbered sequence: each is a function of the seed and its index.
public struct DefocusGenerator: Hashable, Sendable {
  /// Particles of one micrograph share its defocus and astigmatism, but for their heights in the ice.
  public struct Micrographs: Hashable, Sendable {
    /// Consecutive indices share a micrograph.
    public let particlesPerMicrograph: Int
    /// The standard deviation of the particles' defoci about their micrograph's.
    public let spreadInAngstroms: Double

    /// - Throws: `.invalidValue` for less than one particle, or a spread that is negative or above 10⁶ Å.
    public init(particlesPerMicrograph: Int, spreadInAngstroms: Double) throws {
      guard particlesPerMicrograph > 0 else {
        throw ExitPlaneError.invalid(
          "number of particles a micrograph", got: "\(particlesPerMicrograph)", need: "above 0")
      }
      guard (0...1e6).contains(spreadInAngstroms) else {
        throw ExitPlaneError.invalid(
          "spread of defocus", got: "\(spreadInAngstroms) Å", need: "within 0…1000000 Å")
      }
      self.particlesPerMicrograph = particlesPerMicrograph
      self.spreadInAngstroms = spreadInAngstroms
    }
  }

  /// All but the defocus and the astigmatism.
  public let base: ContrastTransferFunction
  /// Of the mean of U and V.
  public let defocusInAngstroms: ClosedRange<Double>
  /// Of the difference between U and V; its direction is uniform.
  public let astigmatismInAngstroms: ClosedRange<Double>
  /// Nil where every particle has a defocus of its own.
  public let micrographs: Micrographs?
  /// Of all random numbers of the sequence.
  public let seed: UInt64

  /// - Throws: `.invalidValue` for a range that reaches beyond ±10⁷ Å, or a negative astigmatism.
  public init(
    base: ContrastTransferFunction, defocusInAngstroms: ClosedRange<Double>,
    astigmatismInAngstroms: ClosedRange<Double> = 0...0, micrographs: Micrographs? = nil, seed: UInt64
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
    self.micrographs = micrographs
    self.seed = seed
  }

  /// The function of an index, from 0.
  public func transferFunction(_ index: Int) -> ContrastTransferFunction {
    let item = index / (micrographs?.particlesPerMicrograph ?? 1)
    var random = RandomSequence(
      seed: seed, stream: micrographs == nil ? .optics : .micrograph, item: UInt64(truncatingIfNeeded: item))
    var mean = random.uniform(in: defocusInAngstroms)
    let half = random.uniform(in: astigmatismInAngstroms) / 2
    let angle = half == 0 ? 0 : 180 * random.unit()
    if let micrographs {
      var heights = RandomSequence(seed: seed, stream: .height, item: UInt64(truncatingIfNeeded: index))
      mean += micrographs.spreadInAngstroms * heights.normalPair().x
    }
    return base.replacing(
      defocusUInAngstroms: mean + half, defocusVInAngstroms: mean - half, astigmatismAngleInDegrees: angle)
  }
}
