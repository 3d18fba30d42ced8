import Synchronization

/// The way to the FFT library. What knows FFTW itself is in `KernelTable`, `LineKernels` and `FFTWisdom`.
///
/// Plans are made under one lock, as FFTW asks, and run from any number of threads. They are not measured when
/// they are made: a measured plan depends on what else the machine was doing, and with it the last bits of every
/// image; runs that were interrupted or split could then not equal whole ones. What measurements found once is
/// built in (`FFTWisdom`), and the rest is estimated; see Docs/Decisions/0004.
enum FFT {
  /// The precisions whose built-in plans FFTW knows.
  private static let planner = Mutex(Set<ObjectIdentifier>())

  /// Calls FFTW's planner. All built-in plans are known before the first transform is planned, so that no plan
  /// depends on those that were made before it.
  static func withPlanner<Scalar: GridScalar, Result>(
    _: Scalar.Type, _ body: () -> sending Result
  ) -> sending Result {
    planner.withLock { known in
      if known.insert(ObjectIdentifier(Scalar.self)).inserted { Scalar._kernels.importWisdom() }
      return body()
    }
  }
}

/// A transform between a real image and its half spectrum, both unnormalised.
final class RealFFT2D<Scalar: GridScalar>: @unchecked Sendable {
  let shape: GridShape
  private let forwardPlan: OpaquePointer
  private let inversePlan: OpaquePointer

  init(_ shape: GridShape) throws {
    self.shape = shape
    // Plans are bound to the alignment of these buffers, not to the buffers.
    let real = try AlignedBuffer<Scalar>(count: shape.count, of: "an FFT of \(shape)")
    let half = try AlignedBuffer<Scalar>(
      count: 2 * shape.rows * shape.spectrumColumns, of: "an FFT of \(shape)")
    let plans = FFT.withPlanner(Scalar.self) {
      (
        Scalar._kernels.planForward2D(shape.rows, shape.columns, real.pointer, half.pointer),
        Scalar._kernels.planInverse2D(shape.rows, shape.columns, half.pointer, real.pointer)
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

  /// `real` (rows × columns) to `half` (rows × (columns/2 + 1) complex); both from `AlignedBuffer`s.
  func forward(_ real: UnsafeMutablePointer<Scalar>, _ half: UnsafeMutablePointer<Scalar>) {
    Scalar._kernels.executeForward(forwardPlan, real, half)
  }

  /// The sum without its factor `1 / (rows · columns)`; `half` is overwritten.
  func inverse(_ half: UnsafeMutablePointer<Scalar>, _ real: UnsafeMutablePointer<Scalar>) {
    Scalar._kernels.executeInverse(inversePlan, half, real)
  }
}

/// Forward complex transforms along the first axis of a `length × width` array, in place; its rows may be
/// part of longer ones, `stride` apart.
final class ColumnFFT<Scalar: GridScalar>: @unchecked Sendable {
  private let plan: OpaquePointer

  init(length: Int, width: Int, stride: Int? = nil) throws {
    let stride = stride ?? width
    let scratch = try AlignedBuffer<Scalar>(count: 2 * length * stride, of: "an FFT of length \(length)")
    let plan = FFT.withPlanner(Scalar.self) {
      Scalar._kernels.planColumns(length, width, stride, scratch.pointer)
    }
    guard let plan else {
      throw ExitPlaneError.invalid(
        "FFT of length \(length)", got: "refused by FFTW", need: "a smaller box")
    }
    self.plan = plan
  }

  deinit { FFT.withPlanner(Scalar.self) { Scalar._kernels.destroyPlan(plan) } }

  func execute(_ data: UnsafeMutablePointer<Scalar>) {
    Scalar._kernels.executeComplex(plan, data)
  }
}

/// Runs the inverse transforms of `count` images of a shape and nothing else: the limit that projection in
/// Fourier space can approach.
public func timeInverseFFTs<Scalar: GridScalar>(
  of shape: GridShape, count: Int, threads: Int, as _: Scalar.Type
) throws {
  let fft = try RealFFT2D<Scalar>(shape)
  try parallelForEach(
    count: count, threads: threads,
    workspace: { (try AlignedBuffer<Scalar>.half(shape), try AlignedBuffer<Scalar>.image(shape)) },
    body: { _, scratch in fft.inverse(scratch.0.pointer, scratch.1.pointer) })
}

/// The unnormalised inverse of a `size³` half spectrum, which is overwritten.
func inverseTransform3D<Scalar: GridScalar>(
  size: Int, half: AlignedBuffer<Scalar>, real: AlignedBuffer<Scalar>
) throws {
  guard
    let plan = FFT.withPlanner(
      Scalar.self,
      {
        Scalar._kernels.planInverse3D(size, half.pointer, real.pointer)
      })
  else {
    throw ExitPlaneError.invalid("FFT of \(size)³", got: "refused by FFTW", need: "a smaller box")
  }
  Scalar._kernels.executeInverse(plan, half.pointer, real.pointer)
  FFT.withPlanner(Scalar.self) { Scalar._kernels.destroyPlan(plan) }
}
