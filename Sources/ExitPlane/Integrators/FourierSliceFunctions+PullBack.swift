import ComplexModule

/// The way back of `extractFourierSlice` from a grid: adds to the volume's gradient.
///
/// - Parameters:
///   - cotangent: `∂L/∂` of the slice's numbers, real and imaginary parts as two.
///   - volume: of which the slice was taken.
///   - slice: its frequencies.
///   - outOfBounds: as it was for the slice.
///   - gradient: of the volume, to be added to; nil where only the frequencies' is wanted. A fill has none.
/// - Returns: `∂L/∂` of each frequency, (x, y, z) a cycle a voxel: by the slope of the cell that holds the point. It is
///   0 at zero frequency, where the value is the sum of the map and no sample.
/// - Throws: `.mismatch` for a cotangent of another shape, or a gradient on another grid than the volume's.
public func pullBackFourierSlice<Scalar>(
  _ cotangent: HalfSpectrum<Scalar>, fromGrid volume: FourierVoxelGridVolume<Scalar>,
  at slice: FrequencySlice,
  outOfBounds: OutOfBoundsMode<Scalar> = .zero, into gradient: FourierSamplesGradient<Scalar>?
) throws -> [SIMD3<Double>] {
  try pullBack(cotangent, through: volume, at: slice, outOfBounds: outOfBounds, into: gradient)
}

/// As from a grid, of cubic interpolation.
public func pullBackFourierSlice<Scalar>(
  _ cotangent: HalfSpectrum<Scalar>, fromSpline volume: FourierVoxelSplineVolume<Scalar>,
  at slice: FrequencySlice, outOfBounds: OutOfBoundsMode<Scalar> = .zero,
  into gradient: FourierSamplesGradient<Scalar>?
) throws -> [SIMD3<Double>] {
  try pullBack(cotangent, through: volume, at: slice, outOfBounds: outOfBounds, into: gradient)
}

/// As from a grid, to the volume's accuracy.
public func pullBackFourierSlice<Scalar>(
  _ cotangent: HalfSpectrum<Scalar>, fromWindow volume: FourierVoxelWindowVolume<Scalar>,
  at slice: FrequencySlice, into gradient: FourierSamplesGradient<Scalar>?
) throws -> [SIMD3<Double>] {
  try pullBack(cotangent, through: volume, at: slice, outOfBounds: .zero, into: gradient)
}

private func pullBack<Volume: FourierSliceVolume>(
  _ cotangent: HalfSpectrum<Volume.Scalar>, through volume: Volume, at slice: FrequencySlice,
  outOfBounds: OutOfBoundsMode<Volume.Scalar>, into gradient: FourierSamplesGradient<Volume.Scalar>?
) throws -> [SIMD3<Double>] {
  guard cotangent.shape == slice.shape else {
    throw ExitPlaneError.mismatch(
      "the cotangent is of an image of \(cotangent.shape)", "the slice of one of \(slice.shape)")
  }
  if let gradient { try requireGradient(gradient, of: volume.samples) }
  let half = try AlignedBuffer<Volume.Scalar>.half(slice.shape)
  for (index, value) in cotangent.values.enumerated() {
    (half.pointer[2 * index], half.pointer[2 * index + 1]) = (value.real, value.imaginary)
  }
  // An average with the conjugate partner is its own transpose.
  slice.shape.symmetrize(half.pointer)
  let samples = Double(volume.gridSize)
  return slice.frequencies.enumerated().map { index, frequency in
    let g = Complex(half.pointer[2 * index], half.pointer[2 * index + 1])
    guard frequency != .zero else {
      gradient?.zeroFrequency += Double(g.real)
      return .zero
    }
    let point = frequency * samples
    if let gradient {
      volume.samples.add(
        g, at: point, outOfBounds: outOfBounds, to: gradient.grid, planes: gradient.grid.planes)
    }
    let slopes = volume.samples.slopes(at: point, outOfBounds: outOfBounds)
    func along(_ slope: Complex<Volume.Scalar>) -> Double {
      samples * (Double(g.real) * Double(slope.real) + Double(g.imaginary) * Double(slope.imaginary))
    }
    return SIMD3(along(slopes.x), along(slopes.y), along(slopes.z))
  }
}
