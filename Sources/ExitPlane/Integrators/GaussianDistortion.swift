import RealModule

/// A mixture as a distorted image shows it, from isotropic Gaussians.
///
/// An isotropic Gaussian of variance σ² is seen as one of covariance `σ² MᵀM`: along its narrow axis as narrow as one
/// of variance `σ² λ₂`, the smaller eigenvalue, and along its wide axis the convolution of that with a Gaussian of
/// variance `σ² (λ₁ − λ₂)`. Gauss–Hermite quadrature makes of this convolution a sum of a few isotropic Gaussians
/// in a row: three for a distortion of 1 % and an accuracy of 1e-6.
struct GaussianDistortion: Sendable {
  /// Amplitudes and variances of the Gaussians in rows; the positions are those of their centres, unrotated.
  let volume: GaussianMixtureVolume
  /// How far each is from its centre, in ångströms along `direction`.
  let distances: [Double]
  /// The image's most stretched direction.
  let direction: SIMD2<Double>
  let magnification: AnisotropicMagnification
  let nodes: GaussHermite
  /// λ₂ and λ₁ − λ₂.
  let narrow: Double
  let difference: Double
  let ofAmplitudeZero: Bool

  /// - Parameter ofAmplitudeZero: takes the Gaussians of amplitude 0, which no image shows, in place of the others.
  /// - Throws: `.invalidValue` for a mixture that becomes too large.
  init(
    _ volume: GaussianMixtureVolume, by magnification: AnisotropicMagnification, accuracy: Double,
    ofAmplitudeZero: Bool = false
  ) throws {
    self.magnification = magnification
    self.ofAmplitudeZero = ofAmplitudeZero
    let (least, most) = magnification.stretches
    let (narrow, difference) = (least * least, max(0, most * most - least * least))
    (self.narrow, self.difference) = (narrow, difference)
    direction = Self.widestDirection(magnification)
    // The error of n nodes is at most (r / (2 + r))ⁿ of the peak, r = (λ₁ − λ₂) / λ₂.
    let rate = difference / (2 * narrow + difference)
    let count = rate < accuracy ? 1 : Int((Double.log(accuracy) / Double.log(rate)).rounded(.up))
    let nodes = GaussHermite(count)
    self.nodes = nodes
    var positions: [SIMD3<Double>] = []
    var (amplitudes, variances, distances) = ([Double](), [Double](), [Double]())
    volume.forEachPosition(in: volume.positionsInAngstroms.indices) { index, weights, widths in
      for i in weights.indices where (weights[i] == 0) == ofAmplitudeZero {
        for (node, weight) in zip(nodes.nodes, nodes.weights) {
          positions.append(volume.positionsInAngstroms[index])
          amplitudes.append(weights[i] * weight)
          variances.append(widths[i] * narrow)
          distances.append(node * (widths[i] * difference).squareRoot())
        }
      }
    }
    self.distances = distances
    guard !positions.isEmpty else {
      // Every amplitude is 0: so is the image.
      self.volume = volume
      return
    }
    self.volume = try GaussianMixtureVolume(
      positions: positions, gaussiansPerPosition: 1, amplitudes: amplitudes, variances: variances)
  }

  /// Where the image shows the Gaussians, without the pose's shift: `(x, y, 0)` in ångströms.
  func positions(at rotation: Rotation, into positions: inout [SIMD3<Double>]) {
    if positions.count != distances.count {
      positions = [SIMD3<Double>](repeating: SIMD3(0, 0, 0), count: distances.count)
    }
    place(distances.indices, at: rotation, into: &positions)
  }

  /// The same of some of them; `positions` has room for all.
  func place(_ range: Range<Int>, at rotation: Rotation, into positions: inout [SIMD3<Double>]) {
    let axes = ImageAxes(rotation, magnification)
    for i in range {
      let (centre, distance) = (volume.positionsInAngstroms[i], distances[i])
      positions[i] = SIMD3(
        dot(axes.x, centre) + distance * direction.x, dot(axes.y, centre) + distance * direction.y, 0)
    }
  }

  /// The eigenvector of `MᵀM` of the larger eigenvalue.
  private static func widestDirection(_ m: AnisotropicMagnification) -> SIMD2<Double> {
    let xx = m.firstRow.x * m.firstRow.x + m.secondRow.x * m.secondRow.x
    let yy = m.firstRow.y * m.firstRow.y + m.secondRow.y * m.secondRow.y
    let xy = m.firstRow.x * m.firstRow.y + m.secondRow.x * m.secondRow.y
    let angle = Double.atan2(y: 2 * xy, x: xx - yy) / 2
    return SIMD2(Double.cos(angle), Double.sin(angle))
  }
}

/// Nodes and weights by which a function's mean under the standard normal distribution is a sum.
struct GaussHermite {
  let nodes: [Double]
  /// Of sum 1.
  let weights: [Double]

  init(_ count: Int) {
    // The zeros of one polynomial lie between those of the next, and bisection finds them.
    var nodes: [Double] = []
    for degree in 1...max(1, count) {
      let edge = 2 * Double(degree).squareRoot() + 1
      let bounds = [-edge] + nodes + [edge]
      nodes = (0..<degree).map { i in
        var (low, high) = (bounds[i], bounds[i + 1])
        let sign = Self.values(degree, at: low)[degree] < 0
        for _ in 0..<60 {
          let middle = (low + high) / 2
          if (Self.values(degree, at: middle)[degree] < 0) == sign { low = middle } else { high = middle }
        }
        return (low + high) / 2
      }
    }
    self.nodes = nodes
    weights = nodes.map { node in
      1 / Self.values(max(1, count) - 1, at: node).reduce(0) { $0 + $1 * $1 }
    }
  }

  /// The orthonormal polynomials up to a degree.
  private static func values(_ degree: Int, at x: Double) -> [Double] {
    var values = [1.0]
    for k in 0..<degree {
      let before = k > 0 ? Double(k).squareRoot() * values[k - 1] : 0
      values.append((x * values[k] - before) / Double(k + 1).squareRoot())
    }
    return values
  }
}
