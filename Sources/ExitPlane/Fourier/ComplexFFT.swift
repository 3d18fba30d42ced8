/// A transform between a complex image and its full spectrum, both unnormalised, in place.
final class ComplexFFT2D<Scalar: GridScalar>: @unchecked Sendable {
  private let forwardPlan: OpaquePointer
  private let inversePlan: OpaquePointer

  init(_ shape: GridShape) throws {
    // Plans are bound to the alignment of this buffer, not to the buffer.
    let scratch = try AlignedBuffer<Scalar>(count: 2 * shape.count, of: "an FFT of \(shape)")
    let plans = FFT.withPlanner(Scalar.self) {
      (
        Scalar._kernels.planComplex2D(shape.rows, shape.columns, scratch.pointer, true),
        Scalar._kernels.planComplex2D(shape.rows, shape.columns, scratch.pointer, false)
      )
    }
    guard let forward = plans.0, let inverse = plans.1 else {
      throw ExitPlaneError.invalid("FFT of \(shape)", got: "refused by FFTW", need: "a smaller shape")
    }
    forwardPlan = forward
    inversePlan = inverse
  }

  deinit {
    FFT.withPlanner(Scalar.self) {
      Scalar._kernels.destroyPlan(forwardPlan)
      Scalar._kernels.destroyPlan(inversePlan)
    }
  }

  /// `data` is rows × columns complex numbers of an `AlignedBuffer`.
  func forward(_ data: UnsafeMutablePointer<Scalar>) {
    Scalar._kernels.executeComplex(forwardPlan, data)
  }

  func inverse(_ data: UnsafeMutablePointer<Scalar>) {
    Scalar._kernels.executeComplex(inversePlan, data)
  }
}
