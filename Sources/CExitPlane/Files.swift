// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Functions have the names that the header gives them.

import CExitPlaneHeader
import ExitPlane
import ExitPlaneIO

private func string(_ path: UnsafePointer<CChar>?) throws -> String {
  String(cString: try required(path, "path"))
}

// MARK: Maps and stacks

@c @implementation
public func exitplane_open_map(
  _ path: UnsafePointer<CChar>!, _ map: UnsafeMutablePointer<exitplane_handle>!,
  _ shape: UnsafeMutablePointer<Int64>!, _ spacing: UnsafeMutablePointer<Double>!,
  _ isStack: UnsafeMutablePointer<Int32>!, _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let (map, shape) = (try required(map, "map"), try required(shape, "shape"))
    let (spacing, isStack) = (try required(spacing, "spacing"), try required(isStack, "is_stack"))
    let file = try MRCFile(path: string(path))
    spacing.pointee = try file.voxelSizeInAngstroms ?? 0
    isStack.pointee = file.isStack ? 1 : 0
    let lengths = [file.isStack ? file.imageCount : file.depth, file.shape.rows, file.shape.columns]
    for (axis, length) in lengths.enumerated() { shape[axis] = Int64(length) }
    map.pointee = Handles.add(file)
  }
}

@c @implementation
public func exitplane_read_map(
  _ map: exitplane_handle, _ scalar: Int32, _ samples: exitplane_buffer,
  _ message: UnsafeMutablePointer<CChar>!,
  _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let file = try Handles.object(map, as: MRCFile.self, "a map")
    try isDouble(scalar)
      ? read(file, as: Double.self, into: samples) : read(file, as: Float.self, into: samples)
  }
}

private func read<Scalar: GridScalar>(_ file: MRCFile, as _: Scalar.Type, into samples: exitplane_buffer)
  throws
{
  let (images, pixels) = (file.isStack ? file.imageCount : file.depth, file.shape.count)
  let target = try samples.elements(images * pixels, of: "samples of \(file.path)", as: Scalar.self)
  guard file.isStack else {
    // A header without a voxel size is the caller's to heed.
    let size = try file.voxelSizeInAngstroms ?? 1
    _ = target.update(fromContentsOf: try file.readVolume(as: Scalar.self, voxelSizeInAngstroms: size).values)
    return
  }
  for index in 0..<images {
    let place = UnsafeMutableBufferPointer(rebasing: target[(index * pixels)..<((index + 1) * pixels)])
    _ = place.update(fromContentsOf: try file.readImage(index, as: Scalar.self).values)
  }
}

@c @implementation
public func exitplane_write_map(
  _ path: UnsafePointer<CChar>!, _ map: UnsafePointer<exitplane_map>!, _ isStack: Int32,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let map = try required(map, "map").pointee
    let path = try string(path)
    try isDouble(map.scalar)
      ? write(map, to: path, isStack: isStack != 0, as: Double.self)
      : write(map, to: path, isStack: isStack != 0, as: Float.self)
  }
}

private func write<Scalar: GridScalar>(
  _ map: exitplane_map, to path: String, isStack: Bool, as _: Scalar.Type
) throws {
  guard isStack else { return try writeMRCVolume(path, map.volume(as: Scalar.self)) }
  let shape = try GridShape(rows: Int(clamping: map.rows), columns: Int(clamping: map.columns))
  let pixels = try elements(
    map.voxels, product(map.depth, map.rows, map.columns, of: "pixels"), of: "pixels", as: Scalar.self)
  let writer = try MRCStackWriter(
    path: path, shape: shape, count: Int(map.depth), pixelSizeInAngstroms: map.voxel_size)
  for index in 0..<Int(map.depth) {
    let image = UnsafeBufferPointer(rebasing: pixels[(index * shape.count)..<((index + 1) * shape.count)])
    try writer.write(image, at: index)
  }
  try writer.finish()
}

// MARK: Structures

private final class OpenStructure: Sendable {
  let volume: GaussianMixtureVolume
  init(_ volume: GaussianMixtureVolume) { self.volume = volume }
}

@c @implementation
public func exitplane_open_structure(
  _ path: UnsafePointer<CChar>!, _ structure: UnsafeMutablePointer<exitplane_handle>!,
  _ shape: UnsafeMutablePointer<Int64>!, _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let (structure, shape) = (try required(structure, "structure"), try required(shape, "shape"))
    let volume = try GaussianMixtureVolume(AtomicStructure(contentsOf: string(path)))
    shape[0] = Int64(volume.positionsInAngstroms.count)
    shape[1] = Int64(volume.gaussiansPerPosition)
    structure.pointee = Handles.add(OpenStructure(volume))
  }
}

@c @implementation
public func exitplane_read_structure(
  _ structure: exitplane_handle, _ positions: exitplane_buffer, _ amplitudes: exitplane_buffer,
  _ variances: exitplane_buffer, _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let volume = try Handles.object(structure, as: OpenStructure.self, "a structure").volume
    let (count, k) = (volume.positionsInAngstroms.count, volume.gaussiansPerPosition)
    let places = try positions.elements(3 * count, of: "coordinates", as: Double.self)
    let a = try amplitudes.elements(k * count, of: "amplitudes", as: Double.self)
    let v = try variances.elements(k * count, of: "variances", as: Double.self)
    _ = places.update(fromContentsOf: coordinates(volume.positionsInAngstroms))
    a.update(repeating: 0)
    v.update(repeating: 1)
    for atom in 0..<count {
      for (j, gaussian) in volume.gaussians(atPosition: atom).enumerated() {
        (a[k * atom + j], v[k * atom + j]) = (gaussian.amplitude, gaussian.variance)
      }
    }
  }
}

// MARK: Particles

private final class OpenParticles: Sendable {
  let poses: [Pose]
  init(_ poses: [Pose]) { self.poses = poses }
}

@c @implementation
public func exitplane_open_particles(
  _ path: UnsafePointer<CChar>!, _ particles: UnsafeMutablePointer<exitplane_handle>!,
  _ count: UnsafeMutablePointer<Int64>!, _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let (particles, count) = (try required(particles, "particles"), try required(count, "count"))
    let poses = try ParticleSet(contentsOf: string(path)).poses
    count.pointee = Int64(poses.count)
    particles.pointee = Handles.add(OpenParticles(poses))
  }
}

@c @implementation
public func exitplane_read_particles(
  _ particles: exitplane_handle, _ rotations: exitplane_buffer, _ shifts: exitplane_buffer,
  _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) {
    let poses = try Handles.object(particles, as: OpenParticles.self, "particles").poses
    let matrices = try rotations.elements(
      9 * poses.count, of: "numbers of rotation matrices", as: Double.self)
    let moves = try shifts.elements(2 * poses.count, of: "numbers of shifts", as: Double.self)
    for (index, pose) in poses.enumerated() {
      write(pose.rotation, to: matrices, at: index)
      (moves[2 * index], moves[2 * index + 1]) = (pose.shiftInAngstroms.x, pose.shiftInAngstroms.y)
    }
  }
}
