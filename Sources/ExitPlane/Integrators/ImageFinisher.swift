/// The last steps of every method, and their transposes: from the half spectrum that a method computes to an image and
/// a spectrum of the padded shape.
///
///     half spectrum ─ symmetry → ─ inverse FFT → ─ mask → ─ blocks averaged → ─ crop or pad → image ─ FFT → spectrum
///
/// A half spectrum is rows × (columns / 2 + 1) complex numbers, zero frequency in the corner. Methods whose pixels are
/// computed in real space begin with the image.
struct ImageFinisher<Scalar: GridScalar>: Sendable {
  /// In which the method computes.
  let computed: GridShape
  /// Of the results.
  let output: GridShape
  private let mask: SeparableMask<Scalar>?
  private let blocks: BlockAverage?
  private let computedToImage: FFTPlan<Scalar>
  private let computedToHalf: FFTPlan<Scalar>
  private let outputToImage: FFTPlan<Scalar>
  private let outputToHalf: FFTPlan<Scalar>

  /// - Parameters:
  ///   - mask: multiplies the image of the computed shape.
  ///   - blocks: makes pixels of those of the computed shape.
  init(
    computed: GridShape, output: GridShape, mask: SeparableMask<Scalar>? = nil, blocks: BlockAverage? = nil
  ) throws {
    self.computed = computed
    self.output = output
    self.mask = mask
    self.blocks = blocks
    computedToImage = try FFTPlan(.halfToReal(computed))
    computedToHalf = try FFTPlan(.realToHalf(computed))
    outputToImage = computed == output ? computedToImage : try FFTPlan(.halfToReal(output))
    outputToHalf = computed == output ? computedToHalf : try FFTPlan(.realToHalf(output))
  }

  /// What one thread writes.
  final class Workspace {
    /// Where the method writes its half spectrum, of the computed shape.
    let half: AlignedBuffer<Scalar>
    /// Of the computed shape.
    let image: AlignedBuffer<Scalar>
    fileprivate let averaged: AlignedBuffer<Scalar>?
    /// Of the output's shape, where that is another.
    fileprivate let output: (half: AlignedBuffer<Scalar>, image: AlignedBuffer<Scalar>)?
    fileprivate let factors: PhaseFactors<Scalar>

    init(_ finisher: ImageFinisher) throws {
      half = try .half(finisher.computed)
      image = try .image(finisher.computed)
      averaged = try finisher.blocks.map { try .image($0.shape) }
      output =
        finisher.computed == finisher.output
        ? nil : (try .half(finisher.output), try .image(finisher.output))
      factors = PhaseFactors(finisher.output)
    }

    /// Where a method that computes pixels of the output's shape writes them.
    var outputImage: AlignedBuffer<Scalar> { output?.image ?? image }
    fileprivate var outputHalf: AlignedBuffer<Scalar> { output?.half ?? half }
  }

  /// Whether the spectrum computed is the result's, so that no image need be made for it.
  var isDirect: Bool { computed == output && mask == nil && blocks == nil }

  /// Makes raw samples the half spectrum of a real image: its own transpose.
  ///
  /// - Parameter isShifted: then self-conjugate entries but zero frequency, which have no well-defined shift, are zero.
  func makeHermitian(_ half: UnsafeMutablePointer<Scalar>, isShifted: Bool) {
    computed.symmetrize(half)
    if isShifted { computed.zeroUnshiftable(half) }
  }

  /// The image of the output's shape, from the workspace's half spectrum, whose phases are referred to the first pixel
  /// and which the inverse transform's factor has been applied to. The half spectrum is overwritten.
  func image(_ workspace: Workspace) -> UnsafeMutableBufferPointer<Scalar> {
    computedToImage.execute(workspace.half.pointer, workspace.image.pointer)
    mask?.multiply(workspace.image.pointer)
    var result = (workspace.image, computed)
    if let blocks, let averaged = workspace.averaged {
      blocks.average(workspace.image.pointer, of: computed, into: averaged.pointer)
      result = (averaged, blocks.shape)
    }
    guard let output = workspace.output else { return result.0.buffer }
    cropOrPad(result.0.pointer, result.1, into: output.image.pointer, self.output)
    return output.image.buffer
  }

