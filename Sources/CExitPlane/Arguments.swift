import CExitPlaneHeader
import ExitPlane

/// What a caller passes, checked: nothing behind a pointer is touched before its size and place are known to be right.

/// What must not be null.
func required<T>(_ pointer: T?, _ what: String) throws -> T {
  guard let pointer else { throw ExitPlaneError.invalid(what, got: "null", need: "given") }
  return pointer
}

/// - Throws: `.invalidValue` for a count below 0, or a product beyond what integers hold.
func product(_ factors: Int64..., of what: String) throws -> Int {
  var count = 1
  for factor in factors {
    guard factor >= 0, let length = Int(exactly: factor) else {
      throw ExitPlaneError.invalid("number of \(what)", got: "\(factor)", need: "0 or more")
    }
    let (next, overflow) = count.multipliedReportingOverflow(by: length)
    // In bytes, too, it must be a size.
    guard !overflow, next <= Int.max >> 4 else {
      throw ExitPlaneError.invalid("number of \(what)", got: "beyond \(Int.max >> 4)", need: "less")
    }
    count = next
  }
  return count
}

/// Elements that a caller lets us read or write.
func elements<Element: BitwiseCopyable>(
  _ pointer: UnsafeRawPointer?, _ count: Int, of what: String, as _: Element.Type = Element.self
) throws -> UnsafeBufferPointer<Element> {
  guard count > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
  let raw = try required(pointer, what)
  guard Int(bitPattern: raw) % MemoryLayout<Element>.alignment == 0 else {
    throw ExitPlaneError.invalid(
      "place of \(what)", got: "\(raw)", need: "aligned to \(MemoryLayout<Element>.alignment) bytes")
  }
  return UnsafeBufferPointer(start: raw.assumingMemoryBound(to: Element.self), count: count)
}

extension exitplane_buffer {
  /// The elements, which must be as many as `need`.
  func elements<Element: BitwiseCopyable>(
    _ need: Int, of what: String, as _: Element.Type = Element.self
  ) throws -> UnsafeMutableBufferPointer<Element> {
    guard count == Int64(need) else {
      throw ExitPlaneError.invalid("number of \(what)", got: "\(count)", need: "\(need)")
    }
    return UnsafeMutableBufferPointer(
      mutating: try CExitPlane.elements(UnsafeRawPointer(self.elements), need, of: what))
  }

  /// As above; nil where they are not asked for.
  func elementsIfAsked<Element: BitwiseCopyable>(
    _ need: Int, of what: String, as _: Element.Type = Element.self
  ) throws -> UnsafeMutableBufferPointer<Element>? {
    elements == nil ? nil : try elements(need, of: what)
  }
}

/// As many threads as a caller allows.
func threadCount(_ threads: Int32) throws -> Int {
  guard threads >= 0 else {
    throw ExitPlaneError.invalid(
      "number of threads", got: "\(threads)", need: "0, for all processors, or more")
  }
  return threads == 0 ? availableProcessors : Int(threads)
}

/// One of a set that is numbered from 0.
func choice<Value>(_ number: Int32, of values: [Value], _ what: String) throws -> Value {
  guard values.indices.contains(Int(number)) else {
    throw ExitPlaneError.invalid(what, got: "number \(number)", need: "0 to \(values.count - 1)")
  }
  return values[Int(number)]
}

/// Whether the precision is double.
func isDouble(_ scalar: Int32) throws -> Bool {
  guard scalar == 4 || scalar == 8 else {
    throw ExitPlaneError.invalid("precision", got: "\(scalar) bytes", need: "4 or 8")
  }
  return scalar == 8
}

/// A number that 0 leaves to the library.
func unlessZero(_ value: Double, _ standard: Double) -> Double { value == 0 ? standard : value }

/// A shape that 0 × 0 leaves to the library.
func shapeUnlessZero(_ rows: Int64, _ columns: Int64) throws -> GridShape? {
  if rows == 0, columns == 0 { return nil }
  return try GridShape(rows: Int(clamping: rows), columns: Int(clamping: columns))
}

extension exitplane_plane {
  func configuration() throws -> ImageConfiguration {
    try ImageConfiguration(
      shape: GridShape(rows: Int(clamping: rows), columns: Int(clamping: columns)),
      pixelSizeInAngstroms: pixel_size, paddedShape: shapeUnlessZero(padded_rows, padded_columns))
  }
}

extension exitplane_map {
  func volume<Scalar: GridScalar>(as _: Scalar.Type = Scalar.self) throws -> RealVoxelGridVolume<Scalar> {
    let count = try product(depth, rows, columns, of: "voxels")
    // The shape is checked first: it says more than the number of voxels does.
    for (name, length) in [("depth", depth), ("rows", rows), ("columns", columns)]
    where !(1...Int64(GridShape.largestAxis)).contains(length) {
      throw ExitPlaneError.invalid("map \(name)", got: "\(length)", need: "1 to \(GridShape.largestAxis)")
    }
    return try RealVoxelGridVolume(
      depth: Int(depth), rows: Int(rows), columns: Int(columns), voxelSizeInAngstroms: voxel_size,
      values: Array(elements(voxels, count, of: "voxels", as: Scalar.self)))
  }
}

extension exitplane_poses {
  func poses() throws -> [Pose] {
    let matrices = try elements(
      rotations, product(count, 9, of: "numbers of rotation matrices"), of: "rotation matrices",
      as: Double.self)
    let shifts =
      try shifts.map {
        try elements($0, product(count, 2, of: "numbers of shifts"), of: "shifts", as: Double.self)
      }
    return try (0..<Int(count)).map { index in
      let m = matrices[(9 * index)...]
      func row(_ i: Int) -> SIMD3<Double> {
        let first = 9 * index + 3 * i
        return SIMD3(m[first], m[first + 1], m[first + 2])
      }
      let shift = shifts.map { SIMD2($0[2 * index], $0[2 * index + 1]) } ?? SIMD2(0, 0)
      guard shift.x.isFinite, shift.y.isFinite else {
        throw ExitPlaneError.invalid(
          "shift of pose \(index)", got: "(\(shift.x), \(shift.y)) Å", need: "finite numbers")
      }
      do {
        return Pose(
          rotation: try Rotation(nearlyOrthonormal: (row(0), row(1), row(2))), shiftInAngstroms: shift)
      } catch let error as ExitPlaneError {
        throw ExitPlaneError(error.kind, "pose \(index): \(error)")
      }
    }
  }
}

/// Coordinates as points.
func points(_ coordinates: UnsafeBufferPointer<Double>) -> [SIMD3<Double>] {
  (0..<(coordinates.count / 3)).map {
    SIMD3(coordinates[3 * $0], coordinates[3 * $0 + 1], coordinates[3 * $0 + 2])
  }
}
