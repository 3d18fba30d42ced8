/// The image's axes as the object sees them: a point `r` of the object is seen at `(x·r, y·r)`, and the image's
/// frequency `(k_x, k_y)` is the object's `k_x x + k_y y`.
///
/// They are the rotation's first two rows, and where the microscope distorts the image, those rows magnified.
struct ImageAxes: Sendable {
  let x: SIMD3<Double>
  let y: SIMD3<Double>
  /// Along the beam.
  let beam: SIMD3<Double>

  @inline(__always)
  init(_ rotation: Rotation, _ magnification: AnisotropicMagnification) {
    let rows = rotation.rows
    beam = rows.2
    guard !magnification.isNone else {
      (x, y) = (rows.0, rows.1)
      return
    }
    let (m0, m1) = (magnification.firstRow, magnification.secondRow)
    x = m0.x * rows.0 + m1.x * rows.1
    y = m0.y * rows.0 + m1.y * rows.1
  }
}

extension ImageAxes {
  /// What a real loss gains with each number of the axes.
  struct Cotangent: Sendable {
    var x = SIMD3<Double>()
    var y = SIMD3<Double>()
    var beam = SIMD3<Double>()

    /// The same of the rotation's matrix, by rows.
    func rotationRows(_ magnification: AnisotropicMagnification) -> RotationCotangent {
      let (m0, m1) = (magnification.firstRow, magnification.secondRow)
      return RotationCotangent(rows: (m0.x * x + m0.y * y, m1.x * x + m1.y * y, beam))
    }
  }
}

/// What a real loss gains with each number of a rotation's matrix, taken as nine free numbers, by rows.
struct RotationCotangent: Sendable {
  var rows: (SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)
}
