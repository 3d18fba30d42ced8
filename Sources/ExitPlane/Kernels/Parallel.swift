import CKernels
import Dispatch
import Synchronization

/// Runs `body` once for every index, on up to `threads` threads, each with a workspace of its own.
///
/// Indices are handed out one by one, so their order over the threads differs from run to run; a body
/// that writes only what belongs to its index makes results that do not. The first error stops the rest.
public func parallelForEach<Workspace, Failure: Error>(
  count: Int, threads: Int, workspace makeWorkspace: @Sendable () throws(Failure) -> Workspace,
  body: @Sendable (_ index: Int, _ workspace: inout Workspace) throws(Failure) -> Void
) throws(Failure) {
  let workers = max(1, min(threads, count))
  guard workers > 1 else {
    var workspace = try makeWorkspace()
    for index in 0..<count { try body(index, &workspace) }
    return
  }
  let next = Atomic<Int>(0)
  let failure = Mutex<Failure?>(nil)
  DispatchQueue.concurrentPerform(iterations: workers) { _ in
    do throws(Failure) {
      var workspace = try makeWorkspace()
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < count else { return }
        try body(index, &workspace)
      }
    } catch {
      next.store(count, ordering: .relaxed)
      failure.withLock { if $0 == nil { $0 = error } }
    }
  }
  if let error = failure.withLock({ $0 }) { throw error }
}

/// The number of processors this process may use: its affinity mask, since batch systems give a job some
/// of a machine's cores.
public var availableProcessors: Int { Int(ep_available_processors()) }
