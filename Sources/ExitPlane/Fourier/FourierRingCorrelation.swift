extension FourierCorrelation {
  /// Images of one shape, by their number from 0.
  public typealias ImageSource<Scalar: GridScalar> = @Sendable (Int) throws -> RealImage<Scalar>

  /// The ring correlation of image pairs, as one curve of the whole stack: a ring's `Re Σ A·B*` and powers are
  /// summed over all pairs before they are divided, so that a pair counts by its power.
  ///
  /// Rings are circles of frequency for images that are not square too; they are as thick as one sample of the
  /// shorter axis's transform.
  ///
  /// - Parameters:
  ///   - count: pairs.
  ///   - shape: of all images.
  ///   - pixelSizeInAngstroms: of all images.
  ///   - mask: multiplies all images; within 0…1.
  ///   - threads: how many at the most; the result does not depend on it.
  ///   - first: one image of a pair, by the pair's index.
  ///   - second: the other.
  /// - Throws: `.invalidValue` for no pair, a pixel size not above 0 Å or a mask that is no mask; `.mismatch` for an
  ///   image or a mask of another shape; what the sources throw.
  public static func ofImages<Scalar: GridScalar>(
    count: Int, shape: GridShape, pixelSizeInAngstroms: Double, mask: RealImage<Scalar>? = nil,
    threads: Int = availableProcessors,
    _ first: @escaping ImageSource<Scalar>, _ second: @escaping ImageSource<Scalar>
  ) throws -> FourierCorrelation {
    guard count > 0 else {
      throw ExitPlaneError.invalid("number of image pairs", got: "\(count)", need: "at least 1")
    }
    try validatePositive("pixel size", pixelSizeInAngstroms, unit: "Å")
    if let mask {
      guard mask.shape == shape else {
        throw ExitPlaneError.mismatch(
          "the mask is of \(mask.shape) pixels and the images are of \(shape)", "a mask has the images' shape"
        )
      }
      try requireMask(mask.values)
    }
    let side = min(shape.rows, shape.columns)
    let fft = try FFTPlan<Scalar>(.realToHalf(shape))
    let rings = ringNumbers(shape)
    // Sums of whole blocks, joined in their order: neither threads nor their timing show in the last bits.
    let block = 32
    let blocks = (count - 1) / block + 1
    let parts = BlockSums(count: blocks)
    try parallelForEach(
      count: blocks, threads: threads,
      workspace: {
        (
          try AlignedBuffer<Scalar>.image(shape), try AlignedBuffer<Scalar>.half(shape),
          try AlignedBuffer<Scalar>.half(shape)
        )
      },
      body: { index, buffers in
        var sums = ShellSums(shells: side / 2 + 1)
        for image in index * block..<min(count, (index + 1) * block) {
          for (source, half) in [(first, buffers.1), (second, buffers.2)] {
            let pixels = try source(image)
            guard pixels.shape == shape else {
              throw ExitPlaneError.mismatch(
                "image \(image + 1) is of \(pixels.shape)", "\(shape) is needed")
            }
            pixels.values.withUnsafeBufferPointer { values in
              if let start = values.baseAddress { buffers.0.pointer.update(from: start, count: shape.count) }
            }
            if let mask {
              for pixel in 0..<shape.count { buffers.0.pointer[pixel] *= mask.values[pixel] }
            }
            fft.execute(buffers.0.pointer, half.pointer)
          }
          add(buffers.1.pointer, buffers.2.pointer, shape: shape, rings: rings, to: &sums)
        }
        parts.set(sums, at: index)
      })
    return parts.joined(shells: side / 2 + 1).curve(frequencyStep: 1 / (Double(side) * pixelSizeInAngstroms))
  }

  /// The ring of every entry of a half spectrum; −1 beyond the last.
  private static func ringNumbers(_ shape: GridShape) -> [Int32] {
    let side = Double(min(shape.rows, shape.columns))
    return (0..<shape.rows).flatMap { row in
      (0..<shape.spectrumColumns).map { column in
        let y = Double(signedFrequency(row, of: shape.rows)) / Double(shape.rows)
        let x = Double(column) / Double(shape.columns)
        let ring = (side * (x * x + y * y).squareRoot()).rounded()
        return ring <= (side / 2).rounded(.down) ? Int32(ring) : -1
      }
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private static func add<Scalar: GridScalar>(
    _ a: UnsafeMutablePointer<Scalar>, _ b: UnsafeMutablePointer<Scalar>, shape: GridShape, rings: [Int32],
    to sums: inout ShellSums
  ) {
    let width = shape.spectrumColumns
    for i in 0..<shape.rows * width where rings[i] >= 0 {
      let column = i % width
      // The columns 0 and Nyquist hold both of each pair of conjugates, the others one.
      let weight = column == 0 || 2 &* column == shape.columns ? 1.0 : 2
      sums.add(
        (a[2 &* i], a[2 &* i &+ 1]), (b[2 &* i], b[2 &* i &+ 1]), weight: weight, to: Int(rings[i]))
    }
  }
}
