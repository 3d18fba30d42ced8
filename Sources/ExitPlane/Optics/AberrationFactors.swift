import RealModule

/// What a group of particles that share their aberrations has in common on its half spectrum: computed once, used
/// for every image.
public struct AberrationFactors<Scalar: GridScalar>: Sendable {
  /// Of the image.
  public let shape: GridShape
  /// At what frequencies aberrations act; the plane's.
  public let magnification: AnisotropicMagnification
  /// The factors `exp(i φ)` of antisymmetric aberrations: rows × (columns/2 + 1) real and imaginary parts in turn,
  /// zero frequency in the corner. Empty where there are none.
  public let values: [Scalar]
  /// What symmetric aberrations take off χ, in radians: as many columns, and for even rows one more row, of the
  /// frequency +½. Empty where there are none.
  let phaseOffsets: [Double]
  /// What the factors change by with the beam tilt, per milliradian: for every entry the real and imaginary part of
  /// the slope to x, then to y. Empty where no derivatives were asked for.
  private let tiltSlopes: [Scalar]

  /// Whether `pullBackBeamTilt` has what it needs.
  public var isDifferentiable: Bool { !tiltSlopes.isEmpty }

  /// - Parameters:
  ///   - aberrations: antisymmetric ones.
  ///   - symmetric: those that go into χ.
  ///   - magnification: the plane's; aberrations act at magnified frequencies.
  ///   - shape: of the images' spectra: the plane's padded shape where images are computed.
  ///   - h: of the images.
  ///   - voltageInKilovolts: the electrons'.
  ///   - sphericalAberrationInMillimetres: Cs, with which a beam tilt acts.
  ///   - isDifferentiable: whether to hold what derivatives to the beam tilt need, twice the factors' memory.
  /// - Throws: `.invalidValue` for a pixel size not above 0 Å.
  public init(
    _ aberrations: AntisymmetricAberrations, symmetric: SymmetricAberrations = .none,
    magnification: AnisotropicMagnification = .none, shape: GridShape, pixelSizeInAngstroms h: Double,
    voltageInKilovolts: Double, sphericalAberrationInMillimetres: Double, isDifferentiable: Bool = false
  ) throws {
    try validatePositive("pixel size", h, unit: "Å")
    try validatePositive("voltage", voltageInKilovolts, unit: "kV")
    self.shape = shape
    self.magnification = magnification
    let unit = SIMD2(Double(shape.columns), Double(shape.rows)) * h
    func frequency(_ k: SIMD2<Double>) -> SIMD2<Double> {
      magnification.isNone ? k / unit : magnification(k / unit)
    }
    let wavelength = electronWavelengthInAngstroms(kilovolts: voltageInKilovolts)
    func phase(_ aberrations: AntisymmetricAberrations, at k: SIMD2<Double>) -> Double {
      aberrations.phase(
        at: frequency(k), wavelengthInAngstroms: wavelength,
        sphericalAberrationInMillimetres: sphericalAberrationInMillimetres)
    }
    func factor(_ k: SIMD2<Double>) -> SIMD2<Double> {
      let phase = phase(aberrations, at: k)
      return SIMD2(Double.cos(phase), Double.sin(phase))
    }
    values = aberrations.isZero ? [] : Self.means(on: shape, of: factor)
    if isDifferentiable {
      // The phase is linear in the tilt: its slope is the phase of a milliradian.
      let slopes = try [SIMD2(1.0, 0), SIMD2(0, 1)].map { tilt in
        let unit = try AntisymmetricAberrations(beamTiltInMilliradians: tilt)
        return Self.means(on: shape) { k in
          let factor = factor(k)
          return SIMD2(-factor.y, factor.x) * phase(unit, at: k)
        }
      }
      tiltSlopes = (0..<slopes[0].count / 2).flatMap { entry in
        slopes.flatMap { [$0[2 * entry], $0[2 * entry + 1]] }
      }
    } else {
      tiltSlopes = []
    }
    phaseOffsets =
      symmetric.isZero
      ? []
      : (0..<(shape.rows + (shape.rows % 2 == 0 ? 1 : 0))).flatMap { row in
        let y = Double(row == shape.rows ? shape.rows / 2 : signedFrequency(row, of: shape.rows))
        return (0..<shape.spectrumColumns).map { symmetric.phase(at: frequency(SIMD2(Double($0), y))) }
      }
  }

