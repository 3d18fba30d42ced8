import CKernels
import RealModule

/// A mixture as the kernel wants it for one pixel size: positions in groups of equal rank and window.
///
/// Each Gaussian is computed within a window beyond which it is below `accuracy` of its peak; the window is
/// a square, so what it leaves out of the Gaussian's sum is less than that too. At a position, Gaussians
/// of similar windows are added together, up to `EP_GAUSSIAN_RANK` of them; most windows have at most
/// fifteen pixels and take the short way through the kernel.
struct GaussianGroups<Scalar: GridScalar>: Sendable {
  struct Group: Sendable {
    let rank: Int
    let average: Bool
    let narrow: Bool
    var atoms: [UInt32] = []
    var reaches: [Int32] = []
    /// For each atom `rank` scales, then `rank` amplitudes; see `ep_gaussians`.
    var parameters: [Scalar] = []
    var largestReach: Int32 = 0
    var tables: GaussianTables<Scalar>?
  }

  let groups: [Group]

  /// - Parameters:
  ///   - axes: 2 for a projection, 3 for a map.
  ///   - accuracy: of each Gaussian's peak.
  ///   - order: of the positions; sums are formed in this order.
  /// - Throws: `.invalidValue` when there is no memory for tables.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  init(
    _ volume: GaussianMixtureVolume, pixelSizeInAngstroms h: Double, axes: Int,
    useErrorFunctions: Bool, accuracy: Double, order: [UInt32]? = nil
  ) throws {
    let rule = WindowRule<Scalar>(
      pixelSize: h, axes: axes, useErrorFunctions: useErrorFunctions, accuracy: accuracy)
    let ranks = Int(EP_GAUSSIAN_RANK)
    var groups = (0..<(4 * ranks)).map {
      Group(rank: $0 % ranks + 1, average: $0 / ranks % 2 == 1, narrow: $0 / ranks < 2)
    }
    if let typical = Self.typicalGroup(volume, rule, ranks) {
      let count = volume.positionsInAngstroms.count
      groups[typical].atoms.reserveCapacity(count)
      groups[typical].reaches.reserveCapacity(count)
      groups[typical].parameters.reserveCapacity(2 * groups[typical].rank * count)
    }
    var windows: [WindowRule<Scalar>.Window] = []
    let add = { (i: Int, amplitudes: UnsafeBufferPointer<Double>, variances: UnsafeBufferPointer<Double>) in
      rule.windows(amplitudes, variances, into: &windows)
      var first = 0
      while first < windows.count {
        let (end, index) = Self.run(of: windows, from: first, ranks)
        var reach: Int32 = 0
        for window in windows[first..<end] {
          groups[index].parameters.append(window.scale)
          reach = max(reach, window.reach)
        }
        for window in windows[first..<end] { groups[index].parameters.append(window.amplitude) }
        groups[index].atoms.append(UInt32(truncatingIfNeeded: i))
        groups[index].reaches.append(reach)
        groups[index].largestReach = max(groups[index].largestReach, reach)
        first = end
      }
    }
    if let order {
      volume.forEachPosition(in: order.lazy.map { Int($0) }, add)
    } else {
      volume.forEachPosition(in: volume.positionsInAngstroms.indices, add)
    }
    self.groups = try groups.filter { !$0.atoms.isEmpty }.map { group in
      var group = group
      group.tables = try GaussianTables(group)
      return group
    }
  }

  /// The Gaussians from `first` on that are added together, and the group they belong to.
  @inline(__always)
  private static func run(
    of windows: [WindowRule<Scalar>.Window], from first: Int, _ ranks: Int
  ) -> (end: Int, group: Int) {
    let head = windows[first]
    var end = first + 1
    while end < windows.count, end - first < ranks, windows[end].octave == head.octave,
      windows[end].average == head.average
    {
      end += 1
    }
    return (
      end, (head.octave == 0 ? 0 : 2 * ranks) + (head.average ? ranks : 0) + end - first - 1
    )
  }

  /// The group of the first position's widest Gaussians, whose arrays are better not grown by doubling.
  private static func typicalGroup(
    _ volume: GaussianMixtureVolume, _ rule: WindowRule<Scalar>, _ ranks: Int
  ) -> Int? {
    var result: Int?
    volume.forEachPosition(in: 0..<1) { _, amplitudes, variances in
      var windows: [WindowRule<Scalar>.Window] = []
      rule.windows(amplitudes, variances, into: &windows)
      if !windows.isEmpty { result = run(of: windows, from: 0, ranks).group }
    }
    return result
  }

  /// Calls `body` with a range of a group's atoms in C's terms.
  static func withDescriptor(
    _ group: Group, _ range: Range<Int>, at positions: [SIMD3<Double>],
    _ body: (UnsafePointer<ep_gaussians>) -> Void
  ) {
    positions.withUnsafeBytes { positions in
      group.atoms.withUnsafeBufferPointer { atoms in
        group.reaches.withUnsafeBufferPointer { reaches in
          group.parameters.withUnsafeBufferPointer { parameters in
            guard let positions = positions.baseAddress, let atoms = atoms.baseAddress,
              let reaches = reaches.baseAddress, let parameters = parameters.baseAddress
            else { return }
            var descriptor = ep_gaussians(
              positions: positions.assumingMemoryBound(to: Double.self), atoms: atoms + range.lowerBound,
              reaches: reaches + range.lowerBound,
              parameters: UnsafeRawPointer(parameters + 2 * group.rank * range.lowerBound), kinds: nil,
              tables: nil, count: Int64(range.count), rank: Int32(group.rank),
              average: group.average ? 1 : 0, narrow: group.narrow ? 1 : 0, degree: 0)
            guard let tables = group.tables else { return withUnsafePointer(to: &descriptor, body) }
            tables.kinds.withUnsafeBufferPointer { kinds in
              descriptor.kinds = kinds.baseAddress.map { $0 + range.lowerBound }
              descriptor.tables = UnsafeRawPointer(tables.coefficients.pointer)
              descriptor.degree = Int32(tables.degree)
              withUnsafePointer(to: &descriptor, body)
            }
          }
        }
      }
    }
  }
}

