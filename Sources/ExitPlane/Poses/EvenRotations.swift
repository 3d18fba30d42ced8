import RealModule

extension Rotation {
  /// One of `count` rotations that cover all rotations evenly.
  ///
  /// - Source: M. Alexa, "Super-Fibonacci spirals: fast, low-discrepancy sampling of SO(3)", CVPR 2022, 8281–8290.
  public static func even(index: Int, count: Int) -> Rotation {
    // The paper's best pair: √2, and the root above 1 of x⁴ = x + 4.
    let (first, second) = (2.0.squareRoot(), 1.533751168755204288118041)
    let s = Double(index) + 0.5
    let t = s / Double(max(count, 1))
    let (inner, outer) = (t.squareRoot(), (1 - t).squareRoot())
    // In turns, of which whole ones are taken off before they cost digits.
    let a = 2 * Double.pi * (s / first).truncatingRemainder(dividingBy: 1)
    let b = 2 * Double.pi * (s / second).truncatingRemainder(dividingBy: 1)
    return Rotation(
      unitQuaternion: outer * Double.cos(b), inner * Double.sin(a), inner * Double.cos(a),
      outer * Double.sin(b))
  }
}
