import Synchronization

/// The images of a batch that are evaluated between two additions to the gradient.
final class ImageBlock<Plan: DifferentiablePlan> {
  typealias Scalar = Plan.Scalar
  typealias Objective = LeastSquares<Plan>

  private let objective: Objective
  private let prepared: Plan.Prepared
  private let threads: Int
  /// Of the images of the block, each written by the thread that evaluates its image.
  private var traces: [Plan.Trace]
  private var terms: [Objective.Term]
  private var poses: [Pose]
  private let evaluations: Pool<ImageEvaluation<Plan>>

  init(_ objective: Objective, _ prepared: Plan.Prepared, length: Int, threads: Int) throws {
    self.objective = objective
    self.prepared = prepared
    self.threads = threads
    traces = try (0..<length).map { _ in try objective.plan.makeTrace(for: prepared) }
    terms = Array(repeating: .zero, count: length)
    poses = Array(repeating: .identity, count: length)
    evaluations = Pool { try ImageEvaluation(objective, prepared) }
  }

  /// - Parameter images: as many as the block is long at the most.
  func evaluate(
    _ images: Range<Int>, addingTo gradient: inout Plan.Gradient?,
    observe:
      @Sendable (_ index: Int, _ pixels: UnsafeMutableBufferPointer<Scalar>) throws ->
      Objective.Observation
  ) throws -> ArraySlice<Objective.Term> {
    try evaluateEach(images, observe: observe)
    let found = try objective.plan.accumulate(
      traces[..<images.count], at: poses[..<images.count], of: prepared, into: &gradient, threads: threads)
    for (place, part) in found.enumerated() { terms[place].pose = terms[place].pose + part }
    return terms[..<images.count]
  }

  private func evaluateEach(
    _ images: Range<Int>,
    observe:
      @Sendable (_ index: Int, _ pixels: UnsafeMutableBufferPointer<Scalar>) throws ->
      Objective.Observation
  ) throws {
    let evaluations = evaluations
    try traces.withUnsafeMutableBufferPointer { traces in
      try terms.withUnsafeMutableBufferPointer { terms in
        try poses.withUnsafeMutableBufferPointer { poses in
          // Every index has a place of its own.
          nonisolated(unsafe) let (traces, terms, poses) = (traces, terms, poses)
          try parallelForEach(
            count: images.count, threads: threads, workspace: { try evaluations.lend() },
            body: { place, evaluation in
              let observation = try observe(images.lowerBound + place, evaluation.pixels.buffer)
              poses[place] = observation.pose
              terms[place] = try evaluation.evaluate(observation, into: &traces[place])
            })
        }
      }
    }
    evaluations.takeBack()
  }
}

/// Objects that threads borrow, so that each is made once.
final class Pool<Element>: @unchecked Sendable {
  private let make: () throws -> Element
  private let elements = Mutex<(free: [Box], lent: [Box])>((free: [], lent: []))

  /// Elements are lent to one thread at a time.
  private struct Box: @unchecked Sendable { let element: Element }

  init(_ make: @escaping () throws -> Element) { self.make = make }

  func lend() throws -> Element {
    if let known = elements.withLock({ elements in
      elements.free.popLast().map { box in
        elements.lent.append(box)
        return box
      }
    }) {
      return known.element
    }
    let made = Box(element: try make())
    elements.withLock { $0.lent.append(made) }
    return made.element
  }

  /// Takes back all that was lent, when no thread uses it any more.
  func takeBack() {
    elements.withLock { elements in
      elements.free += elements.lent
      elements.lent.removeAll(keepingCapacity: true)
    }
  }
}
