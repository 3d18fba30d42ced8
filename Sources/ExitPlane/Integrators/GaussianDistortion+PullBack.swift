import RealModule

/// The way back from the Gaussians in rows to those they stand for.
extension GaussianDistortion {
  /// What the image's x and y change with x, y, z of a centre and with the distance from it.
  func axes(at rotation: Rotation) -> (x: SIMD4<Double>, y: SIMD4<Double>) {
    let axes = ImageAxes(rotation, magnification)
    return (SIMD4(axes.x, direction.x), SIMD4(axes.y, direction.y))
  }

  /// Adds to a gradient of the volume that the distortion was made of.
  ///
  /// - Parameters:
  ///   - positions: four numbers for each of the rows' Gaussians: with respect to x, y, z of its centre and to its
  ///     distance; nil where nothing changes with them.
  ///   - amplitudes: one for each, or none.
  ///   - variances: as many.
  func pullBack(
    positions: UnsafePointer<Double>?, amplitudes: [Double], variances: [Double],
    of volume: GaussianMixtureVolume,
    into gradient: inout GaussianMixtureVolume.Gradient
  ) {
    var source = 0
    volume.forEachPosition(in: volume.positionsInAngstroms.indices) { index, weights, widths in
      for i in weights.indices where (weights[i] == 0) == ofAmplitudeZero {
        // A distance is node · √(difference · variance).
        let stretch = (difference / widths[i]).squareRoot() / 2
        let target = index * volume.gaussiansPerPosition + i
        for (node, weight) in zip(nodes.nodes, nodes.weights) {
          if let here = positions.map({ $0 + 4 * source }) {
            gradient.positions[index] += SIMD3(here[0], here[1], here[2])
            if !variances.isEmpty { gradient.variances[target] += here[3] * node * stretch }
          }
          if !amplitudes.isEmpty {
            gradient.amplitudes[target] += weight * amplitudes[source]
            gradient.variances[target] += narrow * variances[source]
          }
          source += 1
        }
      }
    }
  }
}
