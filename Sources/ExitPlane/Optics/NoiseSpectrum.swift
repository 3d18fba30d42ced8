import RealModule

/// The power of coloured noise by frequency.
///
/// A density is the variance per pixel of white noise that has this power at every frequency: with N pixels, the
/// unnormalised transform has `E |F(q)|² = N · density(|q|)`. It does not depend on the box.
public struct NoiseSpectrum: Hashable, Sendable {
  private enum Shape: Hashable, Sendable {
    case lorentzian(halfPowerFrequency: Double)
    case table(frequencies: [Double], densities: [Double])
  }

  private let shape: Shape
  private let scale: Double

  private init(_ shape: Shape, scale: Double) {
    self.shape = shape
    self.scale = scale
  }

  /// `density / (1 + (q / q₀)²)`.
  ///
  /// - Parameters:
  ///   - q0: q₀ in 1/Å.
  ///   - density: that at zero frequency.
  /// - Throws: `.invalidValue` for a frequency or density not above 0.
  public init(halfPowerFrequencyInReciprocalAngstroms q0: Double, densityAtZero density: Double = 1) throws {
    try validatePositive("frequency of half the noise's power", q0, unit: "1/Å")
    try validatePositive("noise density", density, unit: "")
    self.init(.lorentzian(halfPowerFrequency: q0), scale: density)
  }

  /// A table, interpolated linearly; before its first and after its last frequency their densities hold.
  ///
  /// - Parameters:
  ///   - frequencies: in 1/Å, rising.
  ///   - densities: one a frequency.
  /// - Throws: `.invalidValue` for an empty table, unequal lengths, frequencies that do not rise, or a density
  ///   that is negative or not finite.
  public init(frequenciesInReciprocalAngstroms frequencies: [Double], densities: [Double]) throws {
    guard !frequencies.isEmpty, frequencies.count == densities.count else {
      throw ExitPlaneError.invalid(
        "table of noise", got: "\(frequencies.count) frequencies and \(densities.count) densities",
        need: "as many of one as of the other, and one at least")
    }
    guard frequencies.allSatisfy(\.isFinite),
      zip(frequencies, frequencies.dropFirst()).allSatisfy({ $0 < $1 })
    else {
      throw ExitPlaneError.invalid("table of noise", got: "out of order", need: "of rising frequencies")
    }
    if let wrong = densities.first(where: { !($0 >= 0 && $0.isFinite) }) {
      throw ExitPlaneError.invalid("noise density", got: "\(wrong)", need: "finite and not below 0")
    }
    self.init(.table(frequencies: frequencies, densities: densities), scale: 1)
  }

  /// The variance per pixel of white noise of this power; q in 1/Å.
  public func density(at q: Double) -> Double {
    switch shape {
    case .lorentzian(let q0): return scale / (1 + (q / q0) * (q / q0))
    case .table(let frequencies, let densities):
      var (low, high) = (0, frequencies.count)
      while low < high {
        let middle = (low + high) / 2
        if frequencies[middle] <= q { low = middle + 1 } else { high = middle }
      }
      guard low > 0, low < frequencies.count else {
        return scale * densities[min(max(low, 0), frequencies.count - 1)]
      }
      let part = (q - frequencies[low - 1]) / (frequencies[low] - frequencies[low - 1])
      return scale * (densities[low - 1] + part * (densities[low] - densities[low - 1]))
    }
  }

  /// The same colour with a given variance per pixel, in images of the configuration's padded shape.
  ///
  /// - Throws: `.invalidValue` for a variance that is negative or not finite, or a table of zeros.
  public func scaled(toVariance variance: Double, on plane: ImageConfiguration) throws -> NoiseSpectrum {
    guard variance >= 0, variance.isFinite else {
      throw ExitPlaneError.invalid("variance of noise", got: "\(variance)", need: "finite and not below 0")
    }
    let present = self.variance(on: plane)
    guard present > 0 else {
      throw ExitPlaneError.invalid("table of noise", got: "all zeros", need: "above 0 at some frequency")
    }
    return NoiseSpectrum(shape, scale: scale * (variance / present))
  }

  /// The variance per pixel of images of the configuration's padded shape.
  public func variance(on plane: ImageConfiguration) -> Double {
    let frequencies = plane.fullFrequencyGrid(padded: true)
    return frequencies.reduce(0) { $0 + density(at: Double.hypot($1.x, $1.y)) } / Double(frequencies.count)
  }

  /// What multiplies two standard normal numbers an entry to make them the noise's half spectrum, before
  /// it is symmetrised: a standard deviation an entry of the half spectrum.
  func amplitudes<Scalar: GridScalar>(
    shape: GridShape, pixelSizeInAngstroms h: Double, of: Scalar.Type
  ) -> [Scalar] {
    (0..<shape.rows).flatMap { row in
      (0..<shape.spectrumColumns).map { column in
        let q = Double.hypot(
          Double(column) / (Double(shape.columns) * h),
          Double(signedFrequency(row, of: shape.rows)) / (Double(shape.rows) * h))
        // Half the power is the real part's. Columns 0 and Nyquist hold both of a conjugate pair: symmetrising
        // averages two independent entries, which halves their power.
        let isPaired = column == 0 || 2 * column == shape.columns
        return Scalar((Double(shape.count) * density(at: q) * (isPaired ? 1 : 0.5)).squareRoot())
      }
    }
  }
}