/// From amplitude and variance to what the kernel computes with.
struct WindowRule<Scalar: GridScalar>: Sendable {
  struct Window {
    let scale: Scalar
    let amplitude: Scalar
    /// Pixels on each side of the nearest one.
    let reach: Int32
    /// Windows of an octave are within a factor of two of each other; the narrow ones are 0.
    let octave: Int32
    let average: Bool
  }

  /// The widest reach of a narrow window: fifteen pixels.
  static var narrowReach: Int32 { EP_GAUSSIAN_LANES / 2 - 1 }

  let pixelSize: Double
  let axes: Int
  let useErrorFunctions: Bool
  /// How many standard deviations from the centre a Gaussian falls to the accuracy.
  let deviations: Double
  let largestReach: Double

  init(pixelSize: Double, axes: Int, useErrorFunctions: Bool, accuracy: Double) {
    self.pixelSize = pixelSize
    self.axes = axes
    self.useErrorFunctions = useErrorFunctions
    deviations = (2 * Double.log(1 / accuracy)).squareRoot()
    // Beyond any image; kept small so that pixel numbers fit 32 bits with room to spare.
    largestReach = Double(4 * GridShape.largestAxis)
  }

  /// The windows of a position's Gaussians, similar ones next to each other; none of amplitude 0.
  @inline(__always)
  func windows(
    _ amplitudes: UnsafeBufferPointer<Double>, _ variances: UnsafeBufferPointer<Double>,
    into windows: inout [Window]
  ) {
    windows.removeAll(keepingCapacity: true)
    for i in amplitudes.indices where amplitudes[i] != 0 {
      let window = self.window(amplitude: amplitudes[i], variance: variances[i])
      // Insertion keeps equals in order and is quick for five.
      var place = windows.count
      while place > 0, Self.isBefore(window, windows[place - 1]) { place -= 1 }
      windows.insert(window, at: place)
    }
  }

  @inline(__always)
  private static func isBefore(_ a: Window, _ b: Window) -> Bool {
    a.octave != b.octave ? a.octave < b.octave : !a.average && b.average
  }

  @inline(__always)
  private func window(amplitude: Double, variance: Double) -> Window {
    let h = pixelSize
    // Narrower than this, a Gaussian is all in one pixel; the floor keeps every number finite.
    var variance = max(variance, 1e-12 * h * h)
    var average = useErrorFunctions
    if average, Scalar.self == Float.self, variance > 64 * h * h {
      // The difference of two error functions loses digits where a pixel is a small part of the Gaussian.
      // Its mean over a pixel is there a point of a Gaussian wider by the pixel's own variance, to
      // (h/σ)⁴/960 of its peak, 2.5e-7 at 8 pixels.
      variance += h * h / 12
      average = false
    }
    let reach = min(deviations * variance.squareRoot() / h + (average ? 1 : 0.5), largestReach)
    let scale: Double
    var weight = amplitude
    if average {
      scale = h / (2 * variance).squareRoot()
      for _ in 0..<axes { weight /= 2 * h }
    } else {
      scale = h * (0.5 / Double.log(2) / variance).squareRoot()
      for _ in 0..<axes { weight /= (2 * .pi * variance).squareRoot() }
    }
    let whole = Int32(reach)
    return Window(
      scale: Scalar(scale), amplitude: Scalar(weight), reach: whole,
      octave: whole <= Self.narrowReach
        ? 0 : Int32(Int32.bitWidth - (whole >> 3).leadingZeroBitCount), average: average)
  }
}
