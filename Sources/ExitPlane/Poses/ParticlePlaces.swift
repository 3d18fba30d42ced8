/// Where the particles of a numbered sequence lie in their micrographs: each place is a function of the seed and the
/// particle's index, uniform over all at which its box is within the micrograph. Boxes may overlap.
public struct ParticlePlaces: Hashable, Sendable {
  /// Columns and rows, in pixels.
  public let micrographSize: SIMD2<Int>
  /// The side of a particle's box, in pixels.
  public let boxSize: Int
  /// Of all random numbers of the sequence.
  public let seed: UInt64

  /// - Throws: `.invalidValue` for a box below 1 pixel, or a micrograph that it does not fit into.
  public init(micrographSize: SIMD2<Int>, boxSize: Int, seed: UInt64) throws {
    guard boxSize > 0 else {
      throw ExitPlaneError.invalid("box", got: "\(boxSize) px", need: "above 0 px")
    }
    guard micrographSize.x >= boxSize, micrographSize.y >= boxSize,
      max(micrographSize.x, micrographSize.y) <= 1 << 20
    else {
      throw ExitPlaneError.invalid(
        "micrograph", got: "\(micrographSize.x) × \(micrographSize.y) px",
        need: "at least the box of \(boxSize) px a side and at most \(1 << 20) px")
    }
    self.micrographSize = micrographSize
    self.boxSize = boxSize
    self.seed = seed
  }

  /// Of the particle's origin, in whole pixels of the micrograph from its first: the box of n pixels about x is
  /// `x − n/2 ..< x − n/2 + n`.
  public func place(_ index: Int) -> SIMD2<Int> {
    var random = RandomSequence(seed: seed, stream: .place, item: UInt64(truncatingIfNeeded: index))
    func coordinate(_ length: Int) -> Int {
      boxSize / 2 + Int(random.unit() * Double(length - boxSize + 1))
    }
    return SIMD2(coordinate(micrographSize.x), coordinate(micrographSize.y))
  }
}
