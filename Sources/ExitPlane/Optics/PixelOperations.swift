/// Loops over pixels and spectra that optics need.

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func scale<Scalar: GridScalar>(
  _ pixels: UnsafeMutablePointer<Scalar>, count: Int, by slope: Scalar, adding offset: Scalar
) {
  for index in 0..<count { pixels[index] = pixels[index] * slope + offset }
}

@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func add<Scalar: GridScalar>(
  _ values: UnsafePointer<Scalar>, to sums: UnsafeMutablePointer<Scalar>, count: Int
) {
  for index in 0..<count { sums[index] += values[index] }
}

/// Multiplies `count` complex numbers, real and imaginary parts in turn, by others.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiplyComplex<Scalar: GridScalar>(
  _ values: UnsafeMutablePointer<Scalar>, by factors: UnsafePointer<Scalar>, count: Int
) {
  for index in 0..<count {
    let (a, b) = (factors[2 &* index], factors[2 &* index &+ 1])
    let (re, im) = (values[2 &* index], values[2 &* index &+ 1])
    values[2 &* index] = re * a - im * b
    values[2 &* index &+ 1] = re * b + im * a
  }
}

/// The transpose of `multiplyComplex`: by the conjugates of the factors.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiplyComplex<Scalar: GridScalar>(
  _ values: UnsafeMutablePointer<Scalar>, byConjugatesOf factors: UnsafePointer<Scalar>, count: Int
) {
  for index in 0..<count {
    let (a, b) = (factors[2 &* index], factors[2 &* index &+ 1])
    let (re, im) = (values[2 &* index], values[2 &* index &+ 1])
    values[2 &* index] = re * a + im * b
    values[2 &* index &+ 1] = im * a - re * b
  }
}

/// Multiplies complex numbers, real and imaginary parts in turn, by real ones.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func multiplyPairs<Scalar: GridScalar>(_ pairs: UnsafeMutablePointer<Scalar>, by factors: [Scalar]) {
  factors.withUnsafeBufferPointer { factors in
    for index in 0..<factors.count {
      pairs[2 &* index] *= factors[index]
      pairs[2 &* index &+ 1] *= factors[index]
    }
  }
}

/// The sum of pixels and of their squares, in double precision and four running sums each.
@specialized(where Scalar == Float)
@specialized(where Scalar == Double)
func sums<Scalar: GridScalar>(_ pixels: UnsafeBufferPointer<Scalar>) -> SIMD2<Double> {
  var (sum, squares) = (SIMD4<Double>(repeating: 0), SIMD4<Double>(repeating: 0))
  var index = 0
  while index &+ 4 <= pixels.count {
    let values = SIMD4(
      Double(pixels[index]), Double(pixels[index &+ 1]), Double(pixels[index &+ 2]),
      Double(pixels[index &+ 3]))
    sum += values
    squares += values * values
    index &+= 4
  }
  while index < pixels.count {
    let value = Double(pixels[index])
    sum[0] += value
    squares[0] += value * value
    index &+= 1
  }
  return SIMD2(sum.sum(), squares.sum())
}
