/// The oversampled transform of a cubic map, deconvolved for a compact window, for interpolation to an
/// accuracy that is asked for.
///
/// A slice of it is a nonuniform Fourier transform of the map (type 2) at the plane's frequencies: the
/// direct sum `Σ v exp(−2πi k·r)` to a relative RMS error of `accuracy` even for white noise over the whole box,
/// which is the worst there is. Like that sum it is periodic: no neighbour is out of bounds.
///
/// - Source: the scheme of Barnett, Magland and af Klinteberg, "A parallel nonuniform fast Fourier transform
///   library based on an exponential of semicircle kernel", SIAM J. Sci. Comput. 41 (2019) C479–C504.
public struct FourierVoxelWindowVolume<Scalar: GridScalar>: FourierSliceVolume {
  /// Voxels an axis of the map.
  public let mapSize: Int
  /// Of the map.
  public let voxelSizeInAngstroms: Double
  /// The relative RMS error asked for.
  public let accuracy: Double
  /// The relative RMS error that white noise suffers, but for the rounding of sums: at most `accuracy`, or
  /// the precision's floor where that is larger.
  public let predictedError: Double
  /// Samples an axis that a point is interpolated from.
  public var windowWidth: Int { samples.window.width }
  /// The map's size an axis times the oversampling, 1.25 to 2 where it is chosen by cost.
  public let samples: FourierSamples<Scalar>
  private let preparation: MapPreparation<Scalar>
  public var sliceSize: Int { mapSize }

  /// Transforms a map.
  ///
  /// - Parameters:
  ///   - map: cubic, of even or odd size.
  ///   - accuracy: 1e-16 to 0.5; rounding sets a floor of 3e-6 in single and 1e-13 in double precision, and
  ///     less is granted to that floor.
  ///   - oversampling: samples of the grid to a voxel of the map, at least, 1.1 to 4; where not given, that of
  ///     the least cost.
  ///   - threads: how many at the most; the result does not depend on it.
  /// - Throws: `.unsupported` for a map that is not cubic, `.invalidValue` for an accuracy out of range or
  ///   beyond an oversampling, or a grid beyond memory.
  public init(
    _ map: RealVoxelGridVolume<Scalar>, accuracy: Double, oversampling: Double? = nil,
    threads: Int = availableProcessors
  ) throws {
    let size = try paddedGridSize(of: map, padScale: 1)
    try WindowKernel<Scalar>.validate(tolerance: accuracy)
    let choice: WindowGrid<Scalar>
    if let oversampling {
      try WindowKernel<Scalar>.validate(oversampling: oversampling)
      choice = try .make(mapSize: size, accuracy: accuracy, oversampling: oversampling)
    } else {
      choice = try WindowGrid.cheapest(mapSize: size, accuracy: accuracy)
    }
    let kernel = choice.kernel
    mapSize = size
    voxelSizeInAngstroms = map.voxelSizeInAngstroms
    self.accuracy = accuracy
    predictedError = kernel.predictedError

    let deconvolution = kernel.deconvolution(frequencies: size / 2 + 1, ofGridLength: choice.size)
    preparation = MapPreparation(
      size: size, voxelSizeInAngstroms: voxelSizeInAngstroms,
      axisWeights: (0..<size).map { Scalar(deconvolution[abs($0 - originOffset(size))]) }, filter: nil)
    let (grid, sum) = try preparation.transform(
      map, gridSize: choice.size, border: .window(width: kernel.width), threads: threads)
    grid.makeBorderPeriodic()
    samples = FourierSamples(
      grid: grid, interpolation: .window, window: try SliceWindow(kernel, period: choice.size),
      zeroFrequency: sum)
  }

  public func voxelGradient(
    of gradient: FourierSamplesGradient<Scalar>, threads: Int = availableProcessors
  ) throws -> [Scalar] {
    try requireGradient(gradient, of: samples)
    gradient.grid.foldPeriodicBorder()
    return try preparation.voxelGradient(of: gradient, threads: threads)
  }
}

/// A grid for a map and the window that keeps an accuracy on it.
struct WindowGrid<Scalar: GridScalar> {
  let size: Int
  let kernel: WindowKernel<Scalar>