  /// - Throws: `.mismatch` for factors of another shape or magnification than the plane's.
  func check(fits plane: ImageConfiguration) throws {
    guard shape == plane.paddedShape else {
      throw ExitPlaneError.mismatch(
        "aberrations of \(shape) are given for images computed in \(plane.paddedShape)",
        "compute them in the padded shape")
    }
    guard magnification == plane.magnification else {
      throw ExitPlaneError.mismatch(
        "aberrations are given for another magnification than the plane's", "compute them with the plane's")
    }
  }

  /// Complex numbers, real and imaginary parts in turn, of a function of the frequency in steps.
  private static func means(
    on shape: GridShape, of value: (SIMD2<Double>) -> SIMD2<Double>
  ) -> [Scalar] {
    var values: [Scalar] = []
    values.reserveCapacity(2 * shape.rows * shape.spectrumColumns)
    for row in 0..<shape.rows {
      for column in 0..<shape.spectrumColumns {
        let k = SIMD2(Double(column), Double(signedFrequency(row, of: shape.rows)))
        // A Nyquist frequency is +½ and −½ cycles at once: the mean of both keeps the image real.
        let xs = 2 * column == shape.columns ? [k.x, -k.x] : [k.x]
        let ys = 2 * row == shape.rows ? [k.y, -k.y] : [k.y]
        let all = ys.flatMap { y in xs.map { x in value(SIMD2(x, y)) } }
        let isSelfConjugate = (2 * row) % shape.rows == 0 && (2 * column) % shape.columns == 0
        let mean = all.reduce(SIMD2(0, 0), +) / Double(all.count)
        values.append(Scalar(mean.x))
        values.append(isSelfConjugate ? 0 : Scalar(mean.y))
      }
    }
    return values
  }

  /// Multiplies a half spectrum, real and imaginary parts in turn, by the factors.
  public func apply(to half: UnsafeMutablePointer<Scalar>) {
    values.withUnsafeBufferPointer { values in
      if let factors = values.baseAddress { multiplyComplex(half, by: factors, count: values.count / 2) }
    }
  }

  /// The transpose of `apply`: multiplies a cotangent, real and imaginary parts in turn, by the conjugate factors.
  public func pullBack(_ cotangent: UnsafeMutablePointer<Scalar>) {
    values.withUnsafeBufferPointer { values in
      if let factors = values.baseAddress {
        multiplyComplex(cotangent, byConjugatesOf: factors, count: values.count / 2)
      }
    }
  }

  /// `∂L/∂` of the beam tilt in x and y, per milliradian; zero where the factors are not differentiable.
  ///
  /// - Parameters:
  ///   - cotangent: of the half spectrum that `apply` made, before it was pulled back.
  ///   - half: what `apply` was given.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  public func pullBackBeamTilt(
    _ cotangent: UnsafePointer<Scalar>, through half: UnsafePointer<Scalar>
  ) -> SIMD2<Double> {
    tiltSlopes.withUnsafeBufferPointer { slopes in
      // A sum a parity of the entries: one waits for itself.
      var (even, odd) = (SIMD4<Double>(repeating: 0), SIMD4<Double>(repeating: 0))
      func part(_ entry: Int) -> SIMD4<Double> {
        let (g, h) = (2 &* entry, 2 &* entry &+ 1)
        let (gRe, gIm) = (Double(cotangent[g]), Double(cotangent[h]))
        let (re, im) = (Double(half[g]), Double(half[h]))
        let (along, across) = (gRe * re + gIm * im, gIm * re - gRe * im)
        let s = 4 &* entry
        return SIMD4(along, across, along, across)
          * SIMD4(
            Double(slopes[s]), Double(slopes[s &+ 1]), Double(slopes[s &+ 2]), Double(slopes[s &+ 3]))
      }
      let count = slopes.count / 4
      for pair in 0..<count / 2 {
        even += part(2 &* pair)
        odd += part(2 &* pair &+ 1)
      }
      if count % 2 == 1 { even += part(count - 1) }
      let sum = even + odd
      return SIMD2(sum[0] + sum[1], sum[2] + sum[3])
    }
  }
}
