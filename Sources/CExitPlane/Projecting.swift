// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Functions have the names that the header gives them.

import CExitPlaneHeader
import ExitPlane

private func open(_ handle: exitplane_handle) throws -> any AnyProjector {
  try Handles.object(handle, as: (any AnyProjector).self, "a projector")
}

@c @implementation
public func exitplane_project(
  _ projector: exitplane_handle, _ poses: UnsafePointer<exitplane_poses>!, _ threads: Int32,
  _ images: exitplane_buffer, _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    try open(projector).project(
      required(poses, "poses").pointee.poses(), into: images, threads: threadCount(threads))
  }
}

@c @implementation
public func exitplane_pull_back(
  _ projector: exitplane_handle, _ poses: UnsafePointer<exitplane_poses>!, _ cotangents: exitplane_buffer,
  _ threads: Int32, _ gradients: exitplane_gradients, _ message: UnsafeMutablePointer<CChar>!,
  _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    try open(projector).pullBack(
      cotangents, at: required(poses, "poses").pointee.poses(), into: gradients, threads: threadCount(threads)
    )
  }
}

@c @implementation
public func exitplane_least_squares(
  _ projector: exitplane_handle, _ poses: UnsafePointer<exitplane_poses>!, _ images: exitplane_buffer,
  _ threads: Int32, _ values: exitplane_buffer, _ gradients: exitplane_gradients,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    try open(projector).leastSquares(
      images, at: required(poses, "poses").pointee.poses(), values: values, into: gradients,
      threads: threadCount(threads))
  }
}

@c @implementation
public func exitplane_random_rotations(
  _ seed: UInt64, _ first: UInt64, _ count: Int64, _ rotations: exitplane_buffer,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let numbers = try rotations.elements(
      product(count, 9, of: "numbers of rotation matrices"), of: "numbers of rotation matrices",
      as: Double.self)
    for index in 0..<Int(count) {
      write(
        Rotation.random(seed: seed, index: Int(truncatingIfNeeded: first) &+ index), to: numbers, at: index)
    }
  }
}

/// Writes a rotation matrix by rows.
func write(_ rotation: Rotation, to numbers: UnsafeMutableBufferPointer<Double>, at index: Int) {
  let (a, b, c) = rotation.rows
  for (place, value) in coordinates([a, b, c]).enumerated() { numbers[9 * index + place] = value }
}
