import RealModule

extension Rotation {
  /// A rotation drawn uniformly from SO(3): three uniform numbers in 0..<1 to a unit quaternion.
  ///
  /// - Source: K. Shoemake, "Uniform random rotations", Graphics Gems III (1992) 124–132.
  public init(uniform u: Double, _ v: Double, _ w: Double) {
    let (a, b) = ((1 - u).squareRoot(), u.squareRoot())
    let (s, t) = (2 * Double.pi * v, 2 * Double.pi * w)
    self.init(unitQuaternion: b * Double.cos(t), a * Double.sin(s), a * Double.cos(s), b * Double.sin(t))
  }

  /// The rotation of number `index` in the sequence of a seed: the same whatever else is drawn.
  public static func random(seed: UInt64, index: Int) -> Rotation {
    var stream = CounterStream(seed: seed, index: UInt64(truncatingIfNeeded: index))
    return Rotation(uniform: stream.unit(), stream.unit(), stream.unit())
  }
}

/// Random numbers of one item of a numbered sequence: a function of seed, item and position alone, so that
/// items can be drawn in any order, on any thread.
///
/// Each output mixes its 64-bit counter twice, keyed by the seed in between.
/// - Source: the finaliser of G. Steele et al., "Fast splittable pseudorandom number generators",
///   OOPSLA 2014, in the variant of D. Stafford ("Mix13").
struct CounterStream {
  private let key: UInt64
  private var counter: UInt64 = 0

  init(seed: UInt64, index: UInt64) {
    key = Self.mix(Self.mix(seed &+ 0x9e37_79b9_7f4a_7c15) ^ index)
  }

  mutating func next() -> UInt64 {
    counter &+= 0x9e37_79b9_7f4a_7c15
    return Self.mix(Self.mix(counter) ^ key)
  }

  /// Uniform in 0..<1, 53 bits.
  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  private static func mix(_ value: UInt64) -> UInt64 {
    var z = value
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
