import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

/// The spectrum sampled entry by entry, at `Rᵀ (k_x, k_y, curvature · |k|²)` in cycles a pixel.
private func curvedSpectrum(
  rows: Int, columns: Int, rotation r: [[Double]], curvature: Double, shiftInPixels shift: SIMD2<Double>,
  _ sample: (_ k: (x: Double, y: Double, z: Double)) -> ComplexNumber
) -> [ComplexNumber] {
  fftFrequencies(rows).flatMap { ky in
    fftFrequencies(columns).map { kx in
      let (x, y) = (Double(kx) / Double(columns), Double(ky) / Double(rows))
      return sample(turnedBack(r, x, y, curvature * (x * x + y * y)))
        * .turn(-x * shift.x - y * shift.y)
    }
  }
}

/// The inverse transform with the origin at (rows/2, columns/2).
private func complexImage(_ spectrum: [ComplexNumber], rows: Int, columns: Int) -> [ComplexNumber] {
  let (ky, kx) = (fftFrequencies(rows), fftFrequencies(columns))
  return (0..<rows * columns).map { pixel in
    let (i, j) = (pixel / columns - rows / 2, pixel % columns - columns / 2)
    var sum = ComplexNumber(0, 0)
    for (index, value) in spectrum.enumerated() {
      sum =
        sum + value
        * .turn(
          Double(ky[index / columns] * i) / Double(rows) + Double(kx[index % columns] * j) / Double(columns))
    }
    return sum * (1 / Double(rows * columns))
  }
}

private func wavelength(_ kilovolts: Double) -> Double {
  let v = kilovolts * 1000
  return 12.2643247 / (v * (1 + 0.978466e-6 * v)).squareRoot()
}

/// Errors of spectrum and image of a volume of noise against entry-by-entry samples.
private func errors<Volume: FourierSliceVolume>(
  _ volume: Volume, rows: Int, columns: Int, kilovolts: Double,
  hemisphere: EwaldSphereExtraction<Volume>.Hemisphere, sliceGrid: SliceGrid = .image,
  shift: SIMD2<Double> = SIMD2(0.7, -1.6), size n: Int,
  _ sample: (_ k: (x: Double, y: Double, z: Double)) -> ComplexNumber
) throws -> (spectrum: Double, image: Double) {
  let h = volume.voxelSizeInAngstroms
  let r = randomRotationMatrix(seed: 12)
  let plane = try ImageConfiguration(
    shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: h, voltageInKilovolts: kilovolts)
  let pose = Pose(rotation: try Rotation(matrix: r), shiftInAngstroms: shift * h)
  let integrator = EwaldSphereExtraction<Volume>(sliceGrid: sliceGrid, hemisphere: hemisphere)
  let curvature = wavelength(kilovolts) / (2 * h) * (hemisphere == .positive ? 1 : -1)
  let shape = sliceGrid == .image ? (rows, columns) : (n, n)
  let slice = curvedSpectrum(
    rows: shape.0, columns: shape.1, rotation: r, curvature: curvature, shiftInPixels: shift
  ) { sample($0) * h }
  var image = complexImage(slice, rows: shape.0, columns: shape.1)
  var spectrum = slice
  if sliceGrid == .volume {
    let parts = [image.map(\.re), image.map(\.im)].map { cropOrPad($0, from: [n, n], to: [rows, columns]) }
    image = zip(parts[0], parts[1]).map { ComplexNumber($0, $1) }
    let (ky, kx) = (fftFrequencies(rows), fftFrequencies(columns))
    spectrum = (0..<rows * columns).map { index in
      var sum = ComplexNumber(0, 0)
      for (pixel, value) in image.enumerated() {
        let (i, j) = (pixel / columns - rows / 2, pixel % columns - columns / 2)
        sum =
          sum + value
          * .turn(
            -Double(ky[index / columns] * i) / Double(rows) - Double(kx[index % columns] * j)
              / Double(columns))
      }
      return sum
    }
  }
  return (
    worstError(inOracleTerms(try integrator.integrate(volume, at: pose, onto: plane).values), spectrum),
    worstError(inOracleTerms(try integrator.project(volume, at: pose, onto: plane).values), image)
  )
}

@Suite("Ewald sphere")
struct EwaldTests {
  static let shapes: [(box: Int, rows: Int, columns: Int)] = [
    (10, 10, 10), (9, 9, 9), (10, 7, 12), (9, 12, 5),
  ]

  @Test("linear slices of noise are sampled on the sphere, in both hemispheres", arguments: shapes)
  func linear(box n: Int, rows: Int, columns: Int) throws {
    let (map, values) = try noiseCube(n, voxelSize: 0.9, seed: 3, as: Double.self)
    let transform = FullTransform(values, n: n)
    let volume = try FourierVoxelGridVolume(map)
    for hemisphere in EwaldSphereExtraction<FourierVoxelGridVolume<Double>>.Hemisphere.allCases {
      for grid in SliceGrid.allCases {
        let errors = try errors(
          volume, rows: rows, columns: columns, kilovolts: 5, hemisphere: hemisphere, sliceGrid: grid, size: n
        ) { k in
          transform.linear(
            k.x * Double(n), k.y * Double(n), k.z * Double(n), .fill(ComplexNumber(0, 0)))
        }
        #expect(errors.spectrum < 1e-13)
        #expect(errors.image < 1e-13)
      }
    }
  }

