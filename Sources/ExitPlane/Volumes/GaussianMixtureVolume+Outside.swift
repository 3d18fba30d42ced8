import RealModule

/// What of a mixture an image or a map does not hold.
extension GaussianMixtureVolume {
  /// The share of the amplitudes (by magnitude) that stands farther from the origin than `radius`, and so
  /// leaves a box of twice that side in some pose.
  public func fractionOutside(radiusInAngstroms radius: Double) -> Double {
    fraction { dot($0, $0) > radius * radius }
  }

  /// What to tell someone who asks for an image too small for the mixture: how much of it leaves the image in
  /// some views and why, and the box that would hold it; nothing where it fits.
  public func warning(forImageOf shape: GridShape, pixelSizeInAngstroms h: Double) -> String? {
    let radius = Double(min(shape.rows, shape.columns)) / 2 * h
    let outside = fractionOutside(radiusInAngstroms: radius)
    guard outside > 0 else { return nil }
    let middle = middleInAngstroms
    let fitsWhenCentred = farthest(from: middle) <= radius
    let box = Self.pixels(2 * (farthest(from: .zero) / h + 1).rounded(.up))
    let share = Self.percent(outside)
    guard fitsWhenCentred else {
      return """
        \(share) % of the structure lies more than \(Self.hundredths(radius)) Å from the origin and leaves an \
        image of \(shape) pixels in some views; a box of \(box) pixels would hold it
        """
    }
    return """
      \(share) % of the structure lies more than \(Self.hundredths(radius)) Å from the origin and leaves an image \
      of \(shape) pixels in some views, because its middle is at \(Self.place(middle)): with the origin there it \
      would fit, or in a box of \(box) pixels
      """
  }

  /// The same of a map, which has one view and perhaps no cube's shape.
  public func warning(
    forMapOf shape: (depth: Int, rows: Int, columns: Int), voxelSizeInAngstroms h: Double
  ) -> String? {
    let sides = SIMD3(shape.columns, shape.rows, shape.depth)
    var (lower, upper) = (SIMD3<Double>(), SIMD3<Double>())
    for axis in 0..<3 {
      lower[axis] = (-Double(originOffset(sides[axis])) - 0.5) * h
      upper[axis] = lower[axis] + Double(sides[axis]) * h
    }
    let outside = fraction { r in (0..<3).contains { r[$0] < lower[$0] || r[$0] > upper[$0] } }
    guard outside > 0 else { return nil }
    let (least, most) = extentInAngstroms
    let fitsElsewhere = (0..<3).allSatisfy { most[$0] - least[$0] <= Double(sides[$0] - 1) * h }
    let reach = (0..<3).reduce(0) { max($0, abs(least[$1]), abs(most[$1])) }
    let box = Self.pixels(2 * (reach / h + 1).rounded(.up))
    let map = "a map of \(shape.depth) × \(shape.rows) × \(shape.columns) voxels"
    guard fitsElsewhere else {
      return "\(Self.percent(outside)) % of the structure lies outside \(map); one of \(box)³ would hold it"
    }
    let offset = middleInAngstroms - (lower + upper) / 2
    return """
      \(Self.percent(outside)) % of the structure lies outside \(map), because its middle is \(Self.place(offset)) \
      from the map's: moved there it would fit, or in a map of \(box)³
      """
  }

  // MARK: Measures

  private func fraction(_ isOutside: (SIMD3<Double>) -> Bool) -> Double {
    var (all, outside) = (0.0, 0.0)
    forEachPosition(in: positionsInAngstroms.indices) { i, amplitudes, _ in
      var sum = 0.0
      for a in amplitudes { sum += abs(a) }
      all += sum
      if isOutside(positionsInAngstroms[i]) { outside += sum }
    }
    return all > 0 ? outside / all : 0
  }

  private var extentInAngstroms: (lower: SIMD3<Double>, upper: SIMD3<Double>) {
    let first = positionsInAngstroms[0]
    return positionsInAngstroms.reduce((first, first)) { (pointwiseMin($0.0, $1), pointwiseMax($0.1, $1)) }
  }

  private var middleInAngstroms: SIMD3<Double> {
    let (lower, upper) = extentInAngstroms
    return (lower + upper) / 2
  }

  private func farthest(from centre: SIMD3<Double>) -> Double {
    positionsInAngstroms.reduce(0) { max($0, dot($1 - centre, $1 - centre)) }.squareRoot()
  }

  // MARK: Words

  private static func pixels(_ count: Double) -> Int { Int(min(count, 1e9)) }

  private static func hundredths(_ value: Double) -> Double { (value * 100).rounded() / 100 }

  private static func percent(_ fraction: Double) -> Double {
    (max(fraction, 0.0001) * 10000).rounded() / 100
  }

  private static func place(_ r: SIMD3<Double>) -> String {
    let (x, y, z) = ((r.x * 10).rounded() / 10, (r.y * 10).rounded() / 10, (r.z * 10).rounded() / 10)
    return "(\(x), \(y), \(z)) Å"
  }
}
