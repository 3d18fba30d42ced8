/// Divides a numbered sequence among groups: each gets its share, within a few items however long the sequence is, and
/// they take turns. An item's group is a function of its number alone.
public struct OpticsGroupShares: Hashable, Sendable {
  /// Where the groups end in 0…1.
  private let ends: [Double]

  /// - Parameter shares: relative to each other.
  /// - Throws: `.invalidValue` for no shares, or one that is not finite and above 0.
  public init(_ shares: [Double]) throws {
    let total = shares.reduce(0, +)
    guard !shares.isEmpty, total.isFinite, shares.allSatisfy({ $0 > 0 && $0 / total > 0 }) else {
      throw ExitPlaneError.invalid(
        "shares of optics groups", got: "\(shares)", need: "numbers that are finite and above 0")
    }
    var sum = 0.0
    ends = shares.map { share in
      sum += share
      return sum / total
    }
  }

  /// The group of an item, both from 0.
  public func group(of item: Int) -> Int {
    // Multiples of the golden ratio fall into every interval as often as it is long, as evenly as any sequence does.
    let place = (Double(item) * 0.618_033_988_749_894_848).truncatingRemainder(dividingBy: 1)
    return ends.dropLast().firstIndex { place < $0 } ?? ends.count - 1
  }
}
