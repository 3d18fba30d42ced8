import RealModule

/// How a microscope's lenses stretch and shear the image: a 2 × 2 matrix `M` on the image's frequencies, near 1.
///
/// What an image has at frequency `k` is what it would have at `M k` without, and the microscope's optics act there
/// too: `P̂(k) = exp(−2πi k·t) Û(Rᵀ (M k, 0))`. In real space a point at `(x, y)` is seen at `Mᵀ (x, y)`; the sum
/// over all pixels stays what it was. Shifts are the image's own and are not magnified.
///
/// - Source: RELION's `ObservationModel::applyAnisoMag` and `CTF::getCTF`; J. Zivanov et al., IUCrJ 7 (2020) 253–267.
public struct AnisotropicMagnification: Hashable, Sendable {
  /// RELION's `rlnMagMat00` and `rlnMagMat01`: what makes x of a frequency.
  public let firstRow: SIMD2<Double>
  /// `rlnMagMat10` and `rlnMagMat11`: what makes y.
  public let secondRow: SIMD2<Double>

  /// The same on both axes and without shear.
  public static let none = AnisotropicMagnification(unchecked: SIMD2(1, 0), SIMD2(0, 1))

  /// No microscope magnifies a direction by another factor than its calibration's.
  private static let plausible = 0.5...2.0

  private init(unchecked firstRow: SIMD2<Double>, _ secondRow: SIMD2<Double>) {
    (self.firstRow, self.secondRow) = (firstRow, secondRow)
  }

  /// - Throws: `.invalidValue` for a matrix that stretches any direction by less than ½ or more than 2.
  public init(firstRow: SIMD2<Double>, secondRow: SIMD2<Double>) throws {
    self.init(unchecked: firstRow, secondRow)
    let (least, most) = stretches
    // A number that is not finite makes these none, and is in no range.
    guard Self.plausible.contains(least), Self.plausible.contains(most) else {
      throw ExitPlaneError.invalid(
        "magnification matrix",
        got: "[\(firstRow.x), \(firstRow.y); \(secondRow.x), \(secondRow.y)]",
        need: "near [1, 0; 0, 1], with stretches of ½ to 2 in every direction")
    }
  }

  /// Whether the lenses magnify alike in all directions.
  public var isNone: Bool { self == .none }

  /// The singular values: by how much the least and the most stretched directions are.
  var stretches: (least: Double, most: Double) {
    let (a, b, c, d) = (firstRow.x, firstRow.y, secondRow.x, secondRow.y)
    let sum = Double.hypot(a + d, c - b) / 2
    let difference = Double.hypot(a - d, c + b) / 2
    return (abs(sum - difference), sum + difference)
  }

  /// `M k`.
  @inline(__always)
  func callAsFunction(_ k: SIMD2<Double>) -> SIMD2<Double> {
    SIMD2((firstRow * k).sum(), (secondRow * k).sum())
  }
}
