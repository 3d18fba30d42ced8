/// Divides a projection in real space by `sinc(x/n) sinc(y/n)`, x and y in pixels from the origin and n the
/// samples an axis of the volume's grid, where `sinc(u) = sin(πu)/(πu)`.
///
/// It makes up for part of the fall-off that linear interpolation in Fourier space causes towards the box's edge.
/// The gridding correction of `FourierVoxelGridVolume` does so before interpolation, in three dimensions and
/// more accurately; the two are not meant to be combined. Pixels outside the volume's box are left alone.
public struct InverseSincMask: Sendable, Hashable {
  /// The mask has no options: its scale is the volume's box.
  public init() {}

  /// What multiplies a row or column of `length` pixels.
  ///
  /// - Parameter n: the volume's box in those pixels.
  func factors<Scalar: GridScalar>(length: Int, boxSize n: Double, as _: Scalar.Type) -> [Scalar] {
    (0..<length).map { i in
      let x = Double(i - originOffset(length))
      return 2 * abs(x) <= n ? Scalar(1 / sinc(x / n)) : 1
    }
  }
}