  @Test("exact slices are the direct sum on the sphere", arguments: shapes)
  func exact(box n: Int, rows: Int, columns: Int) throws {
    let (map, values) = try noiseCube(n, voxelSize: 0.9, seed: 5, as: Double.self)
    let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-12)
    let errors = try errors(
      volume, rows: rows, columns: columns, kilovolts: 1, hemisphere: .negative, size: n
    ) { directSum(values, n: n, at: $0) }
    #expect(errors.spectrum < 1e-11)
    #expect(errors.image < 1e-11)
  }

  @Test("at a short wavelength the sphere is the central slice")
  func flat() throws {
    let (map, _) = try noiseCube(12, seed: 4, as: Float.self)
    let volume = try FourierVoxelSplineVolume(map)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 11, columns: 13), pixelSizeInAngstroms: 1, voltageInKilovolts: 1e12)
    let pose = Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 2)))
    let curved = try EwaldSphereExtraction().project(volume, at: pose, onto: plane)
    let flat = try FourierSliceExtraction().project(volume, at: pose, onto: plane)
    #expect(worstError(curved.values.map(\.real), flat.values.map { Double($0) }) < 2e-6)
    #expect(curved.values.allSatisfy { abs($0.imaginary) < 1e-4 })
  }

  @Test("the hemispheres are conjugates: a real volume seen from its two sides")
  func hemispheres() throws {
    let (map, _) = try noiseCube(11, seed: 4, as: Double.self)
    let volume = try FourierVoxelSplineVolume(map)
    let plane = try ImageConfiguration(
      shape: GridShape(square: 11), pixelSizeInAngstroms: 1, voltageInKilovolts: 3)
    let pose = Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 2)))
    typealias Extraction = EwaldSphereExtraction<FourierVoxelSplineVolume<Double>>
    let up = try Extraction().integrate(volume, at: pose, onto: plane)
    let down = try Extraction(hemisphere: .negative).integrate(volume, at: pose, onto: plane)
    var worst = 0.0
    for row in 0..<11 {
      for column in 0..<11 {
        worst = max(
          worst, (up[row, column] - down[(11 - row) % 11, (11 - column) % 11].conjugate).magnitude)
      }
    }
    #expect(worst < 1e-12)
    #expect((up[2, 3] - down[2, 3]).magnitude > 1e-3)
  }

  @Test("beyond the resolution nothing is sampled, within it all is as before")
  func cutoff() throws {
    let (map, _) = try noiseCube(12, voxelSize: 2, seed: 4, as: Float.self)
    let volume = try FourierVoxelGridVolume(map)
    let plane = try ImageConfiguration(shape: GridShape(rows: 12, columns: 9), pixelSizeInAngstroms: 2)
    let pose = Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 2)))
    typealias Extraction = EwaldSphereExtraction<FourierVoxelGridVolume<Float>>
    let all = try Extraction().integrate(volume, at: pose, onto: plane)
    let cut = try Extraction(resolutionInAngstroms: 6).integrate(volume, at: pose, onto: plane)
    for (index, q) in plane.fullFrequencyGrid().enumerated() {
      let within = (q.x * q.x + q.y * q.y).squareRoot() <= 1.0 / 6
      #expect(cut.values[index] == (within ? all.values[index] : .zero))
    }
  }

  @Test(
    "reference cases, in both precisions", .enabled(if: ReferenceCases.areHere),
    arguments: ReferenceCases.all(of: "EwaldSphereExtraction"))
  func reference(_ reference: ReferenceCases.Case) throws {
    #expect(try Self.error(of: reference, as: Double.self) <= reference.maxAbsErrorOverMaxAbs)
    #expect(try Self.error(of: reference, as: Float.self) <= 2e-5)
  }

  private static func error<Scalar: GridScalar>(
    of reference: ReferenceCases.Case, as _: Scalar.Type
  ) throws -> Double {
    let map = try reference.readMap(as: Scalar.self)
    let (plane, pose) = (try reference.plane(), try reference.pose())
    func spectrum<Volume: FourierSliceVolume>(_ volume: Volume) throws -> [Complex<Volume.Scalar>] {
      try EwaldSphereExtraction(sliceGrid: .volume).integrate(volume, at: pose, onto: plane).values
    }
    let padScale = reference.volume?.padScale ?? 1
    let got =
      reference.isSpline
      ? try spectrum(FourierVoxelSplineVolume(map, padScale: padScale))
      : try spectrum(FourierVoxelGridVolume(map, padScale: padScale))
    return worstError(inOracleTerms(got), try reference.readExpected())
  }
}
