import Oracles
import Testing

@testable import ExitPlane

/// The spectrum of an image of points, each seen with a defocus less by its height above the origin, at every frequency
/// of the full plane: a plain sum, in which there is no sphere.
private func imageOfPoints(
  _ points: [(x: Double, y: Double, z: Double, value: Double)], _ optics: TransferOracle, isReversed: Bool,
  rows: Int, columns: Int, pixelSize h: Double
) -> [ComplexNumber] {
  fftFrequencies(rows).flatMap { ky in
    fftFrequencies(columns).map { kx in
      let (x, y) = (Double(kx) / (Double(columns) * h), Double(ky) / (Double(rows) * h))
      return points.reduce(ComplexNumber(0, 0)) { sum, point in
        var seen = optics
        seen.defocusU -= isReversed ? -point.z : point.z
        seen.defocusV -= isReversed ? -point.z : point.z
        return sum + .turn(-(x * point.x + y * point.y)) * (point.value * seen(x, y))
      }
    }
  }
}

/// The full spectrum of an image, its origin at (rows/2, columns/2).
private func spectrum(of image: [Double], rows: Int, columns: Int) -> [ComplexNumber] {
  fftFrequencies(rows).flatMap { ky in
    fftFrequencies(columns).map { kx in
      image.enumerated().reduce(ComplexNumber(0, 0)) { sum, pixel in
        let (i, j) = (pixel.offset / columns - rows / 2, pixel.offset % columns - columns / 2)
        return sum + .turn(
          -Double(ky * i) / Double(rows) - Double(kx * j) / Double(columns)) * pixel.element
      }
    }
  }
}

@Suite("Images through the Ewald sphere")
struct EwaldImagingTests {
  static let shapes: [(rows: Int, columns: Int)] = [(9, 9), (10, 10), (7, 12), (11, 8)]
  private static let optics = [
    TransferOracle(900, 700, 33, kilovolts: 5, cs: 2.7, amplitude: 0.1),
    TransferOracle(
      -400, -450, -70, kilovolts: 20, cs: 0.01, amplitude: 0.07, phaseShift: 80, bFactor: 9, scale: 0.8),
  ]

  private func image<Plan: RealImageProjector>(
    _ projection: Plan, _ optics: TransferOracle, at pose: Pose, sign: ContrastTransferFunction.Sign = .relion
  ) throws -> [Double] {
    let plan = try ImageFormationPlan(projection, sign: sign)
    var workspace = try plan.makeWorkspace()
    let particle = ImagedParticle<Plan.Scalar>(number: 0, pose: pose, transfer: try .init(optics))
    return try plan.image(of: particle, using: &workspace).map { Double($0) }
  }