  /// Nil where no window keeps the accuracy on a grid of that size.
  init?(mapSize: Int, accuracy: Double, size: Int) {
    let oversampling = Double(size) / Double(Self.cells(mapSize))
    // A kernel's polynomials may add a tenth to the error of a window that uses up the tolerance.
    let kernels = [accuracy, accuracy / 1.1].lazy.compactMap {
      WindowKernel<Scalar>(tolerance: $0, oversampling: oversampling, dimensions: 3)
    }
    let limit = max(accuracy, WindowKernel<Scalar>.floor)
    guard let kernel = kernels.first(where: { $0.predictedError <= limit }) else { return nil }
    self.kernel = kernel
    // A small grid still is wide enough for its border to be filled from it; the window errs less there.
    self.size = max(size, fastEvenLength(atLeast: Double(2 * kernel.width + 2)))
  }

  /// The width of the band that a window is chosen for.
  ///
  /// A window's error is an average over a band of frequencies. Voxels stand for cells of that band, and an
  /// even box has one at the very edge, half of whose cell lies beyond.
  private static func cells(_ mapSize: Int) -> Int { mapSize % 2 == 0 ? mapSize + 1 : mapSize }

  static func make(mapSize: Int, accuracy: Double, oversampling: Double) throws -> WindowGrid {
    let size = fastEvenLength(atLeast: Double(cells(mapSize)) * oversampling)
    guard let grid = WindowGrid(mapSize: mapSize, accuracy: accuracy, size: size) else {
      throw ExitPlaneError.invalid(
        "accuracy at an oversampling of \(oversampling)", got: "\(accuracy)",
        need: "larger, or the oversampling must be")
    }
    return grid
  }

  /// The grid on which a slice costs least among oversamplings of 1.25 to 2.
  static func cheapest(mapSize: Int, accuracy: Double) throws -> WindowGrid {
    let lengths = stride(from: 1.25, through: 2, by: 0.0625).map { Double(mapSize) * $0 }
    // The last is for the precision's floor, which the widest window reaches at 2 exactly.
    let sizes = (lengths + [2 * Double(cells(mapSize))]).map { fastEvenLength(atLeast: $0) }
    var best: WindowGrid?
    for (i, size) in sizes.enumerated() where i == 0 || size != sizes[i - 1] {
      // A larger grid may be cheaper, but is of no use where it cannot be held.
      if best != nil, size > largestHeldSize { break }
      guard let grid = WindowGrid(mapSize: mapSize, accuracy: accuracy, size: size) else { continue }
      if grid.cost(mapSize) < best?.cost(mapSize) ?? .infinity { best = grid }
    }
    guard let best else { throw ExitPlaneError.invalid("accuracy", got: "\(accuracy)", need: "larger") }
    return best
  }

  /// `HermitianGrid` holds this with the border of the widest window.
  private static var largestHeldSize: Int { 1600 }

  /// Relative cost of a slice: of every row of taps its vectors, and its share of the memory that a slice
  /// meets.
  ///
  /// Measured at boxes of 128 and 256, widths 3 to 9 and oversamplings 1.27 to 2.1, `width² (vectors + σ²)` is
  /// within a third of the times of the larger box; the smaller, in cache, would have σ count for less. It
  /// counts for half as much again because the grid's memory and its transform grow with σ³.
  private func cost(_ mapSize: Int) -> Double {
    let (width, oversampling) = (Double(kernel.width), Double(size) / Double(mapSize))
    return width * width * (Double((kernel.width + 3) / 4) + 1.5 * oversampling * oversampling)
  }
}

/// The smallest even length with no prime factor above 7.
func fastEvenLength(atLeast length: Double) -> Int {
  var candidate = max(2, Int(length.rounded(.up)))
  candidate += candidate % 2
  while true {
    var rest = candidate
    for factor in [2, 3, 5, 7] {
      while rest % factor == 0 { rest /= factor }
    }
    if rest == 1 { return candidate }
    candidate += 2
  }
}

extension SliceWindow {
  fileprivate init(_ kernel: WindowKernel<Scalar>, period: Int) throws {
    let polynomials = (0..<kernel.width).map { tap in
      (0...kernel.degree).map { kernel.coefficients[$0 * kernel.paddedWidth + tap] }
    }
    try self.init(polynomials: polynomials, period: Double(period))
  }
}

extension HermitianGrid.Border {
  /// Wide enough for all taps of a point within half a period of zero frequency, at x ≥ 0.
  fileprivate static func window(width: Int) -> Self {
    Self(leading: (width - 1) / 2, margin: width / 2 + 1, holdsRowsInPairs: width % 2 == 1 && width < 8)
  }
}
