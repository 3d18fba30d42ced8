/// Sums of what images' cotangents weigh on the samples of a Fourier volume: the gradient of a real loss to the numbers
/// that are stored, until the volume carries it back to voxels (`FourierSliceVolume.voxelGradient`).
///
/// It takes the memory of the volume's grid once, whatever the number of images. Nothing guards it against threads that
/// write the same planes of the grid: each owns some (`slabs`).
public final class FourierSamplesGradient<Scalar: GridScalar>: @unchecked Sendable {
  let grid: HermitianGrid<Scalar>
  /// The sum of the cotangents of the transform at zero frequency, which slices take from the map's sum and not from
  /// the grid.
  var zeroFrequency = 0.0

  /// Zeros.
  ///
  /// - Throws: `.invalidValue` beyond memory.
  init(for samples: FourierSamples<Scalar>) throws {
    grid = try HermitianGrid(size: samples.grid.size, border: samples.grid.border)
  }

  /// Makes all sums zero, for another batch of images.
  public func reset(threads: Int = availableProcessors) {
    let planes = grid.planes
    parallelForEach(
      count: planes.count, threads: threads, workspace: { () },
      body: { index, _ in
        grid.plane(planes.lowerBound + index).update(repeating: 0)
      })
    zeroFrequency = 0
  }

  /// Parts of the grid along z of about equal work for slices of random orientation, for as many threads.
  ///
  /// A slice through the origin meets planes the more the nearer they are to it: a disc of radius r has `2 √(r² − z²)`
  /// of them at a height z where it stands upright, and over all orientations their number falls linearly to 0 at r.
  func slabs(_ count: Int) -> [Range<Int>] {
    let planes = grid.planes
    var bounds = [planes.lowerBound]
    for i in 1..<max(count, 2) where count > 1 {
      let share = Double(i) / Double(count)
      let height = share < 0.5 ? (2 * share).squareRoot() - 1 : 1 - (2 - 2 * share).squareRoot()
      let bound = Int((Double(grid.half) * height).rounded())
      if let last = bounds.last, bound > last { bounds.append(bound) }
    }
    bounds.append(planes.upperBound)
    return zip(bounds, bounds.dropFirst()).map { $0..<$1 }
  }
}
