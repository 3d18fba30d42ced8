import RealModule

/// The random generator behind noise, shifts, defoci and preferred orientations: a function from a counter and a key
/// to four numbers.
///
/// - Source: Philox 4×32-10, J. K. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC11 (2011).
enum Philox {
  /// The four words of a counter, ten rounds.
  static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    var (a, b, c, d) = (counter.x, counter.y, counter.z, counter.w)
    var (k, l) = (key.x, key.y)
    for _ in 0..<10 {
      let p = UInt64(a) &* 0xD251_1F53
      let q = UInt64(c) &* 0xCD9E_8D57
      (a, b, c, d) = (
        UInt32(truncatingIfNeeded: q >> 32) ^ b ^ k, UInt32(truncatingIfNeeded: q),
        UInt32(truncatingIfNeeded: p >> 32) ^ d ^ l, UInt32(truncatingIfNeeded: p)
      )
      (k, l) = (k &+ 0x9E37_79B9, l &+ 0xBB67_AE85)
    }
    return SIMD4(a, b, c, d)
  }
}

/// What random numbers are for. Streams share no numbers, so that noise tells nothing about shifts.
enum RandomStream: UInt32 {
  case noise = 0
  case counts = 1
  case orientation = 2
  case shift = 3
  case optics = 4
  case micrograph = 5
  case height = 6
  case place = 7
}

/// Random numbers of one item, such as a particle: a function of seed, stream, item and position, the same in
/// whatever order items are drawn and on whatever thread.
struct RandomSequence {
  private let key: SIMD2<UInt32>
  private let item: SIMD2<UInt32>
  private let stream: UInt32
  private var index: UInt32
  private var block = SIMD4<UInt32>(repeating: 0)
  private var used = 4

  init(seed: UInt64, stream: RandomStream, item: UInt64) {
    key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
    self.item = SIMD2(UInt32(truncatingIfNeeded: item), UInt32(truncatingIfNeeded: item >> 32))
    self.stream = stream.rawValue
    index = 0
  }

  mutating func word() -> UInt32 {
    if used == 4 {
      block = Philox.block(counter: SIMD4(index, stream, item.x, item.y), key: key)
      index &+= 1
      used = 0
    }
    defer { used += 1 }
    return block[used]
  }

  /// Uniform in 0..<1, 53 bits.
  mutating func unit() -> Double {
    let bits = UInt64(word()) << 32 | UInt64(word())
    return Double(bits >> 11) * 0x1p-53
  }

  mutating func uniform(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// Two independent normal numbers, by Box and Muller's transform.
  mutating func normalPair() -> SIMD2<Double> {
    let radius = (-2 * Double.log(1 - unit())).squareRoot()
    let angle = 2 * Double.pi * unit()
    return SIMD2(radius * Double.cos(angle), radius * Double.sin(angle))
  }
}
