import ComplexModule

extension AlignedBuffer {
  /// The half spectrum of an image of a shape, real and imaginary parts in turn.
  static func half(_ shape: GridShape) throws -> AlignedBuffer {
    try AlignedBuffer(count: 2 * shape.rows * shape.spectrumColumns, of: "a spectrum of \(shape)")
  }

  static func image(_ shape: GridShape) throws -> AlignedBuffer {
    try AlignedBuffer(count: shape.count, of: "an image of \(shape)")
  }
}

extension UnsafeMutableBufferPointer where Element: GridScalar {
  /// Real and imaginary parts in turn, as complex numbers.
  var complexValues: [Complex<Element>] {
    Array(UnsafeRawBufferPointer(self).bindMemory(to: Complex<Element>.self))
  }
}
