import Testing

@testable import ExitPlane

@Suite("The way back of many projections")
struct PullBackTests {
  private func cotangent(_ index: Int, _ shape: GridShape) throws -> RealImage<Double> {
    let values = (0..<shape.count).map { Double(($0 * 7919 + index * 104_729) % 1009) / 1009 - 0.5 }
    return try RealImage(shape: shape, values: values)
  }

  /// More images than a block holds, cropped from a padded shape.
  @Test("is the sum of those of single ones, the same bits on any number of threads")
  func sums() throws {
    let map = try RealVoxelGridVolume<Double>(
      depth: 9, rows: 9, columns: 9, voxelSizeInAngstroms: 1.5,
      values: (0..<729).map { Double(($0 * 6151) % 773) / 773 })
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 8, columns: 7), pixelSizeInAngstroms: 1.5, paddedShape: GridShape(square: 10))
    let volume = try FourierVoxelSplineVolume(map, padScale: 1.5, prefilter: .griddingCorrected)
    let projector = try FourierSliceExtraction<FourierVoxelSplineVolume<Double>>()
      .makeProjector(for: volume, onto: plane)
    let poses = (0..<19).map {
      Pose(rotation: .random(seed: 3, index: $0), shiftInAngstroms: SIMD2(0.1 * Double($0), -0.3))
    }

    var expected: FourierSamplesGradient<Double>? = try projector.makeGradient()
    var expectedPoses: [Pose.Cotangent] = []
    for (index, pose) in poses.enumerated() {
      expectedPoses.append(
        try projector.pullBack(cotangent(index, plane.shape), at: pose, addingTo: &expected, threads: 1))
    }
    let singles = try volume.voxelGradient(of: #require(expected))
    var first: [Double]?
    for threads in 1...3 {
      var gradient: FourierSamplesGradient<Double>? = try projector.makeGradient()
      let found = try projector.pullBack(at: poses, addingTo: &gradient, threads: threads) { index, pixels in
        _ = pixels.update(fromContentsOf: try cotangent(index, plane.shape).values)
      }
      #expect(found == expectedPoses)
      let voxels = try volume.voxelGradient(of: #require(gradient))
      #expect(zip(voxels, singles).allSatisfy { abs($0 - $1) < 1e-12 })
      #expect(voxels == first ?? voxels)
      first = voxels
    }
  }

  @Test("takes rotation matrices as they are, within 1e-4 of a rotation")
  func matrices() throws {
    let rows = (SIMD3(1 + 1e-5, 0, 0), SIMD3(2e-5, 1, 0), SIMD3<Double>(0, 0, 1))
    #expect(try Rotation(nearlyOrthonormal: rows).rows == rows)
    let wrong: [(SIMD3<Double>, SIMD3<Double>, SIMD3<Double>)] = [
      (SIMD3(1.001, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)),
      (SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, -1)),
      (SIMD3(.nan, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1)),
    ]
    for rows in wrong {
      #expect(throws: ExitPlaneError.self) { try Rotation(nearlyOrthonormal: rows) }
    }
  }
}
