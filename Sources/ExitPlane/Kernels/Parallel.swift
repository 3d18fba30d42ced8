import CKernels
import Synchronization

/// Runs `body` once for every index, on up to `threads` threads, each with a workspace of its own.
///
/// Indices are handed out one by one, so their order over the threads differs from run to run; a body
/// that writes only what belongs to its index makes results that do not. The first error stops the rest.
/// Where the system refuses threads there are fewer, down to the caller's own.
func parallelForEach<Workspace, Failure: Error>(
  count: Int, threads: Int, workspace makeWorkspace: @Sendable () throws(Failure) -> Workspace,
  body: @Sendable (_ index: Int, _ workspace: inout Workspace) throws(Failure) -> Void
) throws(Failure) {
  let workers = max(1, min(threads, count, 1 << 16))
  guard workers > 1 else {
    var workspace = try makeWorkspace()
    for index in 0..<count { try body(index, &workspace) }
    return
  }
  let next = Atomic<Int>(0)
  let failure = Mutex<Failure?>(nil)
  runOnThreads(workers) {
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

/// Calls `body` on as many threads, the caller's among them, or on fewer where the system refuses some: a limit of
/// processes or of memory must not keep work from being done.
///
/// Making and joining a thread takes 10 µs, so work is shared out where it takes a millisecond. Dispatch's own threads
/// are at hand in less than one, but it waits for ever where none can be made.
func runOnThreads(_ count: Int, stackBytes: Int = 1 << 20, _ body: @Sendable () -> Void) {
  let running = withoutActuallyEscaping(body) { body in
    let task = ThreadTask(body)
    return withExtendedLifetime(task) {
      ep_run_on_threads(
        Int32(count), stackBytes,
        { context in
          if let context { Unmanaged<ThreadTask>.fromOpaque(context).takeUnretainedValue().body() }
        }, Unmanaged.passUnretained(task).toOpaque())
    }
  }
  if running < count { ThreadShortage.report(wanted: count, running: Int(running)) }
}

private final class ThreadTask: Sendable {
  let body: @Sendable () -> Void

  init(_ body: @escaping @Sendable () -> Void) { self.body = body }
}

/// The number of processors this process may use: its affinity mask, since batch systems give a job some
/// of a machine's cores.
public var availableProcessors: Int { Int(ep_available_processors()) }
