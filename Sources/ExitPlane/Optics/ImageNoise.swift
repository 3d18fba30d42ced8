import CKernels

/// What is added to a finished image, or drawn from it.
public enum ImageNoise: Hashable, Sendable {
  /// Images stay as they are.
  case none
  /// Independent normal numbers a pixel.
  case white(standardDeviation: Double)
  /// Normal noise whose power depends on frequency.
  case coloured(NoiseSpectrum)
  /// Counts drawn from images of expected counts.
  case poisson

  /// Of the noise that stands to a signal of a variance as 1 to the signal-to-noise ratio.
  ///
  /// - Parameters:
  ///   - signalVariance: over all pixels of the noiseless images, background included, as
  ///     `ImageFormationPlan.signalVariance` has it.
  ///   - signalToNoiseRatio: of variances.
  /// - Throws: `.invalidValue` for a ratio not above 0, or a variance that is negative or not finite.
  public static func variance(signalVariance: Double, signalToNoiseRatio: Double) throws -> Double {
    try validatePositive("signal-to-noise ratio", signalToNoiseRatio, unit: "")
    guard signalVariance >= 0, signalVariance.isFinite else {
      throw ExitPlaneError.invalid(
        "signal variance", got: "\(signalVariance)", need: "finite and not below 0")
    }
    return signalVariance / signalToNoiseRatio
  }

  func validate() throws {
    if case .white(let deviation) = self, !(deviation >= 0 && deviation.isFinite) {
      throw ExitPlaneError.invalid(
        "standard deviation of noise", got: "\(deviation)", need: "finite and not below 0")
    }
  }
}

/// Random numbers for the pixels of particles, each a function of seed, particle and pixel alone.
public struct PixelNoise: Hashable, Sendable {
  /// With a particle's number it decides all of the particle's noise.
  public let seed: UInt64

  /// Numbers for a set of particles.
  public init(seed: UInt64) { self.seed = seed }

  /// Adds independent normal numbers of mean 0 to `count` pixels.
  ///
  /// They reach 6.76 standard deviations, and are the same in both precisions but for rounding.
  public func addNormals<Scalar: GridScalar>(
    to pixels: UnsafeMutablePointer<Scalar>, count: Int, standardDeviation: Scalar, particle: UInt64
  ) {
    var source = ep_random_source(seed: seed, item: particle, stream: RandomStream.noise.rawValue)
    Scalar.addNormals(from: &source, count: count, standardDeviation: standardDeviation, to: pixels)
  }

  /// Replaces every pixel, an expected number, by a count drawn from Poisson's distribution; what is not
  /// above 0 becomes 0.
  ///
  /// Small means by inversion; others by W. Hörmann, "The transformed rejection method for generating Poisson random
  /// variables", Insurance: Mathematics and Economics 12 (1993) 39–45, algorithm PTRS. The same on every processor.
  public func drawCounts<Scalar: GridScalar>(
    _ pixels: UnsafeMutablePointer<Scalar>, count: Int, particle: UInt64
  ) {
    var source = ep_random_source(seed: seed, item: particle, stream: RandomStream.counts.rawValue)
    Scalar.drawCounts(from: &source, count: count, pixels)
  }
}