  @Test(
    "every point is seen with a defocus less by its height, more where the curvature is reversed",
    arguments: shapes)
  func directSum(rows: Int, columns: Int) throws {
    let (n, h) = (8, 0.9)
    let (map, values) = try noiseCube(n, voxelSize: h, seed: 6, as: Double.self)
    let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-12)
    let r = randomRotationMatrix(seed: 12)
    let shift = SIMD2(0.6, -1.4)
    let points = values.enumerated().map { index, value in
      let at = [index % n, index / n % n, index / n / n].map { Double($0 - n / 2) * h }
      func moved(_ i: Int) -> Double { r[i][0] * at[0] + r[i][1] * at[1] + r[i][2] * at[2] }
      return (x: moved(0) + shift.x, y: moved(1) + shift.y, z: moved(2), value: value * h)
    }
    let shape = try GridShape(rows: rows, columns: columns)
    let pose = Pose(rotation: try Rotation(matrix: r), shiftInAngstroms: shift)
    for (optics, isReversed) in zip(Self.optics + Self.optics, [false, true, true, false]) {
      let plan = try EwaldSphereProjection<FourierVoxelWindowVolume<Double>>(
        hemisphere: isReversed ? .negative : .positive
      ).makeProjector(for: volume, onto: ImageConfiguration(shape: shape, pixelSizeInAngstroms: h))
      let got = spectrum(of: try image(plan, optics, at: pose), rows: rows, columns: columns)
      let want = imageOfPoints(
        points, optics, isReversed: isReversed, rows: rows, columns: columns, pixelSize: h)
      // Nyquist frequencies are +½ and −½ at once and have no well-defined shift: they are left out.
      let isInside = fftFrequencies(rows).flatMap { ky in
        fftFrequencies(columns).map { 2 * abs(ky) != rows && 2 * abs($0) != columns }
      }
      func kept(_ values: [ComplexNumber]) -> [ComplexNumber] {
        zip(values, isInside).map { $1 ? $0 : ComplexNumber(0, 0) }
      }
      #expect(worstError(kept(got), kept(want)) < 1e-10)
      let flat = try FourierSliceExtraction().makeProjector(for: volume, onto: plan.plane)
      let without = spectrum(of: try image(flat, optics, at: pose), rows: rows, columns: columns)
      #expect(worstError(kept(without), kept(want)) > 0.05)
    }
  }

  @Test("a point at height z is the flat image at defocus Δf − z", arguments: [6, -9], [false, true])
  func heights(height: Int, isReversed: Bool) throws {
    let (n, h) = (24, 1.5)
    func map(_ z: Int) throws -> RealVoxelGridVolume<Float> {
      var values = [Float](repeating: 0, count: n * n * n)
      values[((n / 2 + z) * n + n / 2 + 3) * n + n / 2 - 2] = 1
      return try RealVoxelGridVolume(depth: n, rows: n, columns: n, voxelSizeInAngstroms: h, values: values)
    }
    let plane = try ImageConfiguration(shape: GridShape(square: n), pixelSizeInAngstroms: h)
    var optics = TransferOracle(300, 260, 20, kilovolts: 10, cs: 0.1)
    let curved = try EwaldSphereProjection<FourierVoxelWindowVolume<Float>>(
      hemisphere: isReversed ? .negative : .positive
    ).makeProjector(for: FourierVoxelWindowVolume(map(height), accuracy: 1e-5), onto: plane)
    let got = try image(curved, optics, at: .identity)
    let flat = try FourierSliceExtraction().makeProjector(
      for: FourierVoxelWindowVolume(map(0), accuracy: 1e-5), onto: plane)
    let z = Double(height) * h * (isReversed ? -1 : 1)
    optics.defocusU -= z
    optics.defocusV -= z
    // On an even side Nyquist frequencies have the mean of two CTFs, here of other ones.
    #expect(worstError(got, try image(flat, optics, at: .identity)) < 2e-3)
    optics.defocusU += 2 * z
    optics.defocusV += 2 * z
    #expect(worstError(got, try image(flat, optics, at: .identity)) > 0.05)
  }

  @Test("at a short wavelength images are those of flat slices", arguments: SliceGrid.allCases)
  func flat(grid: SliceGrid) throws {
    let (map, _) = try noiseCube(12, seed: 4, as: Double.self)
    let optics = TransferOracle(4e7, 3e7, 20, kilovolts: 1e9, cs: 0)
    func check<Volume: FourierSliceVolume>(_ volume: Volume) throws where Volume.Scalar == Double {
      for (rows, columns) in [(12, 12), (11, 14), (10, 9)] {
        let plane = try ImageConfiguration(
          shape: GridShape(rows: rows, columns: columns), pixelSizeInAngstroms: 1, voltageInKilovolts: 1e9)
        for shift in [SIMD2(0, 0), SIMD2(0.3, -2)] {
          let pose = Pose(
            rotation: try Rotation(matrix: randomRotationMatrix(seed: 2)), shiftInAngstroms: shift)
          let curved = try EwaldSphereProjection<Volume>(sliceGrid: grid).makeProjector(
            for: volume, onto: plane)
          let flat = try FourierSliceExtraction<Volume>(sliceGrid: grid).makeProjector(
            for: volume, onto: plane)
          for sign in ContrastTransferFunction.Sign.allCases {
            let want = try image(flat, optics, at: pose, sign: sign)
            #expect(worstError(try image(curved, optics, at: pose, sign: sign), want) < 1e-5)
          }
          var (a, b) = (try curved.makeWorkspace(), try flat.makeWorkspace())
          let want = flat.project(at: pose, using: &b).values
          #expect(worstError(curved.project(at: pose, using: &a).values, want) < 1e-5)
        }
      }
    }
    try check(FourierVoxelGridVolume(map, padScale: 2))
    try check(FourierVoxelSplineVolume(map))
    try check(FourierVoxelWindowVolume(map, accuracy: 1e-9))
  }

  @Test(
    "without a lens the image is the real part of the exit wave's, for either curvature",
    arguments: SliceGrid.allCases)
  func realPart(grid: SliceGrid) throws {
    let (map, _) = try noiseCube(9, seed: 4, as: Double.self)
    let volume = try FourierVoxelSplineVolume(map)
    let plane = try ImageConfiguration(
      shape: GridShape(rows: 9, columns: 11), pixelSizeInAngstroms: 1, voltageInKilovolts: 3)
    let pose = Pose(
      rotation: try Rotation(matrix: randomRotationMatrix(seed: 2)), shiftInAngstroms: SIMD2(0.4, 1.1))
    typealias Extraction = EwaldSphereExtraction<FourierVoxelSplineVolume<Double>>
    typealias Projection = EwaldSphereProjection<FourierVoxelSplineVolume<Double>>
    let wave = try Extraction(sliceGrid: grid).project(volume, at: pose, onto: plane)
    for hemisphere in Projection.Hemisphere.allCases {
      let plan = try Projection(sliceGrid: grid, hemisphere: hemisphere).makeProjector(
        for: volume, onto: plane)
      var workspace = try plan.makeWorkspace()
      let image = plan.project(at: pose, using: &workspace)
      #expect(worstError(image.values, wave.values.map(\.real)) < 1e-12)
      let spectra = plan.lensSpectra(
        at: pose, wavelengthInAngstroms: plane.wavelengthInAngstroms, using: &workspace)
      let half = try #require(spectra.cosine).complexValues
      let imaginary = Oracles.image(ofHalf: inOracleTerms(half), rows: 9, columns: 11)
      let sign: Double = hemisphere == .positive ? 1 : -1
      #expect(worstError(imaginary, wave.values.map { sign * $0.imaginary }) < 1e-12)
    }
  }

  @Test("images are the same on one thread and on three, and the resolution limit holds")
  func threads() throws {
    let (map, _) = try noiseCube(12, seed: 4, as: Float.self)
    let plan = try EwaldSphereProjection<FourierVoxelSplineVolume<Float>>(resolutionInAngstroms: 4)
      .makeProjector(
        for: FourierVoxelSplineVolume(map),
        onto: ImageConfiguration(shape: GridShape(square: 12), pixelSizeInAngstroms: 1, voltageInKilovolts: 3)
      )
    let poses = (0..<9).map { Pose(rotation: .random(seed: 1, index: $0)) }
    #expect(try plan.images(at: poses, threads: 3) == plan.images(at: poses, threads: 1))
    var workspace = try plan.makeWorkspace()
    let half = plan.integrate(at: poses[0], using: &workspace)
    #expect(half[3, 0] != .zero && half[4, 0] == .zero && half[0, 4] == .zero)
  }
}
