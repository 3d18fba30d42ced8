import CFFTW
import Synchronization

/// A transform of one kind and size, unnormalised, to be run from any number of threads: the only way to FFTW.
///
/// Plans are made under one lock, as FFTW asks. They are not measured when they are made: a measured plan depends
/// on what else the machine was doing, and with it the last bits of every image; runs that were interrupted or
/// split could then not equal whole ones. What measurements found once is built in (`FFTWisdom`), and the rest is
/// estimated; see Docs/Decisions/0004.
///
/// Complex arrays are their scalars, real and imaginary parts in turn, and begin as `AlignedBuffer`s do, or a
/// multiple of 64 bytes from there: plans are bound to that alignment.
final class FFTPlan<Scalar: GridScalar>: @unchecked Sendable {
  /// What is transformed, and how.
  enum Transform: Hashable, Sendable {
    /// A real image to its half spectrum.
    case realToHalf(GridShape)
    /// Back; the half spectrum is overwritten.
    case halfToReal(GridShape)
    /// The `size³` numbers of a cube to its half spectrum.
    case realToHalfCube(size: Int)
    /// Of a cube's half spectrum, which is overwritten, to its `size³` numbers.
    case halfToRealCube(size: Int)
    /// A complex image, in place.
    case complexImage(GridShape, isForward: Bool)
    /// Forward along the first axis of a `length × width` array, in place; its rows may be part of longer ones.
    case columns(length: Int, width: Int, stride: Int)
    /// Forward along a line of numbers that lie side by side, from one place to another.
    ///
    /// A third of the time of the same transforms of columns in place, eight columns at once, which FFTW copies back
    /// and forth: 41 µs against 105 for 136 lines of 320, 310 against 950 for 264 of 1024.
    case line(length: Int)

    /// Scalars that are read and written; of one array where both are the same.
    fileprivate var counts: (from: Int, to: Int) {
      switch self {
      case .realToHalf(let shape): (shape.count, 2 * shape.rows * shape.spectrumColumns)
      case .halfToReal(let shape): (2 * shape.rows * shape.spectrumColumns, shape.count)
      case .realToHalfCube(let size): (size * size * size, 2 * size * size * (size / 2 + 1))
      case .halfToRealCube(let size): (2 * size * size * (size / 2 + 1), size * size * size)
      case .complexImage(let shape, _): (2 * shape.count, 0)
      case .columns(let length, _, let stride): (2 * length * stride, 0)
      case .line(let length): (2 * length, 2 * length)
      }
    }

    fileprivate var name: String {
      switch self {
      case .realToHalf(let shape), .halfToReal(let shape), .complexImage(let shape, _): "an FFT of \(shape)"
      case .realToHalfCube(let size), .halfToRealCube(let size): "an FFT of \(size)³"
      case .columns(let length, _, _), .line(let length): "an FFT of length \(length)"
      }
    }
  }

  let transform: Transform
  private let plan: OpaquePointer

  /// - Throws: `.invalidValue` where FFTW refuses the size, or there is no memory to plan it with.
  init(_ transform: Transform) throws {
    let name = transform.name
    // Estimating reads and writes nothing: large buffers stay untouched pages.
    let from = try AlignedBuffer<Scalar>(count: transform.counts.from, of: name)
    let to = transform.counts.to == 0 ? from : try AlignedBuffer(count: transform.counts.to, of: name)
    let plan = Planner.run(Scalar.self) { Scalar.makePlan(transform, from.pointer, to.pointer) }
    guard let plan else {
      throw ExitPlaneError.invalid(name, got: "refused by FFTW", need: "a smaller box or image")
    }
    self.transform = transform
    self.plan = plan
  }

  deinit { Planner.run(Scalar.self) { Scalar.destroyPlan(plan) } }

  /// Transforms from one array into another.
  func execute(_ from: UnsafeMutablePointer<Scalar>, _ to: UnsafeMutablePointer<Scalar>) {
    switch transform {
    case .realToHalf, .realToHalfCube: Scalar.executeForward(plan, from, to)
    case .halfToReal, .halfToRealCube: Scalar.executeInverse(plan, from, to)
    case .complexImage, .columns, .line: Scalar.executeComplex(plan, from, to)
    }
  }

  /// Transforms in place, what is so transformed.
  func execute(_ data: UnsafeMutablePointer<Scalar>) { execute(data, data) }
}

private enum Planner {
  /// The precisions whose built-in plans FFTW knows.
  private static let known = Mutex(Set<ObjectIdentifier>())

  /// Calls FFTW's planner. All built-in plans are known before the first transform is planned, so that no plan
  /// depends on those that were made before it.
  static func run<Scalar: GridScalar, Result>(
    _: Scalar.Type, _ body: () -> sending Result
  ) -> sending Result {
    known.withLock { known in
      if known.insert(ObjectIdentifier(Scalar.self)).inserted { Scalar.importWisdom() }
      return body()
    }
  }
}

