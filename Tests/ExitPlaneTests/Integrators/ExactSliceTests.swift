import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

/// The half spectrum of the defining sum, made that of a real image.
private func directSpectrum(
  _ values: [Double], n: Int, rotation r: [[Double]], rows: Int, columns: Int
) -> [ComplexNumber] {
  realSpectrum(rows: rows, columns: columns) { kx, ky in
    directSum(
      values, n: n, at: turnedBack(r, Double(kx) / Double(columns), Double(ky) / Double(rows)))
  }
}

/// The error over the tolerance, or over the precision's floor.
private func excess<Scalar: GridScalar>(
  box n: Int, shape: GridShape, accuracy: Double, oversampling: Double? = nil, seed: UInt64 = 0,
  as _: Scalar.Type
) throws -> Double {
  let (map, values) = try noiseCube(n, seed: seed, as: Scalar.self)
  let r = randomRotationMatrix(seed: seed + UInt64(31 * n + shape.rows))
  let volume = try FourierVoxelWindowVolume(map, accuracy: accuracy, oversampling: oversampling)
  let plane = try ImageConfiguration(shape: shape, pixelSizeInAngstroms: 1)
  let got = try FourierSliceExtraction().integrate(
    volume, at: Pose(rotation: Rotation(matrix: r)), onto: plane)
  let want = directSpectrum(values, n: n, rotation: r, rows: shape.rows, columns: shape.columns)
  let floor = Scalar.self == Float.self ? 3e-6 : 1e-13
  return rmsError(inOracleTerms(got.values), want) / max(accuracy, floor)
}

@Suite("Exact Fourier slices")
struct ExactSliceTests {
  static let shapes: [(box: Int, rows: Int, columns: Int)] = [
    (16, 16, 16), (15, 15, 15), (14, 9, 20), (13, 16, 11), (2, 5, 4), (1, 3, 3),
  ]

  @Test("white noise is within the tolerance of the direct sum, in both precisions", arguments: shapes)
  func sweep(box: Int, rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    for accuracy in [0.3, 1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7] {
      let excess = try excess(box: box, shape: shape, accuracy: accuracy, as: Float.self)
      #expect(excess <= 1, "single, \(accuracy)")
    }
    for accuracy in [0.3, 1e-1, 1e-3, 1e-5, 1e-7, 1e-9, 1e-11, 1e-12, 1e-14] {
      let excess = try excess(box: box, shape: shape, accuracy: accuracy, as: Double.self)
      #expect(excess <= 1, "double, \(accuracy)")
    }
  }

