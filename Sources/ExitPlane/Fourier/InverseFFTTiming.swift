/// Runs the inverse transforms of `count` images of a shape and nothing else: the limit that projection in
/// Fourier space can approach.
///
/// - Throws: `.invalidValue` for a shape that no transform or memory is to be had for.
public func timeInverseFFTs<Scalar: GridScalar>(
  of shape: GridShape, count: Int, threads: Int, as _: Scalar.Type
) throws {
  let fft = try FFTPlan<Scalar>(.halfToReal(shape))
  try parallelForEach(
    count: count, threads: threads,
    workspace: { (try AlignedBuffer<Scalar>.half(shape), try AlignedBuffer<Scalar>.image(shape)) },
    body: { _, scratch in fft.execute(scratch.0.pointer, scratch.1.pointer) })
}
