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

    /// The atoms of a range, which are ordered by depth, that may reach the view's plane.
    func near(_ view: ep_gaussian_view, in range: Range<Int>, at positions: [SIMD3<Double>]) -> Range<Int> {
      // One voxel more than the reach, so that rounding cannot leave out what the kernel would add.
      let reach = Double(largestReach) + 1
      let plane = Double(view.plane)
      let height = { (atom: UInt32) in positions[Int(atom)].z * view.planeAxis.2 + view.planeAxis.3 }
      let first = atoms.partitionPoint(in: range) { height($0) >= plane - reach }
      return first..<atoms.partitionPoint(in: first..<range.upperBound) { height($0) > plane + reach }
    }
  }

  let groups: [Group]
  private let rule: WindowRule<Scalar>
  /// Of the positions, if not their own.
  private let order: [UInt32]?

  /// - Parameters:
  ///   - axes: 2 for a projection, 3 for a map.
  ///   - accuracy: of each Gaussian's peak.
  ///   - order: of the positions; sums are formed in this order.
  ///   - ofAmplitudeZero: takes the Gaussians of amplitude 0, which no image shows, in place of the others.
  /// - Throws: `.invalidValue` when there is no memory for tables.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  init(
    _ volume: GaussianMixtureVolume, pixelSizeInAngstroms h: Double, axes: Int,
    useErrorFunctions: Bool, accuracy: Double, order: [UInt32]? = nil, ofAmplitudeZero: Bool = false
  ) throws {
    let rule = WindowRule<Scalar>(
      pixelSize: h, axes: axes, useErrorFunctions: useErrorFunctions, accuracy: accuracy,
      ofAmplitudeZero: ofAmplitudeZero)
    self.rule = rule
    self.order = order
    let ranks = Int(EP_GAUSSIAN_RANK)
    var groups = (0..<(4 * ranks)).map {
      Group(rank: $0 % ranks + 1, average: $0 / ranks % 2 == 1, narrow: $0 / ranks < 2)
    }
    if let typical = Self.typicalGroup(volume, rule) {
      let count = volume.positionsInAngstroms.count
      groups[typical].atoms.reserveCapacity(count)
      groups[typical].reaches.reserveCapacity(count)
      groups[typical].parameters.reserveCapacity(2 * groups[typical].rank * count)
    }
    Self.forEachRun(of: volume, rule, order) { i, _, _, windows, run, index in
      var reach: Int32 = 0
      for window in windows[run] {
        groups[index].parameters.append(window.scale)
        reach = max(reach, window.reach)
      }
      for window in windows[run] { groups[index].parameters.append(window.amplitude) }
      groups[index].atoms.append(UInt32(truncatingIfNeeded: i))
      groups[index].reaches.append(reach)
      groups[index].largestReach = max(groups[index].largestReach, reach)
    }
    self.groups = try groups.filter { !$0.atoms.isEmpty }.map { group in
      var group = group
      group.tables = try GaussianTables(group)
      return group
    }
  }

  /// Calls `body` with a position's index, its amplitudes and variances, the windows of its Gaussians, the range of
  /// those that are added together and the group that they belong to, of all groups there could be.
  @inline(__always)
  private static func forEachRun(
    of volume: GaussianMixtureVolume, _ rule: WindowRule<Scalar>, _ order: [UInt32]?,
    _ body: (
      Int, UnsafeBufferPointer<Double>, UnsafeBufferPointer<Double>, [WindowRule<Scalar>.Window], Range<Int>,
      Int
    ) -> Void
  ) {
    var windows: [WindowRule<Scalar>.Window] = []
    let split = { (i: Int, amplitudes: UnsafeBufferPointer<Double>, variances: UnsafeBufferPointer<Double>) in
      rule.windows(amplitudes, variances, into: &windows)
      var first = 0
      while first < windows.count {
        let (end, group) = run(of: windows, from: first)
        body(i, amplitudes, variances, windows, first..<end, group)
        first = end
      }
    }
    if let order {
      volume.forEachPosition(in: order.lazy.map { Int($0) }, split)
    } else {
      volume.forEachPosition(in: volume.positionsInAngstroms.indices, split)
    }
  }

  /// The Gaussians from `first` on that are added together, and the group they belong to.
  @inline(__always)
  private static func run(
    of windows: [WindowRule<Scalar>.Window], from first: Int
  ) -> (end: Int, group: Int) {
    let ranks = Int(EP_GAUSSIAN_RANK)
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
    _ volume: GaussianMixtureVolume, _ rule: WindowRule<Scalar>
  ) -> Int? {
    var result: Int?
    volume.forEachPosition(in: 0..<1) { _, amplitudes, variances in
      var windows: [WindowRule<Scalar>.Window] = []
      rule.windows(amplitudes, variances, into: &windows)
      if !windows.isEmpty { result = run(of: windows, from: 0).group }
    }
    return result
  }

  /// Where the groups have the Gaussians of the volume that they were made of.
  struct Place {
    let position: Int
    /// Its number at the position.
    let gaussian: Int
    let group: Int
    /// Which of the group's Gaussians it is.
    let index: Int
  }

  /// Calls `body` with the place of every Gaussian, its amplitude and its variance, by position.
  func forEachGaussian(of volume: GaussianMixtureVolume, _ body: (Place, Double, Double) -> Void) {
    let ranks = Int(EP_GAUSSIAN_RANK)
    var places = [Int](repeating: 0, count: 4 * ranks)
    for (place, group) in groups.enumerated() {
      places[(group.narrow ? 0 : 2 * ranks) + (group.average ? ranks : 0) + group.rank - 1] = place
    }
    var next = [Int](repeating: 0, count: groups.count)
    Self.forEachRun(of: volume, rule, order) { position, amplitudes, variances, windows, run, group in
      let place = places[group]
      for window in windows[run] {
        let i = Int(window.gaussian)
        body(
          Place(position: position, gaussian: i, group: place, index: next[place]), amplitudes[i],
          variances[i])
        next[place] += 1
      }
    }
  }

  /// What the numbers that the kernel computes with change with a Gaussian's own.
  func slopes(variance: Double) -> WindowRule<Scalar>.Slopes { rule.slopes(variance: variance) }

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
    /// Which of the position's Gaussians it is of.
    let gaussian: Int32
  }

  /// Derivatives of a window's numbers.
  struct Slopes {
    /// Of the amplitude with the Gaussian's, whose multiple it is.
    let amplitude: Double
    /// Of that with the variance.
    let amplitudeChange: Double
    /// Of the scale with the variance.
    let scale: Double
  }

  /// The widest reach of a narrow window: fifteen pixels.
  static var narrowReach: Int32 { EP_GAUSSIAN_LANES / 2 - 1 }

  let pixelSize: Double
  let axes: Int
  let useErrorFunctions: Bool
  /// How many standard deviations from the centre a Gaussian falls to the accuracy.
  let deviations: Double
  let largestReach: Double
  let ofAmplitudeZero: Bool

  init(pixelSize: Double, axes: Int, useErrorFunctions: Bool, accuracy: Double, ofAmplitudeZero: Bool) {
    self.ofAmplitudeZero = ofAmplitudeZero
    self.pixelSize = pixelSize
    self.axes = axes
    self.useErrorFunctions = useErrorFunctions
    deviations = (2 * Double.log(1 / accuracy)).squareRoot()
    // Beyond any image; kept small so that pixel numbers fit 32 bits with room to spare.
    largestReach = Double(4 * GridShape.largestAxis)
  }

  /// The windows of a position's Gaussians, similar ones next to each other; none of amplitude 0, or only those.
  @inline(__always)
  func windows(
    _ amplitudes: UnsafeBufferPointer<Double>, _ variances: UnsafeBufferPointer<Double>,
    into windows: inout [Window]
  ) {
    windows.removeAll(keepingCapacity: true)
    for i in amplitudes.indices where (amplitudes[i] == 0) == ofAmplitudeZero {
      let window = self.window(i, amplitude: amplitudes[i], variance: variances[i])
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
  private func window(_ gaussian: Int, amplitude: Double, variance: Double) -> Window {
    let (variance, average) = computed(variance)
    let reach = min(deviations * variance.squareRoot() / pixelSize + (average ? 1 : 0.5), largestReach)
    let whole = Int32(reach)
    return Window(
      scale: Scalar(scale(variance, average)), amplitude: Scalar(weight(amplitude, variance, average)),
      reach: whole,
      octave: whole <= Self.narrowReach
        ? 0 : Int32(Int32.bitWidth - (whole >> 3).leadingZeroBitCount), average: average,
      gaussian: Int32(truncatingIfNeeded: gaussian))
  }

  /// Narrower than this, a Gaussian is all in one pixel; the floor keeps every number finite.
  @inline(__always)
  private var leastVariance: Double { 1e-12 * pixelSize * pixelSize }

  /// The variance of what is computed for a Gaussian, and whether that is an average over a pixel.
  @inline(__always)
  private func computed(_ variance: Double) -> (variance: Double, average: Bool) {
    let h = pixelSize
    let variance = max(variance, leastVariance)
    guard useErrorFunctions, Scalar.self == Float.self, variance > 64 * h * h else {
      return (variance, useErrorFunctions)
    }
    // The difference of two error functions loses digits where a pixel is a small part of the Gaussian.
    // Its mean over a pixel is there a point of a Gaussian wider by the pixel's own variance, to
    // (h/σ)⁴/960 of its peak, 2.5e-7 at 8 pixels.
    return (variance + h * h / 12, false)
  }

  @inline(__always)
  private func scale(_ variance: Double, _ average: Bool) -> Double {
    average
      ? pixelSize / (2 * variance).squareRoot() : pixelSize * (0.5 / Double.log(2) / variance).squareRoot()
  }

  @inline(__always)
  private func weight(_ amplitude: Double, _ variance: Double, _ average: Bool) -> Double {
    var weight = amplitude
    for _ in 0..<axes { weight /= average ? 2 * pixelSize : (2 * .pi * variance).squareRoot() }
    return weight
  }

  func slopes(variance given: Double) -> Slopes {
    let (variance, average) = computed(given)
    let amplitude = weight(1, variance, average)
    // Below the floor nothing changes.
    let change = given < leastVariance ? 0 : -0.5 / variance
    return Slopes(
      amplitude: amplitude, amplitudeChange: average ? 0 : amplitude * Double(axes) * change,
      scale: scale(variance, average) * change)
  }
}

extension [UInt32] {
  /// The first index of a range from which on a condition holds that, once true, stays so; the end if it never does.
  func partitionPoint(in range: Range<Int>, _ condition: (UInt32) -> Bool) -> Int {
    var (low, high) = (range.lowerBound, range.upperBound)
    while low < high {
      let middle = low + (high - low) / 2
      if condition(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