  /// The half spectrum of the output's shape, of an image of that shape; phases are referred to the origin.
  func spectrum(
    ofImage image: UnsafeMutablePointer<Scalar>, _ workspace: Workspace
  ) -> UnsafeMutableBufferPointer<Scalar> {
    let half = workspace.outputHalf
    outputToHalf.execute(image, half.pointer)
    workspace.factors.setCentreToOrigin()
    workspace.factors.multiply(half.pointer)
    output.symmetrize(half.pointer)
    return half.buffer
  }

  // MARK: Transposes

  /// The transpose of `image` with `makeHermitian` before it: into the workspace's half spectrum.
  func pullBackImage(_ cotangent: UnsafePointer<Scalar>, isShifted: Bool, _ workspace: Workspace) {
    let image = workspace.image.pointer
    if let blocks, let averaged = workspace.averaged {
      cropOrPad(cotangent, output, into: averaged.pointer, blocks.shape)
      blocks.pullBack(averaged.pointer, into: image, of: computed)
    } else {
      cropOrPad(cotangent, output, into: image, computed)
    }
    mask?.multiply(image)
    computedToHalf.execute(image, workspace.half.pointer)
    computed.scaleInnerColumns(workspace.half.pointer, by: 2)
    makeHermitian(workspace.half.pointer, isShifted: isShifted)
  }

  /// The transpose of `spectrum(ofImage:)`: a cotangent of the output's spectrum to that of its image, which lies in
  /// the workspace.
  func pullBackSpectrum(
    _ cotangent: UnsafePointer<Scalar>, _ workspace: Workspace
  ) -> UnsafeMutablePointer<Scalar> {
    let half = workspace.outputHalf
    half.pointer.update(from: cotangent, count: half.count)
    output.symmetrize(half.pointer)
    workspace.factors.setOriginToCentre()
    workspace.factors.multiply(half.pointer)
    output.scaleInnerColumns(half.pointer, by: 0.5)
    outputToImage.execute(half.pointer, workspace.outputImage.pointer)
    return workspace.outputImage.pointer
  }
}

/// Factors a row and a column of an image.
struct SeparableMask<Scalar: GridScalar>: Sendable {
  let rows: [Scalar]
  let columns: [Scalar]

  /// Multiplies an image: its own transpose.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func multiply(_ image: UnsafeMutablePointer<Scalar>) {
    for (row, factor) in rows.enumerated() {
      let line = image + row * columns.count
      for (column, other) in columns.enumerated() { line[column] *= factor * other }
    }
  }
}

/// Averages blocks of `factor × factor` fine pixels, each centred on a pixel; the origin's on the origin. What a block
/// lacks beyond the edge counts as zeros.
struct BlockAverage: Sendable {
  /// Of the averages.
  let shape: GridShape
  /// Odd.
  let factor: Int

  @inline(__always)
  private func block(_ index: Int, _ length: Int, _ fineLength: Int) -> Range<Int> {
    let centre = (index - originOffset(length)) * factor + originOffset(fineLength)
    return max(0, centre - factor / 2)..<min(fineLength, centre + factor / 2 + 1)
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func average<Scalar: GridScalar>(
    _ source: UnsafePointer<Scalar>, of fine: GridShape, into target: UnsafeMutablePointer<Scalar>
  ) {
    let weight = 1 / Scalar(factor * factor)
    for row in 0..<shape.rows {
      let rows = block(row, shape.rows, fine.rows)
      for column in 0..<shape.columns {
        var sum: Scalar = 0
        let columns = block(column, shape.columns, fine.columns)
        for y in rows {
          for x in columns { sum += source[y &* fine.columns &+ x] }
        }
        target[row &* shape.columns &+ column] = sum * weight
      }
    }
  }

  /// The transpose of `average`: every fine pixel takes its block's share.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pullBack<Scalar: GridScalar>(
    _ cotangent: UnsafePointer<Scalar>, into target: UnsafeMutablePointer<Scalar>, of fine: GridShape
  ) {
    let weight = 1 / Scalar(factor * factor)
    target.update(repeating: 0, count: fine.count)
    for row in 0..<shape.rows {
      for y in block(row, shape.rows, fine.rows) {
        for column in 0..<shape.columns {
          let share = cotangent[row &* shape.columns &+ column] * weight
          for x in block(column, shape.columns, fine.columns) { target[y &* fine.columns &+ x] = share }
        }
      }
    }
  }
}