extension GridScalar {
  fileprivate typealias Scalars = UnsafeMutablePointer<Self>

  fileprivate static func importWisdom() {
    for (_, wisdom) in (isSingle ? FFTWisdom.single : FFTWisdom.double).sorted(by: { $0.key < $1.key }) {
      if isSingle { fftwf_import_wisdom_from_string(wisdom) } else { fftw_import_wisdom_from_string(wisdom) }
    }
  }

  fileprivate static func makePlan(
    _ transform: FFTPlan<Self>.Transform, _ from: Scalars, _ to: Scalars
  ) -> OpaquePointer? {
    switch transform {
    case .realToHalf(let shape):
      let (rows, columns) = (Int32(shape.rows), Int32(shape.columns))
      return isSingle
        ? fftwf_plan_dft_r2c_2d(rows, columns, from.rebound(), to.rebound(), FFTW_ESTIMATE)
        : fftw_plan_dft_r2c_2d(rows, columns, from.rebound(), to.rebound(), FFTW_ESTIMATE)
    case .halfToReal(let shape):
      let (rows, columns) = (Int32(shape.rows), Int32(shape.columns))
      return isSingle
        ? fftwf_plan_dft_c2r_2d(rows, columns, from.rebound(), to.rebound(), FFTW_ESTIMATE)
        : fftw_plan_dft_c2r_2d(rows, columns, from.rebound(), to.rebound(), FFTW_ESTIMATE)
    case .realToHalfCube(let size):
      let n = Int32(size)
      return isSingle
        ? fftwf_plan_dft_r2c_3d(n, n, n, from.rebound(), to.rebound(), FFTW_ESTIMATE)
        : fftw_plan_dft_r2c_3d(n, n, n, from.rebound(), to.rebound(), FFTW_ESTIMATE)
    case .halfToRealCube(let size):
      let n = Int32(size)
      return isSingle
        ? fftwf_plan_dft_c2r_3d(n, n, n, from.rebound(), to.rebound(), FFTW_ESTIMATE)
        : fftw_plan_dft_c2r_3d(n, n, n, from.rebound(), to.rebound(), FFTW_ESTIMATE)
    case .complexImage(let shape, let isForward):
      let (rows, columns) = (Int32(shape.rows), Int32(shape.columns))
      let direction = isForward ? FFTW_FORWARD : FFTW_BACKWARD
      return isSingle
        ? fftwf_plan_dft_2d(rows, columns, from.rebound(), to.rebound(), direction, FFTW_ESTIMATE)
        : fftw_plan_dft_2d(rows, columns, from.rebound(), to.rebound(), direction, FFTW_ESTIMATE)
    case .columns(let length, let width, let stride):
      var n = Int32(length)
      let (many, stride) = (Int32(width), Int32(stride))
      return isSingle
        ? fftwf_plan_many_dft(
          1, &n, many, from.rebound(), nil, stride, 1, to.rebound(), nil, stride, 1, FFTW_FORWARD,
          FFTW_ESTIMATE)
        : fftw_plan_many_dft(
          1, &n, many, from.rebound(), nil, stride, 1, to.rebound(), nil, stride, 1, FFTW_FORWARD,
          FFTW_ESTIMATE)
    case .line(let length):
      return isSingle
        ? fftwf_plan_dft_1d(Int32(length), from.rebound(), to.rebound(), FFTW_FORWARD, FFTW_ESTIMATE)
        : fftw_plan_dft_1d(Int32(length), from.rebound(), to.rebound(), FFTW_FORWARD, FFTW_ESTIMATE)
    }
  }

  fileprivate static func executeForward(_ plan: OpaquePointer, _ from: Scalars, _ to: Scalars) {
    if isSingle {
      fftwf_execute_dft_r2c(plan, from.rebound(), to.rebound())
    } else {
      fftw_execute_dft_r2c(plan, from.rebound(), to.rebound())
    }
  }

  fileprivate static func executeInverse(_ plan: OpaquePointer, _ from: Scalars, _ to: Scalars) {
    if isSingle {
      fftwf_execute_dft_c2r(plan, from.rebound(), to.rebound())
    } else {
      fftw_execute_dft_c2r(plan, from.rebound(), to.rebound())
    }
  }

  fileprivate static func executeComplex(_ plan: OpaquePointer, _ from: Scalars, _ to: Scalars) {
    if isSingle {
      fftwf_execute_dft(plan, from.rebound(), to.rebound())
    } else {
      fftw_execute_dft(plan, from.rebound(), to.rebound())
    }
  }

  fileprivate static func destroyPlan(_ plan: OpaquePointer) {
    if isSingle { fftwf_destroy_plan(plan) } else { fftw_destroy_plan(plan) }
  }
}
