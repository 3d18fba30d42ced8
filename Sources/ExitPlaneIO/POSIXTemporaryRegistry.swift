import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The temporary files of this process that exist now, in a form a signal handler may read.
///
/// A handler may interrupt any instruction, so it can take no lock and allocate nothing. The registry
/// is therefore a list of slots that only ever grows (a freed slot is used again); each slot holds the
/// address of a C string, and whoever swaps that address for zero owns the string.
enum TemporaryRegistry {
  struct Slot: ~Copyable {
    let pathAddress: Atomic<UInt>
    let nextSlotAddress: UInt
  }

  private static let firstSlotAddress = Atomic<UInt>(0)

  /// An entry of the registry; give it back with `remove`.
  struct Entry: Sendable {
    fileprivate let slotAddress: UInt
    fileprivate let pathAddress: UInt
  }

  /// Nil when memory has run out: the file then outlives a signal.
  static func add(_ path: String) -> Entry? {
    guard let copy = strdup(path) else { return nil }
    let pathAddress = UInt(bitPattern: copy)
    var slotAddress = firstSlotAddress.load(ordering: .acquiring)
    while let slot = UnsafeMutablePointer<Slot>(bitPattern: slotAddress) {
      let (taken, _) = slot.pointee.pathAddress.compareExchange(
        expected: 0, desired: pathAddress, ordering: .acquiringAndReleasing)
      if taken { return Entry(slotAddress: slotAddress, pathAddress: pathAddress) }
      slotAddress = slot.pointee.nextSlotAddress
    }
    let slot = UnsafeMutablePointer<Slot>.allocate(capacity: 1)
    var head = firstSlotAddress.load(ordering: .acquiring)
    while true {
      slot.initialize(to: Slot(pathAddress: Atomic(pathAddress), nextSlotAddress: head))
      let (linked, current) = firstSlotAddress.compareExchange(
        expected: head, desired: UInt(bitPattern: slot), ordering: .acquiringAndReleasing)
      if linked { return Entry(slotAddress: UInt(bitPattern: slot), pathAddress: pathAddress) }
      head = current
      slot.deinitialize(count: 1)
    }
  }

  static func remove(_ entry: Entry) {
    guard let slot = UnsafeMutablePointer<Slot>(bitPattern: entry.slotAddress) else { return }
    let (owned, _) = slot.pointee.pathAddress.compareExchange(
      expected: entry.pathAddress, desired: 0, ordering: .acquiringAndReleasing)
    if owned { free(UnsafeMutableRawPointer(bitPattern: entry.pathAddress)) }
  }

  /// Unlinks every file in the registry: atomic loads and `unlink` only.
  private static func unlinkAll() {
    var slotAddress = firstSlotAddress.load(ordering: .acquiring)
    while let slot = UnsafeMutablePointer<Slot>(bitPattern: slotAddress) {
      let pathAddress = slot.pointee.pathAddress.exchange(0, ordering: .acquiringAndReleasing)
      // The string is not freed: a handler may not, and the process is about to end.
      if let path = UnsafePointer<CChar>(bitPattern: pathAddress) { unlink(path) }
      slotAddress = slot.pointee.nextSlotAddress
    }
  }

  // MARK: What a signal must not cut in half

  /// How many threads are in `withoutEnd`; -1 once the process is ending.
  private static let holders = Atomic<Int>(0)
  /// The signal that came meanwhile; 0 for none.
  private static let waitingSignal = Atomic<CInt>(0)

  /// Runs a few system calls that a signal must leave undone or done; it comes when they have returned.
  static func withoutEnd<Result: ~Copyable, Failure: Error>(
    _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    while true {
      let count = holders.load(ordering: .acquiring)
      // Another thread is removing what this one would name: the process is about to end.
      if count < 0 {
        pause()
        continue
      }
      let (exchanged, _) = holders.compareExchange(
        expected: count, desired: count + 1, ordering: .acquiringAndReleasing)
      if exchanged { break }
    }
    defer {
      let remaining = holders.subtract(1, ordering: .acquiringAndReleasing).newValue
      if remaining == 0 {
        let signal = waitingSignal.exchange(0, ordering: .acquiringAndReleasing)
        if signal != 0 { kill(getpid(), signal) }
      }
    }
    return try body()
  }

  /// Removes all temporaries, unless a thread is in `withoutEnd`: the process then gets the signal again at its end.
  static func end(by signal: CInt) -> Bool {
    waitingSignal.store(signal, ordering: .sequentiallyConsistent)
    let (exchanged, current) = holders.compareExchange(
      expected: 0, desired: -1, ordering: .sequentiallyConsistent)
    guard exchanged || current < 0 else { return false }
    unlinkAll()
    return true
  }
}
