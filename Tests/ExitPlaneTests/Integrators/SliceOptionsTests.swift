import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

/// Voxel or pixel values of an off-centre Gaussian, the origin at n/2.
private func gaussian(
  _ lengths: [Int], spacing: Double, centre: [Double], sigma: Double
) -> [Double] {
  (0..<lengths.reduce(1, *)).map { flat in
    var (rest, exponent) = (flat, 0.0)
    for axis in lengths.indices.reversed() {
      let d = Double(rest % lengths[axis] - lengths[axis] / 2) * spacing - centre[axis]
      rest /= lengths[axis]
      exponent -= d * d / (2 * sigma * sigma)
    }
    return Double.exp(exponent)
  }
}

@Suite("Options of Fourier slices")
struct SliceOptionsTests {
  static let pose = Pose(rotation: try! Rotation(matrix: randomRotationMatrix(seed: 77)))

  // MARK: Correction mask

  @Test("the inverse sinc mask divides the projection by the sincs", arguments: SliceGrid.allCases)
  func mask(grid: SliceGrid) throws {
    let (map, _) = try noiseCube(10, voxelSize: 1.5, seed: 1, as: Double.self)
    let volume = try FourierVoxelGridVolume(map, padScale: 1.5)
    let plane = try ImageConfiguration(shape: GridShape(rows: 9, columns: 21), pixelSizeInAngstroms: 1.5)
    typealias Extraction = FourierSliceExtraction<FourierVoxelGridVolume<Double>>
    let plain = try Extraction(sliceGrid: grid).project(volume, at: Self.pose, onto: plane)
    let integrator = Extraction(sliceGrid: grid, correctionMask: InverseSincMask())
    let masked = try integrator.project(volume, at: Self.pose, onto: plane)
    func sinc(_ x: Int) -> Double { x == 0 ? 1 : Double.sin(.pi * Double(x) / 15) / (.pi * Double(x) / 15) }
    for row in 0..<9 {
      for column in 0..<21 {
        let (y, x) = (row - 4, column - 10)
        // The volume's box is 15 pixels wide; beyond it the projection is left alone.
        let want = plain[row, column] / (sinc(y) * (abs(x) <= 7 ? sinc(x) : 1))
        #expect(abs(masked[row, column] - want) < 1e-12)
      }
    }
    // The spectrum is that of the masked image.
    let spectrum = try integrator.integrate(volume, at: Self.pose, onto: plane)
    let back = image(ofHalf: inOracleTerms(spectrum.values), rows: 9, columns: 21)
    #expect(worstError(masked.values, back) < 1e-12)
  }

  @Test(
    "reference case of the mask, in both precisions", .enabled(if: ReferenceCases.areHere),
    arguments: ReferenceCases.all(of: "FourierSliceExtraction").filter { $0.options?.correctionMask != nil })
  func maskReference(_ reference: ReferenceCases.Case) throws {
    func error<Scalar: GridScalar>(_: Scalar.Type) throws -> Double {
      let integrator = FourierSliceExtraction<FourierVoxelGridVolume<Scalar>>(
        sliceGrid: .volume, correctionMask: InverseSincMask())
      let volume = try FourierVoxelGridVolume(reference.readMap(as: Scalar.self))
      return try reference.error(of: integrator, volume, as: Scalar.self)
    }
    #expect(try error(Double.self) <= reference.maxAbsErrorOverMaxAbs)
    #expect(try error(Float.self) <= 2e-5)
  }

