#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// A contrast transfer function written down as in the textbooks, with the angle itself.
public struct TransferOracle: Sendable {
  public var defocusU, defocusV, angle, kilovolts, cs, amplitude, phaseShift, bFactor, scale: Double

  public init(
    _ defocusU: Double, _ defocusV: Double, _ angle: Double, kilovolts: Double = 300, cs: Double = 2.7,
    amplitude: Double = 0.1, phaseShift: Double = 0, bFactor: Double = 0, scale: Double = 1
  ) {
    (self.defocusU, self.defocusV, self.angle) = (defocusU, defocusV, angle)
    (self.kilovolts, self.cs, self.amplitude) = (kilovolts, cs, amplitude)
    (self.phaseShift, self.bFactor, self.scale) = (phaseShift, bFactor, scale)
  }

  /// `+sin χ` at a frequency in 1/Å.
  public func callAsFunction(_ x: Double, _ y: Double) -> Double {
    let volts = kilovolts * 1000
    let lambda = 12.2643247 / sqrt(volts + 0.978466e-6 * volts * volts)
    let q2 = x * x + y * y
    let defocus =
      0.5 * (defocusU + defocusV) + 0.5 * (defocusU - defocusV) * cos(2 * (atan2(y, x) - angle * .pi / 180))
    let chi =
      .pi * lambda * defocus * q2 - 0.5 * .pi * cs * 1e7 * pow(lambda, 3) * q2 * q2 + phaseShift * .pi / 180
      + atan(amplitude / sqrt(1 - amplitude * amplitude))
    return scale * exp(-bFactor * q2 / 4) * sin(chi)
  }

  /// On a half spectrum; where a frequency is Nyquist's, the mean over its two signs.
  public func half(rows: Int, columns: Int, pixelSize h: Double) -> [Double] {
    var values: [Double] = []
    for ky in fftFrequencies(rows) {
      for kx in 0...(columns / 2) {
        let (x, y) = (Double(kx) / (Double(columns) * h), Double(ky) / (Double(rows) * h))
        let isNyquist = 2 * kx == columns || 2 * abs(ky) == rows
        values.append(isNyquist ? (self(x, y) + self(x, -y)) / 2 : self(x, y))
      }
    }
    return values
  }
}

/// Poisson's probability of a count.
public func poissonProbability(_ count: Int, mean: Double) -> Double {
  exp(-mean + Double(count) * log(mean) - lgamma(Double(count) + 1))
}
