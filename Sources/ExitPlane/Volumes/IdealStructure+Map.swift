import RealModule

extension IdealStructure {
  /// The structure as a map: every atom one Gaussian, sampled at the voxels' centres.
  ///
  /// - Shape: `boxSize` voxels on every axis; what falls outside is left out.
  /// - Units: Å⁻²; the sum times `voxelSizeInAngstroms³` is the sum of the atoms' `f(0)`, in Å.
  /// - Throws: `.invalidValue` for a box of no voxels or more than 1024, or a voxel size that is not above 0.
  /// - Source: integral and mean-square width of each element's five Gaussians in Peng et al., Acta Cryst.
  ///   A52 (1996) 257–276, table 1; the atom's B-factor is added to the width.
  public func map(boxSize: Int, voxelSizeInAngstroms: Double) throws -> RealVoxelGridVolume<Float> {
    guard (1...1024).contains(boxSize) else {
      throw ExitPlaneError.invalid("box", got: "\(boxSize) voxels", need: "1 to 1024 voxels")
    }
    try validatePositive("voxel size", voxelSizeInAngstroms, unit: "Å")
    var values = [Float](repeating: 0, count: boxSize * boxSize * boxSize)
    for atom in atoms {
      let element = Self.scattering(of: atom.atomicNumber)
      let b = element.widthInSquareAngstroms + atom.bFactorInSquareAngstroms
      let sigma = (b / 8).squareRoot() / (.pi * voxelSizeInAngstroms)
      let centre = atom.positionInAngstroms / voxelSizeInAngstroms + Double(originOffset(boxSize))
      let x = Self.samples(of: centre.x, sigma: sigma, count: boxSize)
      let y = Self.samples(of: centre.y, sigma: sigma, count: boxSize)
      let z = Self.samples(of: centre.z, sigma: sigma, count: boxSize)
      let peak = element.amplitudeInAngstroms / Double.pow(voxelSizeInAngstroms, 3)
      for (k, wz) in zip(z.indices, z.weights) {
        for (j, wy) in zip(y.indices, y.weights) {
          let weight = peak * wz * wy
          let row = (k * boxSize + j) * boxSize
          for (i, wx) in zip(x.indices, x.weights) {
            values[row + i] += Float(weight * wx)
          }
        }
      }
    }
    return try RealVoxelGridVolume(
      depth: boxSize, rows: boxSize, columns: boxSize, voxelSizeInAngstroms: voxelSizeInAngstroms,
      values: values)
  }

  /// `f(0) = Σ aᵢ` and `Σ aᵢ bᵢ / Σ aᵢ`.
  private static func scattering(
    of atomicNumber: Int
  ) -> (amplitudeInAngstroms: Double, widthInSquareAngstroms: Double) {
    switch atomicNumber {
    case 7: (2.2135, 12.67)
    case 8: (1.9834, 9.67)
    default: (2.5088, 17.06)
    }
  }

  /// A unit Gaussian on the samples within 4.5 σ: beyond lie 7 millionths of it.
  private static func samples(
    of centre: Double, sigma: Double, count: Int
  ) -> (indices: Range<Int>, weights: [Double]) {
    let reach = 4.5 * sigma
    let first = Int(max(0, min(Double(count), (centre - reach).rounded(.up))))
    let end = Int(max(Double(first), min(Double(count), (centre + reach).rounded(.down) + 1)))
    let scale = 1 / (sigma * (2 * Double.pi).squareRoot())
    let weights = (first..<end).map { index in
      let u = (Double(index) - centre) / sigma
      return scale * Double.exp(-u * u / 2)
    }
    return (first..<end, weights)
  }
}