  @Test("the mask is refused where interpolation is not linear")
  func maskRefusal() throws {
    let (map, _) = try noiseCube(4, seed: 1, as: Float.self)
    let plane = try ImageConfiguration(shape: GridShape(square: 4), pixelSizeInAngstroms: 1)
    #expect(throws: ExitPlaneError.self) {
      try FourierSliceExtraction(correctionMask: InverseSincMask()).makeProjector(
        for: FourierVoxelSplineVolume(map), onto: plane)
    }
  }

  // MARK: Resolution

  private static func checkCutoff<Volume: FourierSliceVolume>(
    _ volume: Volume, outOfBounds: OutOfBoundsMode<Volume.Scalar>
  ) throws {
    for (rows, columns) in [(12, 12), (15, 8), (9, 9)] {
      let plane = try ImageConfiguration(
        shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: 2)
      let all = try FourierSliceExtraction<Volume>(outOfBounds: outOfBounds).integrate(
        volume, at: pose, onto: plane)
      // 4 Å is Nyquist, 2.9 Å is within the corners, 12 Å falls on frequencies, 500 Å leaves the mass alone.
      for resolution in [2.0, 2.9, 4, 7.3, 12, 500] {
        let cut = try FourierSliceExtraction<Volume>(
          outOfBounds: outOfBounds, resolutionInAngstroms: resolution
        ).integrate(volume, at: pose, onto: plane)
        for (index, q) in plane.frequencyGrid().enumerated() {
          let radius = (q.x * q.x + q.y * q.y).squareRoot()
          // On the radius itself rounding may fall either way here.
          if abs(radius * resolution - 1) < 1e-9 { continue }
          #expect(cut.values[index] == (radius * resolution < 1 ? all.values[index] : .zero))
        }
      }
    }
  }

  @Test("beyond the resolution nothing is sampled, within it all is as before")
  func cutoff() throws {
    let (map, _) = try noiseCube(12, voxelSize: 2, seed: 4, as: Float.self)
    try Self.checkCutoff(FourierVoxelGridVolume(map), outOfBounds: .zero)
    try Self.checkCutoff(FourierVoxelGridVolume(map), outOfBounds: .wrap)
    try Self.checkCutoff(FourierVoxelSplineVolume(map), outOfBounds: .clip)
    try Self.checkCutoff(FourierVoxelWindowVolume(map, accuracy: 1e-3), outOfBounds: .zero)
  }

  @Test("frequencies on the radius are within", arguments: [8, 12, 30, 49])
  func radius(n: Int) throws {
    for k in 1...(n / 2) {
      let cutoff = try RadialCutoff(GridShape(square: n), radius: Double(k) / Double(n))
      #expect(cutoff.columnsOfRow.pointer[0] == Int32(k + 1))
      #expect(cutoff.columnsOfRow.pointer[k % n] == 1)
    }
  }

  @Test("a resolution that is none is refused", arguments: [0, -3, .nan, .infinity])
  func resolutionRefusal(resolution: Double) throws {
    let (map, _) = try noiseCube(4, seed: 1, as: Float.self)
    let plane = try ImageConfiguration(shape: GridShape(square: 4), pixelSizeInAngstroms: 1)
    #expect(throws: ExitPlaneError.self) {
      try FourierSliceExtraction(resolutionInAngstroms: resolution).makeProjector(
        for: FourierVoxelGridVolume(map), onto: plane)
    }
  }

  // MARK: Pixel sizes that differ

  @Test("at other pixel sizes an image holds the same densities", arguments: [0.7, 1, 1.23, 1.5])
  func resampledGaussian(pixel: Double) throws {
    let (n, h, sigma) = (48, 1.0, 3.0)
    let centre = SIMD3(3.0, -2.5, 2.0)
    let map = try RealVoxelGridVolume(
      depth: n, rows: n, columns: n, voxelSizeInAngstroms: h,
      values: gaussian([n, n, n], spacing: h, centre: [centre.z, centre.y, centre.x], sigma: sigma))
    let pose = Pose(rotation: Self.pose.rotation, shiftInAngstroms: SIMD2(1.3, -0.4))
    let there = pose.rotation * centre
    let shape = try GridShape(rows: Int(48 / pixel), columns: Int(51 / pixel))
    let plane = try ImageConfiguration(shape: shape, pixelSizeInAngstroms: pixel)
    let want = gaussian(
      [shape.rows, shape.columns], spacing: pixel, centre: [there.y - 0.4, there.x + 1.3], sigma: sigma
    ).map { $0 * sigma * (2 * Double.pi).squareRoot() }
    func project<Volume: FourierSliceVolume>(_ volume: Volume) throws -> [Volume.Scalar] {
      try FourierSliceExtraction<Volume>(resamples: true).project(volume, at: pose, onto: plane).values
    }
    // What the coarsest image cannot hold is exp(−2π² σ² / 9), 3e-9; truncated at 7σ the map lacks 2e-11.
    let exact = worstError(try project(FourierVoxelWindowVolume(map, accuracy: 1e-9)), want)
    #expect(exact < 1e-7)
    #expect(
      worstError(
        try project(FourierVoxelSplineVolume(map, padScale: 2, prefilter: .griddingCorrected)), want) < 5e-3)
    #expect(
      worstError(try project(FourierVoxelGridVolume(map, padScale: 2, griddingCorrection: true)), want) < 0.03
    )
    let sphere = try EwaldSphereExtraction(resamples: true).project(
      FourierVoxelWindowVolume(map, accuracy: 1e-9), at: pose,
      onto: ImageConfiguration(shape: shape, pixelSizeInAngstroms: pixel, voltageInKilovolts: 1e12))
    #expect(worstError(sphere.values.map(\.real), want) < 1e-6)
  }

  @Test("the transform ends at the map's Nyquist frequency", arguments: [9, 10])
  func resampledNoise(n: Int) throws {
    let (map, values) = try noiseCube(n, voxelSize: 1.2, seed: 5, as: Double.self)
    let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-11)
    let r = randomRotationMatrix(seed: 6)
    for pixel in [0.75, 1.6] {
      let plane = try ImageConfiguration(shape: GridShape(rows: 14, columns: 11), pixelSizeInAngstroms: pixel)
      let ratio = 1.2 / pixel
      let want = realSpectrum(rows: 14, columns: 11) { kx, ky in
        let k = turnedBack(r, Double(kx) / 11 * ratio, Double(ky) / 14 * ratio)
        let inside = max(abs(k.x), abs(k.y), abs(k.z)) <= 0.5
        return inside ? directSum(values, n: n, at: k) * (1.2 * ratio * ratio) : ComplexNumber(0, 0)
      }
      let pose = Pose(rotation: try Rotation(matrix: r))
      let got = try FourierSliceExtraction(resamples: true).integrate(volume, at: pose, onto: plane)
      #expect(worstError(inOracleTerms(got.values), want) < 1e-10)
      let sum = try FourierSliceExtraction(outputsIntegral: false, resamples: true).integrate(
        volume, at: pose, onto: plane)
      #expect(worstError(inOracleTerms(sum.values), want.map { $0 * (1 / 1.2) }) < 1e-10)
    }
  }

  @Test("beyond Nyquist is zero, whatever is out of bounds of a grid")
  func resampledOutOfBounds() throws {
    let (map, _) = try noiseCube(9, voxelSize: 1.2, seed: 5, as: Float.self)
    let plane = try ImageConfiguration(shape: GridShape(rows: 15, columns: 12), pixelSizeInAngstroms: 0.8)
    func check<Volume: FourierSliceVolume>(_ volume: Volume, _ mode: OutOfBoundsMode<Volume.Scalar>) throws {
      let got = try FourierSliceExtraction(outOfBounds: mode, resamples: true).integrate(
        volume, at: Self.pose, onto: plane)
      for (index, k) in plane.frequencyGrid(physical: false).enumerated() {
        let seen = (Self.pose.rotation.inverse * SIMD3(k.y, k.x, 0)) * 1.5
        let isZero = max(abs(seen.x), abs(seen.y), abs(seen.z)) > 0.5
        // Columns that are averaged with their partners are zero where both are.
        if index % 7 != 6 { #expect((got.values[index] == .zero) == isZero) }
      }
    }
    for mode: OutOfBoundsMode<Float> in [.zero, .fill(Complex(2, 0)), .clip, .wrap] {
      try check(FourierVoxelGridVolume(map), mode)
      try check(FourierVoxelSplineVolume(map), mode)
    }
  }

  @Test("where pixel sizes agree, resampling changes nothing")
  func resampledAlike() throws {
    let (map, _) = try noiseCube(9, voxelSize: 1.2, seed: 5, as: Float.self)
    let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-3)
    let plane = try ImageConfiguration(shape: GridShape(square: 9), pixelSizeInAngstroms: 1.2)
    let plain = try FourierSliceExtraction().project(volume, at: Self.pose, onto: plane)
    #expect(try FourierSliceExtraction(resamples: true).project(volume, at: Self.pose, onto: plane) == plain)
  }

  @Test("pixel sizes that cannot be served are refused")
  func resamplingRefusals() throws {
    let (map, _) = try noiseCube(4, voxelSize: 1.2, seed: 1, as: Float.self)
    let volume = try FourierVoxelSplineVolume(map)
    func message(_ pixel: Double, _ integrator: FourierSliceExtraction<FourierVoxelSplineVolume<Float>>)
      -> String
    {
      do {
        let plane = try ImageConfiguration(shape: GridShape(square: 4), pixelSizeInAngstroms: pixel)
        _ = try integrator.makeProjector(for: volume, onto: plane)
      } catch { return "\(error)" }
      return ""
    }
    #expect(message(2, FourierSliceExtraction()).contains("2.0 Å"))
    #expect(message(2, FourierSliceExtraction(sliceGrid: .volume, resamples: true)).contains("volume's grid"))
    for pixel in [1e-300, 1e-3, 1e3, 1e300] {
      #expect(message(pixel, FourierSliceExtraction(resamples: true)).contains("1/64 to 64"))
    }
    #expect(message(2, FourierSliceExtraction(resamples: true)) == "")
  }

  // MARK: Slices at any frequencies

  @Test("slices at given frequencies are those of the integrator", arguments: [(8, 8), (9, 7), (7, 10)])
  func functions(rows: Int, columns: Int) throws {
    let (map, _) = try noiseCube(8, seed: 5, as: Double.self)
    let shape = try GridShape(rows: rows, columns: columns)
    let plane = try ImageConfiguration(shape: shape, pixelSizeInAngstroms: 1)
    let slice = makeFrequencySlice(shape: shape).rotated(by: Self.pose.rotation.inverse)
    func check<Volume: FourierSliceVolume>(
      _ volume: Volume, _ mode: OutOfBoundsMode<Volume.Scalar>, _ got: HalfSpectrum<Volume.Scalar>
    ) throws {
      let want = try FourierSliceExtraction(outOfBounds: mode).integrate(volume, at: Self.pose, onto: plane)
      #expect(worstError(inOracleTerms(got.values), inOracleTerms(want.values)) < 1e-13)
    }
    let grid = try FourierVoxelGridVolume(map)
    let spline = try FourierVoxelSplineVolume(map, padScale: 1.5)
    let window = try FourierVoxelWindowVolume(map, accuracy: 1e-6)
    for mode: OutOfBoundsMode<Double> in [.zero, .fill(Complex(3, -4)), .clip, .wrap] {
      try check(grid, mode, extractFourierSlice(fromGrid: grid, at: slice, outOfBounds: mode))
      try check(spline, mode, extractFourierSlice(fromSpline: spline, at: slice, outOfBounds: mode))
    }
    try check(window, .zero, extractFourierSlice(fromWindow: window, at: slice))
  }

  @Test("frequencies that do not fit are refused")
  func functionRefusals() throws {
    let shape = try GridShape(rows: 1, columns: 2)
    #expect(throws: ExitPlaneError.self) { try FrequencySlice(shape: shape, frequencies: [.zero]) }
    for value in [Double.nan, .infinity, 1e9] {
      #expect(throws: ExitPlaneError.self) {
        try FrequencySlice(shape: shape, frequencies: [.zero, SIMD3(0, value, 0)])
      }
    }
    #expect(
      try FrequencySlice(shape: shape, frequencies: [.zero, SIMD3(-0.5, 0, 0)])
        == makeFrequencySlice(shape: shape))
  }
}
