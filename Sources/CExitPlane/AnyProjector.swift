import CExitPlaneHeader
import ExitPlane

/// A prepared volume and its plan, whatever they are.
protocol AnyProjector: AnyObject, Sendable {
  func project(_ poses: [Pose], into images: exitplane_buffer, threads: Int) throws
  func pullBack(
    _ cotangents: exitplane_buffer, at poses: [Pose], into gradients: exitplane_gradients, threads: Int)
    throws
  func leastSquares(
    _ images: exitplane_buffer, at poses: [Pose], values: exitplane_buffer,
    into gradients: exitplane_gradients,
    threads: Int) throws
}

/// The arrays of a volume's gradient that a caller asks for.
struct GradientBuffers {
  /// A part of a gradient and the number of its elements.
  typealias Part = (name: String, count: Int)

  private let buffers: [exitplane_buffer]
  private let parts: [Part]

  init(_ gradients: exitplane_gradients, _ parts: [Part]) throws {
    self.parts = parts
    guard gradients.volume_count == 0 || gradients.volume_count == Int64(parts.count) else {
      throw ExitPlaneError.invalid(
        "number of arrays of the volume's gradient", got: "\(gradients.volume_count)",
        need: "\(parts.count), or 0")
    }
    buffers = Array(
      try elements(gradients.volume, Int(gradients.volume_count), of: "arrays of the volume's gradient"))
  }

  func isAsked(_ part: Int) -> Bool { buffers.indices.contains(part) && buffers[part].elements != nil }
  var isAnyAsked: Bool { parts.indices.contains(where: isAsked) }

  /// - Throws: `.invalidValue` for another number of elements than there will be.
  func check<Element: BitwiseCopyable>(as _: Element.Type) throws {
    for part in parts.indices where isAsked(part) {
      _ = try buffers[part].elements(parts[part].count, of: name(part), as: Element.self)
    }
  }

  func write<Element: BitwiseCopyable>(_ part: Int, _ values: @autoclosure () throws -> [Element]) throws {
    guard isAsked(part) else { return }
    let target = try buffers[part].elements(parts[part].count, of: name(part), as: Element.self)
    _ = target.update(fromContentsOf: try values())
  }

  private func name(_ part: Int) -> String { "elements of the gradient of \(parts[part].name)" }
}

/// Of a method.
final class OpenProjector<Plan: DifferentiablePlan, Element: BitwiseCopyable & Sendable>: AnyProjector {
  typealias Scalar = Plan.Scalar

  /// How a gradient becomes the caller's arrays, whose elements are of one type.
  struct GradientForm: Sendable {
    let parts: @Sendable () -> [GradientBuffers.Part]
    /// - Parameter threads: how many at the most.
    let write:
      @Sendable (_ gradient: Plan.Gradient, _ buffers: GradientBuffers, _ threads: Int) throws -> Void
  }

  private let projector: Projector<Plan>
  /// A projector whose gradients have what is asked for, and nothing more where that costs less.
  private let projectorFor: @Sendable (_ buffers: GradientBuffers) throws -> Projector<Plan>
  private let form: GradientForm

  init(
    _ projector: Projector<Plan>, _ form: GradientForm, elements _: Element.Type,
    projectorFor: (@Sendable (_ buffers: GradientBuffers) throws -> Projector<Plan>)? = nil
  ) {
    self.projector = projector
    self.form = form
    self.projectorFor = projectorFor ?? { _ in projector }
  }

  private var pixels: Int { projector.plane.shape.count }

  private func images(
    _ buffer: exitplane_buffer, _ poses: [Pose], of what: String
  ) throws -> UnsafeMutableBufferPointer<Scalar> {
    let count = try product(Int64(poses.count), Int64(pixels), of: what)
    return try buffer.elements(
      count, of: "\(what) of \(poses.count) images of \(projector.plane.shape)")
  }

  func project(_ poses: [Pose], into images: exitplane_buffer, threads: Int) throws {
    // Every image has a place of its own.
    nonisolated(unsafe) let target = try self.images(images, poses, of: "pixels")
    let pixels = pixels
    try projector.projectEach(
      count: poses.count, threads: threads, pose: { poses[$0] },
      consume: { index, image in
        let place = UnsafeMutableBufferPointer(rebasing: target[(index * pixels)..<((index + 1) * pixels)])
        _ = place.update(fromContentsOf: image)
      })
  }

  func pullBack(
    _ cotangents: exitplane_buffer, at poses: [Pose], into gradients: exitplane_gradients, threads: Int
  ) throws {
    nonisolated(unsafe) let source = try images(cotangents, poses, of: "cotangents")
    let pixels = pixels
    try withGradients(gradients, poses.count, threads) { projector, gradient in
      try projector.pullBack(at: poses, addingTo: &gradient, threads: threads) { index, image in
        let place = UnsafeBufferPointer(rebasing: source[(index * pixels)..<((index + 1) * pixels)])
        _ = image.update(fromContentsOf: place)
      }
    }
  }

  func leastSquares(
    _ images: exitplane_buffer, at poses: [Pose], values: exitplane_buffer,
    into gradients: exitplane_gradients,
    threads: Int
  ) throws {
    nonisolated(unsafe) let source = try self.images(images, poses, of: "pixels")
    let values = try values.elements(poses.count, of: "values of images", as: Double.self)
    let pixels = pixels
    try withGradients(gradients, poses.count, threads) { projector, gradient in
      let terms = try LeastSquares(projector.plan).evaluate(
        projector.prepared, count: poses.count, threads: threads, addingTo: &gradient
      ) { index, image in
        let place = UnsafeBufferPointer(rebasing: source[(index * pixels)..<((index + 1) * pixels)])
        _ = image.update(fromContentsOf: place)
        return .init(pose: poses[index])
      }
      _ = values.update(fromContentsOf: terms.map(\.value))
      return terms.map(\.pose)
    }
  }

  /// Checks the caller's arrays, and fills them with what `body` finds.
  private func withGradients(
    _ gradients: exitplane_gradients, _ count: Int, _ threads: Int,
    _ body: (_ projector: Projector<Plan>, _ gradient: inout Plan.Gradient?) throws -> [Pose.Cotangent]
  ) throws {
    let buffers = try GradientBuffers(gradients, form.parts())
    try buffers.check(as: Element.self)
    let rotations = try gradients.rotations.elementsIfAsked(
      9 * count, of: "elements of the gradients of rotations", as: Double.self)
    let shifts = try gradients.shifts.elementsIfAsked(
      2 * count, of: "elements of the gradients of shifts", as: Double.self)
    let projector = try projectorFor(buffers)
    var gradient = buffers.isAnyAsked ? try projector.makeGradient() : nil
    let cotangents = try body(projector, &gradient)
    if let gradient { try form.write(gradient, buffers, threads) }
    for (index, cotangent) in cotangents.enumerated() {
      let (a, b, c) = cotangent.rotationMatrix
      for (row, values) in [a, b, c].enumerated() {
        for column in 0..<3 { rotations?[9 * index + 3 * row + column] = values[column] }
      }
      shifts?[2 * index] = cotangent.shiftInAngstroms.x
      shifts?[2 * index + 1] = cotangent.shiftInAngstroms.y
    }
  }
}
