import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// A part of a run, numbered from 1: "3/16".
struct Shard: ExpressibleByArgument, Hashable, CustomStringConvertible {
  let number: Int
  let count: Int

  static let whole = Shard(number: 1, count: 1)

  init(number: Int, count: Int) { (self.number, self.count) = (number, count) }

  init?(argument: String) {
    let parts = argument.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
    guard parts.count == 2, let number = parts[0], let count = parts[1], (1...999_999).contains(count),
      (1...count).contains(number)
    else { return nil }
    self.init(number: number, count: count)
  }

  /// The task of a job array: its number is counted from the array's first, whichever that is.
  ///
  /// - Returns: nil outside job arrays.
  /// - Throws: `.mismatch` for an array with gaps, whose tasks' numbers do not tell their places.
  init?(slurm environment: [String: String]) throws {
    func number(_ name: String) -> Int? { environment["SLURM_ARRAY_TASK_\(name)"].flatMap { Int($0) } }
    guard let id = number("ID"), let count = number("COUNT") else { return nil }
    let first = number("MIN") ?? 1
    let step = max(1, number("STEP") ?? 1)
    let (offset, overflow) = id.subtractingReportingOverflow(first)
    // Compared before 1 is added: the offset may be the largest integer there is.
    guard !overflow, offset >= 0, offset % step == 0, (1...999_999).contains(count), offset / step < count
    else {
      throw ExitPlaneError.mismatch(
        "SLURM_ARRAY_TASK_ID is \(id) in an array of \(count) tasks from \(first)",
        "say which shard this is with --shard I/N, or submit an array without gaps")
    }
    self.init(number: offset / step + 1, count: count)
  }

  var description: String { "\(number)/\(count)" }

  /// The shard's part of so many items: parts differ by one item at the most, and make up all in their order.
  func range(of total: Int) throws -> Range<Int> {
    guard total >= count else {
      throw ExitPlaneError.mismatch(
        "\(total) images cannot be split into \(count) shards, as --shard \(self) asks", "use fewer shards")
    }
    return (number - 1) * total / count..<number * total / count
  }

  /// As a set's record has it: nil for the whole.
  var inRecord: RunRecord.Shard? { count > 1 ? RunRecord.Shard(number: number, count: count) : nil }

  /// "set" for a run in one piece, "set-03-of-16" for a shard.
  func name(of set: String) -> String {
    guard count > 1 else { return set }
    let digits = "\(number)"
    return set + "-" + String(repeating: "0", count: "\(count)".count - digits.count) + digits
      + "-of-\(count)"
  }
}
