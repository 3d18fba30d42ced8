import CKernels

/// The sums of the Gaussians of one set of groups.
final class GaussianSumSet<Scalar: GridScalar>: @unchecked Sendable {
  private let distortion: GaussianDistortion?
  /// Whose positions the groups' atoms are.
  private let centres: GaussianMixtureVolume
  private let groups: GaussianGroups<Scalar>
  /// By group and chunk: the first of the chunk's atoms in the group.
  private let bounds: [[Int]]
  private let chunkStarts: [Int]
  /// x, y, z, and of a distorted image the distance along its widest direction.
  private let positions: AlignedBuffer<Double>?
  /// By group: with respect to the kernel's amplitudes and scales.
  private let others: [(amplitudes: AlignedBuffer<Double>, scales: AlignedBuffer<Double>)]

  /// Whether no window needs scratch.
  var isNarrow: Bool { groups.groups.allSatisfy(\.narrow) }

  init(
    _ volume: GaussianMixtureVolume, _ distortion: GaussianDistortion?, _ groups: GaussianGroups<Scalar>,
    order: [UInt32]?, chunks: Int, positions wantsPositions: Bool, others wantsOthers: Bool
  ) throws {
    self.distortion = distortion
    self.groups = groups
    centres = distortion?.volume ?? volume
    let count = centres.positionsInAngstroms.count
    let starts = (0...chunks).map { $0 * count / chunks }
    chunkStarts = starts
    var ranks: [UInt32] = []
    if let order {
      ranks = [UInt32](repeating: 0, count: count)
      for (rank, atom) in order.enumerated() { ranks[Int(atom)] = UInt32(truncatingIfNeeded: rank) }
    }
    bounds = groups.groups.map { group in
      starts.map { start in
        group.atoms.partitionPoint(in: group.atoms.indices) {
          Int(ranks.isEmpty ? $0 : ranks[Int($0)]) >= start
        }
      }
    }
    positions =
      wantsPositions ? try AlignedBuffer(count: 4 * count, of: "a gradient of \(count) positions") : nil
    others =
      !wantsOthers
      ? []
      : try groups.groups.map {
        let numbers = $0.rank * $0.atoms.count
        return (
          try AlignedBuffer(count: numbers, of: "a gradient of \(numbers) amplitudes"),
          try AlignedBuffer(count: numbers, of: "a gradient of \(numbers) variances")
        )
      }
  }

  /// Adds what a look gives to a chunk's atoms, and to the look.
  ///
  /// - Parameters:
  ///   - positions: where a distorted image shows the Gaussians; for the thread to keep.
  func add(
    _ look: GaussianLook<Scalar>, chunk: Int, positions: inout [SIMD3<Double>],
    scratch: UnsafeMutablePointer<Scalar>?, into result: inout GaussianLook<Scalar>.Sums
  ) {
    var sums = ep_gaussian_sums()
    sums.positions = self.positions?.pointer
    if let distortion {
      if positions.count != centres.positionsInAngstroms.count { positions = centres.positionsInAngstroms }
      let range = chunkStarts[chunk]..<min(chunkStarts[chunk + 1], distortion.distances.count)
      distortion.place(range, at: look.rotation, into: &positions)
      let (column, row) = distortion.axes(at: look.rotation)
      let scale = SIMD2(look.view.columnAxis.0, look.view.rowAxis.1)
      sums.column = (column[0] * scale.x, column[1] * scale.x, column[2] * scale.x, column[3] * scale.x)
      sums.row = (row[0] * scale.y, row[1] * scale.y, row[2] * scale.y, row[3] * scale.y)
    } else {
      sums.column = look.view.columnAxis
      sums.row = look.view.rowAxis
      sums.plane = look.view.planeAxis
    }
    for (index, group) in groups.groups.enumerated() {
      var range = bounds[index][chunk]..<bounds[index][chunk + 1]
      if look.view.hasPlane != 0 {
        range = group.near(look.view, in: range, at: centres.positionsInAngstroms)
      }
      guard !range.isEmpty else { continue }
      if !others.isEmpty {
        sums.amplitudes = others[index].amplitudes.pointer + range.lowerBound * group.rank
        sums.scales = others[index].scales.pointer + range.lowerBound * group.rank
      }
      gather(
        group, range, at: distortion == nil ? centres.positionsInAngstroms : positions, look, scratch, &sums)
    }
    result.column += SIMD4(sums.columnSums.0, sums.columnSums.1, sums.columnSums.2, sums.columnSums.3)
    result.row += SIMD4(sums.rowSums.0, sums.rowSums.1, sums.rowSums.2, sums.rowSums.3)
  }

  private func gather(
    _ group: GaussianGroups<Scalar>.Group, _ range: Range<Int>, at positions: [SIMD3<Double>],
    _ look: GaussianLook<Scalar>, _ scratch: UnsafeMutablePointer<Scalar>?, _ sums: inout ep_gaussian_sums
  ) {
    var (view, band) = (look.view, look.cotangent.band)
    centres.positionsInAngstroms.withUnsafeBytes { points in
      sums.points = points.baseAddress?.assumingMemoryBound(to: Double.self)
      GaussianGroups.withDescriptor(group, range, at: positions) {
        Scalar.gatherGaussians($0, seenBy: &view, from: &band, scratch: scratch, into: &sums)
      }
      sums.points = nil
    }
  }

  // MARK: To the caller's terms

  func add(to gradient: inout GaussianMixtureVolume.Gradient, of volume: GaussianMixtureVolume) {
    guard let distortion else {
      if let positions {
        for i in gradient.positions.indices {
          gradient.positions[i] += SIMD3(
            positions.pointer[4 * i], positions.pointer[4 * i + 1], positions.pointer[4 * i + 2])
        }
      }
      let k = volume.gaussiansPerPosition
      addOthers(of: volume, stride: k, amplitudes: &gradient.amplitudes, variances: &gradient.variances)
      return
    }
    let count = centres.positionsInAngstroms.count
    let numbers = others.isEmpty ? 0 : count
    var amplitudes = [Double](repeating: 0, count: numbers)
    var variances = amplitudes
    addOthers(of: centres, stride: 1, amplitudes: &amplitudes, variances: &variances)
    distortion.pullBack(
      positions: positions?.pointer, amplitudes: amplitudes, variances: variances, of: volume, into: &gradient
    )
  }

  /// By the chain rule from the kernel's amplitudes and scales.
  private func addOthers(
    of volume: GaussianMixtureVolume, stride: Int, amplitudes: inout [Double], variances: inout [Double]
  ) {
    guard !others.isEmpty else { return }
    groups.forEachGaussian(of: volume) { place, amplitude, variance in
      let slopes = groups.slopes(variance: variance)
      let sum = others[place.group].amplitudes.pointer[place.index]
      let target = place.position * stride + place.gaussian
      amplitudes[target] += slopes.amplitude * sum
      variances[target] +=
        slopes.scale * others[place.group].scales.pointer[place.index]
        + amplitude * slopes.amplitudeChange * sum
    }
  }
}
