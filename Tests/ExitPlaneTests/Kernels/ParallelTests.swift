import Foundation
import Synchronization
import Testing

@testable import ExitPlane

@Suite("Threads")
struct ParallelTests {
  @Test("work is done by as many threads as are asked for")
  func threads() {
    // Each waits for all, though not for ever.
    let met = Atomic<Int>(0)
    let parted = Atomic<Int>(0)
    runOnThreads(5) {
      met.add(1, ordering: .sequentiallyConsistent)
      var patience = 1_000_000
      while met.load(ordering: .sequentiallyConsistent) < 5, patience > 0 {
        sched_yield()
        patience -= 1
      }
      if patience > 0 { parted.add(1, ordering: .relaxed) }
    }
    #expect(parted.load(ordering: .relaxed) == 5)
  }

  @Test("where no thread can be made, the caller's does the work")
  func none() {
    // No address space has room for such a stack.
    let calls = Atomic<Int>(0)
    runOnThreads(8, stackBytes: 1 << 60) { calls.add(1, ordering: .relaxed) }
    #expect(calls.load(ordering: .relaxed) == 1)
  }

  @Test("every index is met once, on any number of threads", arguments: [1, 2, 3, 9, 64])
  func everyIndex(threads: Int) {
    let seen = Mutex([Int]())
    parallelForEach(
      count: 40, threads: threads, workspace: { 0 }, body: { index, _ in seen.withLock { $0.append(index) } })
    #expect(seen.withLock { $0.sorted() } == Array(0..<40))
  }

  @Test("the first error ends the work")
  func errors() {
    let done = Atomic<Int>(0)
    #expect(throws: ExitPlaneError.self) {
      try parallelForEach(
        count: 1_000_000, threads: 3, workspace: { 0 },
        body: { index, _ in
          done.add(1, ordering: .relaxed)
          if index == 10 { throw ExitPlaneError.invalid("index", got: "10", need: "another") }
        })
    }
    #expect(done.load(ordering: .relaxed) < 1_000_000)
  }
}