  @Test(
    "the tolerance holds at every oversampling, whatever the noise and the view", arguments: [1.25, 1.5, 2])
  func oversamplings(oversampling: Double) throws {
    let shape = try GridShape(square: 12)
    // A small grid amplifies what single precision rounds; what cannot be kept is refused, not promised.
    let leastInSingle = oversampling < 1.5 ? 1e-4 : oversampling < 2 ? 1e-5 : 1e-6
    for (seed, accuracy) in [1e-1, 1e-2, 1e-3, 1e-4, 1e-5, 1e-6].enumerated() {
      if accuracy >= leastInSingle {
        let single = try excess(
          box: 12, shape: shape, accuracy: accuracy, oversampling: oversampling, seed: UInt64(seed),
          as: Float.self)
        #expect(single <= 1, "single, \(accuracy)")
      } else {
        let (map, _) = try noiseCube(12, seed: 1, as: Float.self)
        #expect(throws: ExitPlaneError.self, "single, \(accuracy)") {
          try FourierVoxelWindowVolume(map, accuracy: accuracy, oversampling: oversampling)
        }
      }
      let double = try excess(
        box: 12, shape: shape, accuracy: accuracy * accuracy, oversampling: max(oversampling, 1.75),
        seed: UInt64(seed), as: Double.self)
      #expect(double <= 1, "double, \(accuracy * accuracy)")
    }
  }

  @Test(
    "views along the axes, whose points all lie alike between samples, are no worse", arguments: [15, 16])
  func alignedViews(n: Int) throws {
    let (map, values) = try noiseCube(n, seed: 3, as: Double.self)
    let shape = try GridShape(square: n)
    let plane = try ImageConfiguration(shape: shape, pixelSizeInAngstroms: 1)
    let half = 0.5.squareRoot()
    let views = [
      [[1.0, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, 0, 1], [0, 1, 0], [-1, 0, 0]],
      [[half, -half, 0], [half, half, 0], [0, 0, 1]],
    ]
    for accuracy in [1e-1, 1e-2, 1e-3, 1e-5] {
      for oversampling in [1.25, 1.5, 2] {
        let volume = try FourierVoxelWindowVolume(map, accuracy: accuracy, oversampling: oversampling)
        #expect(volume.predictedError <= accuracy)
        for view in views {
          let got = try FourierSliceExtraction().integrate(
            volume, at: Pose(rotation: Rotation(matrix: view)), onto: plane)
          let want = directSpectrum(values, n: n, rotation: view, rows: n, columns: n)
          #expect(rmsError(inOracleTerms(got.values), want) <= accuracy)
        }
      }
    }
  }

  @Test("a wide window on a grid as small as it can be")
  func smallGrid() throws {
    let shape = try GridShape(rows: 6, columns: 7)
    #expect(try excess(box: 3, shape: shape, accuracy: 1e-12, as: Double.self) <= 1)
  }

  @Test("an accuracy out of range or reach is refused in a sentence")
  func refusals() throws {
    let (map, _) = try noiseCube(8, seed: 1, as: Double.self)
    func message(accuracy: Double, oversampling: Double? = nil) -> String {
      do {
        _ = try FourierVoxelWindowVolume(map, accuracy: accuracy, oversampling: oversampling)
      } catch { return "\(error)" }
      return ""
    }
    for accuracy in [0, -1, .nan, .infinity, 0.9] {
      #expect(message(accuracy: accuracy).contains("1e-16 to 0.5"))
    }
    #expect(message(accuracy: 1e-3, oversampling: 1).contains("1.1 to 4"))
    #expect(
      message(accuracy: 1e-12, oversampling: 1.1).contains("accuracy at an oversampling of 1.1 is 1e-12"))
  }

  @Test("the transform does not depend on the number of threads")
  func threads() throws {
    let (map, _) = try noiseCube(11, seed: 6, as: Float.self)
    let one = try FourierVoxelWindowVolume(map, accuracy: 1e-3, threads: 1)
    let four = try FourierVoxelWindowVolume(map, accuracy: 1e-3, threads: 4)
    #expect(one.samples.grid.storage.buffer.elementsEqual(four.samples.grid.storage.buffer))
  }

  @Test("lengths for FFTs are even, large enough and of small factors")
  func lengths() {
    #expect(
      [0.5, 2, 2.1, 7, 11, 17, 257, 513].map { fastEvenLength(atLeast: $0) } == [
        2, 2, 4, 8, 12, 18, 270, 540,
      ])
  }

  @Test(
    "reference sums over voxels", .enabled(if: ReferenceCases.areHere),
    arguments: ReferenceCases.all(of: "RealVoxelProjection"))
  func reference(_ reference: ReferenceCases.Case) throws {
    func error<Scalar: GridScalar>(accuracy: Double, as _: Scalar.Type) throws -> Double {
      let volume = try FourierVoxelWindowVolume(reference.readMap(as: Scalar.self), accuracy: accuracy)
      return try reference.error(of: FourierSliceExtraction(), volume, as: Scalar.self)
    }
    let double = try error(accuracy: 1e-12, as: Double.self)
    #expect(double <= reference.maxAbsErrorOverMaxAbs)
    #expect(try error(accuracy: 1e-6, as: Float.self) <= 2e-5)
  }
}
