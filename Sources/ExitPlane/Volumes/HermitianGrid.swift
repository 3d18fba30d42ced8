import CKernels

/// The stored half of the transform of a real cube: x = 0…half, y and z = −half…half, zero frequency in
/// the middle of y and z, with a border of zeros one sample wide beyond each outer face.
///
/// On an even axis the planes at −n/2 and +n/2 are both held and equal, so that no direction is preferred;
/// the planes x = 0 and, for even n, x = n/2 are conjugate-symmetric to the last bit.
struct HermitianGrid<Scalar: GridScalar>: Sendable {
  /// Samples an axis of the transform.
  let size: Int
  let half: Int
  let rowStride: Int
  let planeStride: Int
  /// Real and imaginary parts in turn.
  let storage: AlignedBuffer<Scalar>

  init(size: Int) throws {
    self.size = size
    half = size / 2
    rowStride = half + 2
    planeStride = rowStride * (2 * half + 3)
    let samples = planeStride.multipliedReportingOverflow(by: 2 * half + 3)
    // The kernels index samples in 32 bits.
    guard !samples.overflow, samples.partialValue < Int(Int32.max) else {
      throw ExitPlaneError.invalid(
        "Fourier grid", got: "\(size)³ samples", need: "at most 1620³: a smaller box or padding")
    }
    storage = try AlignedBuffer(
      count: 2 * samples.partialValue, of: "the transform on a grid of \(size)³")
  }

  /// The index of the real part of a sample; x in 0…half + 1, y and z in −half − 1…half + 1.
  @inline(__always)
  func index(x: Int, y: Int, z: Int) -> Int {
    2 &* ((z &+ half &+ 1) &* planeStride &+ (y &+ half &+ 1) &* rowStride &+ x)
  }

  func withDescriptor<Result>(_ body: (UnsafePointer<ep_half_grid>) -> Result) -> Result {
    var descriptor = ep_half_grid(
      origin: UnsafeRawPointer(storage.pointer + index(x: 0, y: 0, z: 0)), rowStride: rowStride,
      planeStride: planeStride, half: Int32(half))
    return withUnsafePointer(to: &descriptor, body)
  }
}
