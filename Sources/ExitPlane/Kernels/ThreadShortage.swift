import Synchronization

/// Work goes on, with the same results, where the system refuses threads; whoever wants to say so listens here.
package enum ThreadShortage {
  private static let listener = Mutex<(@Sendable (_ wanted: Int, _ running: Int) -> Void)?>(nil)

  /// Calls `body` when threads are refused, the first time and no more.
  package static func onFirst(_ body: @escaping @Sendable (_ wanted: Int, _ running: Int) -> Void) {
    listener.withLock { $0 = body }
  }

  static func report(wanted: Int, running: Int) {
    let body = listener.withLock { listener in
      defer { listener = nil }
      return listener
    }
    body?(wanted, running)
  }
}
