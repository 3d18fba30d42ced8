import RealModule

extension ContrastTransferFunction {
  /// As `apply`, at magnified frequencies and with the phases of symmetric aberrations: what no polynomial of few
  /// terms on the image's axes says is computed entry by entry, at some 25 ns each.
  ///
  /// - Parameter phaseOffsets: as `AberrationFactors` has them.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func apply<Scalar: GridScalar>(
    to half: UnsafeMutablePointer<Scalar>, shape: GridShape, pixelSizeInAngstroms h: Double, sign: Sign,
    factor: Double, alternating: Bool, magnification: AnisotropicMagnification, phaseOffsets: [Double]
  ) {
    let (form, wavelength) = (defocusForm, wavelengthInAngstroms)
    let aberration =
      sphericalAberrationInMillimetres * 1e7 * wavelength * wavelength * wavelength / 2
    let (constant, falloff) = (phaseAtZero, -bFactorInSquareAngstroms / 4)
    let unit = SIMD2(Double(shape.columns), Double(shape.rows)) * h
    let columns = shape.spectrumColumns
    func value(_ x: Int, _ y: Int, offsetRow: Int) -> Double {
      let q = magnification(SIMD2(Double(x), Double(y)) / unit)
      let square = (q * q).sum()
      let defocus = form.xx * q.x * q.x + form.xy * q.x * q.y + form.yy * q.y * q.y
      var phase = .pi * (wavelength * defocus - aberration * square * square) + constant
      if !phaseOffsets.isEmpty { phase -= phaseOffsets[offsetRow * columns + x] }
      return Double.sin(phase) * (falloff == 0 ? 1 : Double.exp(falloff * square))
    }
    for row in 0..<shape.rows {
      let y = signedFrequency(row, of: shape.rows)
      let isNyquistRow = 2 * row == shape.rows
      // Where the opposite frequency along y has its phases: +½ in a row of its own.
      let opposite = isNyquistRow ? shape.rows : (row == 0 ? 0 : shape.rows - row)
      for x in 0..<columns {
        var product = value(x, y, offsetRow: row)
        if isNyquistRow || 2 * x == shape.columns {
          product = (product + value(x, -y, offsetRow: opposite)) / 2
        }
        product *= sign.factor * scale * factor * (alternating && (x + row) % 2 == 1 ? -1 : 1)
        let index = 2 * (row * columns + x)
        half[index] *= Scalar(product)
        half[index + 1] *= Scalar(product)
      }
    }
  }

  /// The way back through `apply` with the same arguments: see the other `pullBack`.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func pullBack<Scalar: GridScalar>(
    _ cotangent: UnsafeMutablePointer<Scalar>, through half: UnsafePointer<Scalar>, shape: GridShape,
    pixelSizeInAngstroms h: Double, sign: Sign, factor: Double, alternating: Bool,
    magnification: AnisotropicMagnification, phaseOffsets: [Double]
  ) -> Cotangent {
    let falloff = -bFactorInSquareAngstroms / 4
    let unit = SIMD2(Double(shape.columns), Double(shape.rows)) * h
    let columns = shape.spectrumColumns
    var sums = Sums()
    /// Adds a frequency's part to a row's sums; returns the function there.
    func add(_ x: Int, _ y: Int, offsetRow: Int, _ product: Double, to sums: inout Sums) -> Double {
      let q = magnification(SIMD2(Double(x), Double(y)) / unit)
      let square = (q * q).sum()
      var phase = phase(at: q)
      if !phaseOffsets.isEmpty { phase -= phaseOffsets[offsetRow * columns + x] }
      let envelope = falloff == 0 ? 1 : Double.exp(falloff * square)
      let value = Double.sin(phase) * envelope
      let slope = product * Double.cos(phase) * envelope
      sums.slope += slope
      sums.slopeXX += slope * q.x * q.x
      sums.slopeXY += slope * q.x * q.y
      sums.slopeYY += slope * q.y * q.y
      sums.value += product * value
      sums.valueSquare += product * value * square
      return value
    }
    for row in 0..<shape.rows {
      let y = signedFrequency(row, of: shape.rows)
      let isNyquistRow = 2 * row == shape.rows
      let opposite = isNyquistRow ? shape.rows : (row == 0 ? 0 : shape.rows - row)
      var rowSums = Sums()
      for x in 0..<columns {
        let index = 2 * (row * columns + x)
        let weight = sign.factor * factor * (alternating && (x + row) % 2 == 1 ? -1 : 1)
        let product =
          weight
          * (Double(half[index]) * Double(cotangent[index])
            + Double(half[index + 1]) * Double(cotangent[index + 1]))
        var value: Double
        if isNyquistRow || 2 * x == shape.columns {
          value = add(x, y, offsetRow: row, product / 2, to: &rowSums) / 2
          value += add(x, -y, offsetRow: opposite, product / 2, to: &rowSums) / 2
        } else {
          value = add(x, y, offsetRow: row, product, to: &rowSums)
        }
        cotangent[index] *= Scalar(value * weight * scale)
        cotangent[index + 1] *= Scalar(value * weight * scale)
      }
      sums.add(rowSums)
    }
    return self.cotangent(of: sums)
  }
}

extension ContrastTransferFunction.Sums {
  fileprivate mutating func add(_ row: Self) {
    slope += row.slope
    slopeXX += row.slopeXX
    slopeXY += row.slopeXY
    slopeYY += row.slopeYY
    value += row.value
    valueSquare += row.valueSquare
  }
}
