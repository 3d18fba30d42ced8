/// `½ Σ (s x − y)²` over an image, and what it changes with.
///
/// - Parameters:
///   - image: x, replaced by the residual times `factor`.
/// - Returns: the value, and Σ x (s x − y).
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func replaceByResidual<Scalar: GridScalar>(
  _ image: UnsafeMutablePointer<Scalar>, _ pixels: UnsafePointer<Scalar>, _ shape: GridShape, scale: Scalar,
  factor: Scalar
) -> (value: Double, scale: Double) {
  var (value, product) = (0.0, 0.0)
  for row in 0..<shape.rows {
    // Of a row in the images' own precision; rows in double.
    var (squares, products): (Scalar, Scalar) = (0, 0)
    let (x, y) = (image + row &* shape.columns, pixels + row &* shape.columns)
    for column in 0..<shape.columns {
      let residual = scale * x[column] - y[column]
      squares += residual * residual
      products += x[column] * residual
      x[column] = factor * residual
    }
    value += Double(squares)
    product += Double(products)
  }
  return (value / 2, product)
}

/// The same of half spectra, by Parseval's theorem: `1/(2N) Σ w |s X − f Y|²` over the entries of the full spectrum.
///
/// - Parameters:
///   - spectrum: X.
///   - data: Y, the plain transform of the image, whose phases the factors f refer to the origin.
///   - weights: w, or empty for ones.
///   - cotangent: of X, each entry for itself.
/// - Returns: the value, and its derivative to s.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func spectralResidual<Scalar: GridScalar>(
  _ spectrum: UnsafePointer<Scalar>, _ data: UnsafePointer<Scalar>, _ shape: GridShape, scale: Scalar,
  factors: PhaseFactors<Scalar>, weights: [Scalar], into cotangent: UnsafeMutablePointer<Scalar>
) -> (value: Double, scale: Double) {
  let width = shape.spectrumColumns
  let each = 1 / Scalar(shape.count)
  var (value, product) = (0.0, 0.0)
  weights.withUnsafeBufferPointer { weights in
    for row in 0..<shape.rows {
      let (rowRe, rowIm) = (factors.rows[2 &* row], factors.rows[2 &* row &+ 1])
      let first = row &* width
      var (squares, products): (Scalar, Scalar) = (0, 0)
      for column in 0..<width {
        let i = 2 &* (first &+ column)
        let (cRe, cIm) = (factors.columns[2 &* column], factors.columns[2 &* column &+ 1])
        let (fRe, fIm) = (cRe * rowRe - cIm * rowIm, cRe * rowIm + cIm * rowRe)
        let (xRe, xIm) = (spectrum[i], spectrum[i &+ 1])
        let re = scale * xRe - (data[i] * fRe - data[i &+ 1] * fIm)
        let im = scale * xIm - (data[i] * fIm + data[i &+ 1] * fRe)
        var weight: Scalar = column == 0 || 2 &* column == shape.columns ? each : 2 * each
        if weights.count > 0 { weight *= weights[first &+ column] }
        squares += weight * (re * re + im * im)
        products += weight * (xRe * re + xIm * im)
        cotangent[i] = scale * weight * re
        cotangent[i &+ 1] = scale * weight * im
      }
      value += Double(squares)
      product += Double(products)
    }
  }
  return (value / 2, product)
}

/// Replaces a residual by its product with weights of its spectrum, `w r`, and makes `½ r · w r`.
///
/// - Parameter half: is written.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func weighResidual<Scalar: GridScalar>(
  _ residual: UnsafeMutablePointer<Scalar>, _ shape: GridShape, weights: [Scalar], toHalf: FFTPlan<Scalar>,
  toImage: FFTPlan<Scalar>, half: UnsafeMutablePointer<Scalar>
) -> Double {
  toHalf.execute(residual, half)
  let each = 1 / Scalar(shape.count)
  var value = 0.0
  for row in 0..<shape.rows {
    var squares: Scalar = 0
    for column in 0..<shape.spectrumColumns {
      let i = row &* shape.spectrumColumns &+ column
      let weight = weights[i] * each
      let (re, im) = (half[2 &* i], half[2 &* i &+ 1])
      squares += (column == 0 || 2 &* column == shape.columns ? 1 : 2) * weight * (re * re + im * im)
      (half[2 &* i], half[2 &* i &+ 1]) = (weight * re, weight * im)
    }
    value += Double(squares)
  }
  toImage.execute(half, residual)
  return value / 2
}
