import RealModule

/// How a nonuniform transform is computed; what is nil or automatic is chosen by cost.
public struct NonuniformFFTOptions: Sendable, Hashable {
  /// Whether points are sorted into tiles of the grid before they are spread.
  public enum Sorting: String, Sendable, Hashable, CaseIterable {
    /// Where there are enough points and the grid exceeds the nearest caches.
    case automatic
    /// Sorted, always.
    case always
    /// In the caller's order.
    case never
  }

  /// Samples of the grid that points are spread on over those of the result, 1.1 to 4 (FINUFFT's
  /// `upsampfac`); grids are then enlarged to lengths that FFTs like.
  public var oversampling: Double?
  /// Samples that a point is spread over on each axis, 2 to 16; replaces the accuracy.
  public var windowWidth: Int?
  /// When points are sorted; results differ by rounding alone.
  public var sorting: Sorting
  /// Threads within one transform. Many projections are better spread over threads one by one.
  public var threads: Int

  /// The defaults suit any points and one thread.
  public init(
    oversampling: Double? = nil, windowWidth: Int? = nil, sorting: Sorting = .automatic, threads: Int = 1
  ) {
    self.oversampling = oversampling
    self.windowWidth = windowWidth
    self.sorting = sorting
    self.threads = threads
  }
}

/// The finer grid of a nonuniform transform and the window that goes with it.
struct NonuniformGrid<Scalar: GridScalar>: Sendable {
  /// In the order of the modes they were chosen for.
  let lengths: [Int]
  let kernel: WindowKernel<Scalar>

  /// Chooses the grid that costs least for some number of points.
  ///
  /// - Throws: `.invalidValue` for options or an accuracy out of range, `.unsupported` where the
  ///   oversampling asked for cannot reach the accuracy.
  init(modes: [Int], accuracy: Double, options: NonuniformFFTOptions, points: Int) throws {
    try WindowKernel<Scalar>.validate(tolerance: accuracy)
    if let oversampling = options.oversampling {
      try WindowKernel<Scalar>.validate(oversampling: oversampling)
    }
    guard (1...1024).contains(options.threads) else {
      throw ExitPlaneError.invalid("number of threads", got: "\(options.threads)", need: "1 to 1024")
    }
    var best: (cost: Double, lengths: [Int], choice: WindowChoice)?
    for factor in options.oversampling.map({ [$0] }) ?? [1.25, 1.5, 1.75, 2] {
      let lengths = modes.map {
        fastTransformLength(atLeast: max(Int((factor * Double($0)).rounded(.up)), 16))
      }
      if let best, best.lengths == lengths { continue }
      let actual = zip(lengths, modes).map { Double($0) / Double($1) }.min() ?? factor
      let setting = WindowKernel<Scalar>.setting(
        oversampling: min(actual, 4), dimensions: modes.count, modes: modes.min() ?? 1)
      let choice =
        if let width = options.windowWidth {
          try WindowChoice(width: width, for: setting)
        } else {
          WindowChoice(tolerance: WindowKernel<Scalar>.aim(tolerance: accuracy), for: setting)
        }
      guard let choice else { continue }
      let cost = Self.cost(lengths: lengths, width: choice.window.width, points: points)
      if cost < best?.cost ?? .infinity { best = (cost, lengths, choice) }
    }
    guard let best else {
      throw ExitPlaneError(
        .unsupported,
        "no window reaches an accuracy of \(accuracy) in \(Scalar.precisionName) precision at an oversampling of \(options.oversampling ?? 2); an oversampling of 2 reaches \(WindowKernel<Scalar>.floor)"
      )
    }
    lengths = best.lengths
    kernel = WindowKernel(best.choice)
  }

  /// Nanoseconds on one core, roughly: what weighs FFTs against points. Measured with FFTW 3.3.10 and our
  /// kernels on an Intel Xeon (Sapphire Rapids); points on a line of 8 lanes, 16 at most.
  static func cost(lengths: [Int], width: Int, points: Int) -> Double {
    let samples = lengths.reduce(1.0) { $0 * Double($1) }
    let bytes = Double(MemoryLayout<Scalar>.stride)
    // In two dimensions by lines side by side, in three by strips of columns.
    let transform = bytes * samples * (lengths.count == 2 ? 0.4 : 0.25 + 0.02 * Double.log2(samples))
    let rows = Double.pow(Double(width), lengths.count - 1)
    let lanes = Double(WindowKernel<Scalar>.paddedWidth(width))
    // A row is one vector up to 32 bytes and in proportion beyond, evaluating the taps like two more.
    let vectors = max(1, lanes * bytes / 32)
    return transform + Double(points) * (2 + 0.65 * (rows + 2) * vectors)
  }
}

/// A length of at least `minimum` that FFTW is quick at: a power of two, 16 or more but for short ones, times 1,
/// 3, 5 or 25. With 9 and 15 a sample takes two to three times as long: a line of 480 takes 1.1 µs, one of 512
/// 0.46 and one of 384 0.35.
func fastTransformLength(atLeast minimum: Int) -> Int {
  var best = Int.max
  for odd in [1, 3, 5, 25] {
    var length = odd * (minimum > 64 ? 16 : 2)
    while length < minimum { length *= 2 }
    best = min(best, length)
  }
  return best
}
