import ComplexModule

/// The frequencies of a half spectrum in three dimensions, to be turned and sampled at will.
public struct FrequencySlice: Sendable, Hashable {
  /// Of the image whose half spectrum this is.
  public let shape: GridShape
  /// `(x, y, z)` in cycles a voxel; `rows × (columns / 2 + 1)`, row-major, in the order of a `HalfSpectrum`.
  public let frequencies: [SIMD3<Double>]

  /// - Throws: `.invalidValue` for a number of frequencies that does not fit the shape, or one that is not finite
  ///   or beyond 1000 cycles a voxel.
  public init(shape: GridShape, frequencies: [SIMD3<Double>]) throws {
    let count = shape.rows * shape.spectrumColumns
    guard frequencies.count == count else {
      throw ExitPlaneError.invalid(
        "number of frequencies", got: "\(frequencies.count)", need: "\(count) for an image of \(shape)")
    }
    for (index, frequency) in frequencies.enumerated() {
      guard (0..<3).allSatisfy({ abs(frequency[$0]) <= 1000 }) else {
        throw ExitPlaneError.invalid(
          "frequency \(index)", got: "\(frequency)", need: "finite and within 1000 cycles a voxel")
      }
    }
    self.init(shape: shape, unchecked: frequencies)
  }

  fileprivate init(shape: GridShape, unchecked frequencies: [SIMD3<Double>]) {
    self.shape = shape
    self.frequencies = frequencies
  }

  /// Every frequency turned by `rotation`. An object that is itself turned by R is seen at `rotated(by:)` the
  /// inverse of R.
  public func rotated(by rotation: Rotation) -> FrequencySlice {
    FrequencySlice(shape: shape, unchecked: frequencies.map { rotation * $0 })
  }
}

/// The central slice `k_z = 0` at an image's own frequencies, the Nyquist frequency of an even axis negative.
public func makeFrequencySlice(shape: GridShape) -> FrequencySlice {
  var frequencies: [SIMD3<Double>] = []
  frequencies.reserveCapacity(shape.rows * shape.spectrumColumns)
  for row in 0..<shape.rows {
    let y = Double(signedFrequency(row, of: shape.rows)) / Double(shape.rows)
    for column in 0..<shape.spectrumColumns {
      let k = signedFrequency(column, of: shape.columns)
      frequencies.append(SIMD3(Double(k) / Double(shape.columns), y, 0))
    }
  }
  return FrequencySlice(shape: shape, unchecked: frequencies)
}

/// The transform of a volume at a slice's frequencies, by linear interpolation.
///
/// Units are those of a plain sum over voxels; columns 0 and Nyquist are averaged with their conjugate partners,
/// as the half spectrum of a real image needs.
public func extractFourierSlice<Scalar>(
  fromGrid volume: FourierVoxelGridVolume<Scalar>, at slice: FrequencySlice,
  outOfBounds: OutOfBoundsMode<Scalar> = .zero
) throws -> HalfSpectrum<Scalar> {
  try extract(volume, at: slice, outOfBounds: outOfBounds)
}

/// As from a grid, by cubic interpolation.
public func extractFourierSlice<Scalar>(
  fromSpline volume: FourierVoxelSplineVolume<Scalar>, at slice: FrequencySlice,
  outOfBounds: OutOfBoundsMode<Scalar> = .zero
) throws -> HalfSpectrum<Scalar> {
  try extract(volume, at: slice, outOfBounds: outOfBounds)
}

/// As from a grid, to the volume's accuracy.
public func extractFourierSlice<Scalar>(
  fromWindow volume: FourierVoxelWindowVolume<Scalar>, at slice: FrequencySlice
) throws -> HalfSpectrum<Scalar> {
  try extract(volume, at: slice, outOfBounds: .zero)
}

private func extract<Volume: FourierSliceVolume>(
  _ volume: Volume, at slice: FrequencySlice, outOfBounds: OutOfBoundsMode<Volume.Scalar>
) throws -> HalfSpectrum<Volume.Scalar> {
  let half = try AlignedBuffer<Volume.Scalar>.half(slice.shape)
  let samples = Double(volume.gridSize)
  for (index, frequency) in slice.frequencies.enumerated() {
    let value =
      frequency == .zero
      ? Complex(Volume.Scalar(volume.zeroFrequency))
      : volume.samples.value(at: frequency * samples, outOfBounds: outOfBounds)
    (half.pointer[2 * index], half.pointer[2 * index + 1]) = (value.real, value.imaginary)
  }
  slice.shape.symmetrize(half.pointer)
  return HalfSpectrum(shape: slice.shape, unchecked: half.buffer.complexValues)
}
