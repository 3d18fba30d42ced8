import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

/// White noise over a box, the hardest input there is: every frequency counts, Nyquist included.
private func noiseMap<Scalar: GridScalar>(_ n: Int, voxelSize: Double, seed: UInt64, as: Scalar.Type) throws
  -> (RealVoxelGridVolume<Scalar>, [Double])
{
  var generator = SeededGenerator(seed: seed)
  let values = (0..<n * n * n).map { _ in Scalar(generator.uniform()) }
  let map = try RealVoxelGridVolume(
    depth: n, rows: n, columns: n, voxelSizeInAngstroms: voxelSize, values: values)
  return (map, values.map { Double($0) })
}

private func relativeError<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double]) -> Double {
  guard got.count == want.count else { return .infinity }
  let peak = want.map { abs($0) }.max() ?? 0
  return zip(got, want).map { abs(Double($0) - $1) }.max()! / peak
}

private func relativeError<Scalar: GridScalar>(_ got: [Complex<Scalar>], _ want: [ComplexNumber]) -> Double {
  guard got.count == want.count else { return .infinity }
  let peak = want.map(\.magnitude).max() ?? 0
  return zip(got, want).map {
    (ComplexNumber(Double($0.real), Double($0.imaginary)) - $1).magnitude
  }.max()! / peak
}

private func checkAgainstSums<Scalar: GridScalar>(
  box n: Int, padScale: Double, image shape: (rows: Int, columns: Int), shift: SIMD2<Double>,
  sliceGrid: SliceGrid, tolerance: Double, as _: Scalar.Type
) throws {
  let h = 1.7
  let (map, values) = try noiseMap(n, voxelSize: h, seed: UInt64(n), as: Scalar.self)
  let m = Int(Double(n) * padScale)
  let transform = FullTransform(cropOrPad(values, from: [n, n, n], to: [m, m, m]), n: m)
  let r = randomRotationMatrix(seed: UInt64(100 + n))
  let pose = Pose(rotation: try Rotation(matrix: r), shiftInAngstroms: shift * h)

  func spectrum(rows: Int, columns: Int) -> [ComplexNumber] {
    var half = realSpectrum(rows: rows, columns: columns) { kx, ky in
      let (u, v) = (Double(kx * m) / Double(columns), Double(ky * m) / Double(rows))
      return transform.linear(
        r[0][0] * u + r[1][0] * v, r[0][1] * u + r[1][1] * v, r[0][2] * u + r[1][2] * v,
        .fill(ComplexNumber(0, 0))) * h
    }
    guard shift != SIMD2(0, 0) else { return half }
    let width = columns / 2 + 1
    for (y, ky) in fftFrequencies(rows).enumerated() {
      for x in 0..<width {
        let selfConjugate = (x == 0 || 2 * x == columns) && (y == 0 || 2 * y == rows)
        let along = ComplexNumber.turn(-Double(x) * shift.x / Double(columns))
        let phase =
          (2 * x == columns ? ComplexNumber(along.re, 0) : along)
          * .turn(-Double(ky) * shift.y / Double(rows))
        half[y * width + x] =
          selfConjugate && x + y > 0 ? ComplexNumber(0, 0) : half[y * width + x] * phase
      }
    }
    return half
  }

  let want: [Double]
  switch sliceGrid {
  case .image:
    want = image(
      ofHalf: spectrum(rows: shape.rows, columns: shape.columns), rows: shape.rows, columns: shape.columns)
  case .volume:
    let full = image(ofHalf: spectrum(rows: m, columns: m), rows: m, columns: m)
    want = cropOrPad(full, from: [m, m], to: [shape.rows, shape.columns])
  }

  let volume = try FourierVoxelGridVolume(map, padScale: padScale)
  let plane = try ImageConfiguration(
    shape: GridShape(rows: shape.rows, columns: shape.columns), pixelSizeInAngstroms: h)
  let integrator = FourierSliceExtraction<FourierVoxelGridVolume<Scalar>>(sliceGrid: sliceGrid)
  let got = try integrator.project(volume, at: pose, onto: plane)
  #expect(relativeError(got.values, want) < tolerance)

  // The spectrum is that of the image, whichever of the two the method makes first.
  let wantHalf = realSpectrum(rows: shape.rows, columns: shape.columns) { kx, ky in
    var sum = ComplexNumber(0, 0)
    for i in 0..<shape.rows {
      for j in 0..<shape.columns {
        let turns =
          Double(ky * (i - shape.rows / 2)) / Double(shape.rows)
          + Double(kx * (j - shape.columns / 2)) / Double(shape.columns)
        sum = sum + ComplexNumber.turn(-turns) * want[i * shape.columns + j]
      }
    }
    return sum
  }
  let spectrumGot = try integrator.integrate(volume, at: pose, onto: plane)
  #expect(relativeError(spectrumGot.values, wantHalf) < tolerance)
}

@Suite("Linear Fourier slices")
struct LinearSliceTests {
  static let requests: [(box: Int, pad: Double, rows: Int, columns: Int, shift: SIMD2<Double>)] = [
    (12, 1, 12, 12, SIMD2(0, 0)), (12, 1, 12, 12, SIMD2(1.3, -2.6)), (11, 1, 11, 11, SIMD2(0.4, 0.9)),
    (10, 2, 10, 10, SIMD2(0, 0)), (9, 1.5, 9, 9, SIMD2(-1, 2)), (10, 1, 14, 9, SIMD2(0, 0)),
    (11, 2, 8, 13, SIMD2(0.25, 0)), (12, 1, 7, 6, SIMD2(0, 0)),
  ]

  @Test("noise matches trilinear sums over the full cube, in both precisions", arguments: requests)
  func noise(box: Int, pad: Double, rows: Int, columns: Int, shift: SIMD2<Double>) throws {
    for grid in SliceGrid.allCases {
      try checkAgainstSums(
        box: box, padScale: pad, image: (rows, columns), shift: shift, sliceGrid: grid,
        tolerance: 1e-12, as: Double.self)
      try checkAgainstSums(
        box: box, padScale: pad, image: (rows, columns), shift: shift, sliceGrid: grid,
        tolerance: 3e-6, as: Float.self)
    }
  }

  @Test("views along grid axes are plain sums of voxels", arguments: [8, 9])
  func gridViews(n: Int) throws {
    let (map, values) = try noiseMap(n, voxelSize: 2, seed: 5, as: Double.self)
    let volume = try FourierVoxelGridVolume(map)
    let plane = try ImageConfiguration(shape: GridShape(square: n), pixelSizeInAngstroms: 2)
    func column(_ pick: (_ along: Int, _ row: Int, _ column: Int) -> (z: Int, y: Int, x: Int)?) -> [Double] {
      (0..<n * n).map { pixel in
        2
          * (0..<n).reduce(0.0) { sum, along in
            guard let v = pick(along, pixel / n, pixel % n) else { return .nan }
            return sum + values[(v.z * n + v.y) * n + v.x]
          }
      }
    }
    // Where an even axis is reversed, index 0 (−n/2) meets +n/2, which is itself by periodicity.
    func reversed(_ i: Int) -> Int { (2 * (n / 2) - i + n) % n }
    let views: [(Rotation, [Double])] = [
      (.identity, column { a, row, col in (a, row, col) }),
      // About y by 90°: z goes to x, x to −z: the image's x shows the object's z.
      (
        try Rotation(phiInDegrees: 0, thetaInDegrees: 90, psiInDegrees: 0),
        column { a, row, col in (col, row, a) }
      ),
      // About z by 90°: x goes to y, y to −x.
      (
        try Rotation(phiInDegrees: 90, thetaInDegrees: 0, psiInDegrees: 0),
        column { a, row, col in (a, reversed(col), row) }
      ),
      (
        try Rotation(phiInDegrees: 180, thetaInDegrees: 0, psiInDegrees: 0),
        column { a, row, col in (a, reversed(row), reversed(col)) }
      ),
    ]
    for (rotation, want) in views {
      let got = try FourierSliceExtraction().project(volume, at: Pose(rotation: rotation), onto: plane)
      #expect(relativeError(got.values, want) < 1e-13)
    }
  }

  @Test("a tilted, off-centre, shifted Gaussian lands where the pose sends it")
  func gaussian() throws {
    let (n, h, sigma) = (48, 1.5, 3.0)
    let centre = SIMD3(7.0, -4.0, 9.0)
    var values = [Double]()
    for z in 0..<n {
      for y in 0..<n {
        for x in 0..<n {
          let d = SIMD3(Double(x - 24), Double(y - 24), Double(z - 24)) * h - centre
          values.append(Double.exp(-(d * d).sum() / (2 * sigma * sigma)))
        }
      }
    }
    let map = try RealVoxelGridVolume(depth: n, rows: n, columns: n, voxelSizeInAngstroms: h, values: values)
    let volume = try FourierVoxelGridVolume(map, padScale: 2, griddingCorrection: true)
    let pose = try Pose(
      relionRotInDegrees: 40, tiltInDegrees: 65, psiInDegrees: -110, originXInAngstroms: 3.1,
      originYInAngstroms: -4.4)
    let plane = try ImageConfiguration(shape: GridShape(rows: 44, columns: 47), pixelSizeInAngstroms: h)
    let got = try FourierSliceExtraction().project(volume, at: pose, onto: plane)
    let there = pose.rotation * centre
    var want = [Double]()
    for i in 0..<44 {
      for j in 0..<47 {
        let dx = Double(j - 23) * h - there.x + 3.1
        let dy = Double(i - 22) * h - there.y - 4.4
        want.append(
          (2 * .pi).squareRoot() * sigma * Double.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma)))
      }
    }
    #expect(relativeError(got.values, want) < 0.01)
  }

  @Test("neighbours outside the grid take the value asked for", arguments: [9, 10])
  func outOfBounds(n: Int) throws {
    let (map, values) = try noiseMap(n, voxelSize: 1, seed: 9, as: Double.self)
    let transform = FullTransform(values, n: n)
    let volume = try FourierVoxelGridVolume(map)
    let r = randomRotationMatrix(seed: 4)
    let plane = try ImageConfiguration(shape: GridShape(square: n), pixelSizeInAngstroms: 1)
    let cases: [(OutOfBoundsMode<Double>, FullTransform.Outside)] = [
      (.fill(Complex(30, -12)), .fill(ComplexNumber(30, -12))), (.clip, .clip), (.wrap, .wrap),
      (.zero, .fill(ComplexNumber(0, 0))),
    ]
    var results = Set<[Complex<Double>]>()
    for (mode, outside) in cases {
      let want = realSpectrum(rows: n, columns: n) { kx, ky in
        let (u, v) = (Double(kx), Double(ky))
        return transform.linear(
          r[0][0] * u + r[1][0] * v, r[0][1] * u + r[1][1] * v, r[0][2] * u + r[1][2] * v, outside)
      }
      let got = try FourierSliceExtraction(outOfBounds: mode).integrate(
        volume, at: Pose(rotation: Rotation(matrix: r)), onto: plane)
      #expect(relativeError(got.values, want) < 1e-12)
      results.insert(got.values)
    }
    #expect(results.count == 4, "the modes must differ on this input")
  }

  @Test(
    "the stored half is exactly Hermitian and holds both Nyquist planes", arguments: [10, 11, 14, 22, 34])
  func symmetry(n: Int) throws {
    let (map, _) = try noiseMap(n, voxelSize: 1, seed: 3, as: Float.self)
    let volume = try FourierVoxelGridVolume(map)
    let half = n / 2
    for z in -half...half {
      for y in -half...half {
        #expect(volume[z, y, 0] == volume[-z, -y, 0].conjugate)
        if n % 2 == 0 {
          #expect(volume[z, y, half] == volume[-z, -y, half].conjugate)
          for x in 0...half { #expect(volume[z, half, x] == volume[z, -half, x]) }
        }
      }
    }
  }

  @Test("total mass is the map's, whatever the padding and the gridding correction")
  func mass() throws {
    let (map, values) = try noiseMap(12, voxelSize: 2, seed: 8, as: Double.self)
    let sum = values.reduce(0, +)
    let plane = try ImageConfiguration(shape: GridShape(square: 12), pixelSizeInAngstroms: 2)
    for padScale in [1.0, 1.5, 2, 4] {
      for correction in [false, true] {
        let volume = try FourierVoxelGridVolume(map, padScale: padScale, griddingCorrection: correction)
        let image = try FourierSliceExtraction().project(volume, at: .identity, onto: plane)
        #expect(abs(image.values.reduce(0, +) / 2 - sum) < 1e-10)
      }
    }
  }

  @Test("a plain sum is the integral without the voxel size; a filter multiplies the transform")
  func options() throws {
    let (map, _) = try noiseMap(8, voxelSize: 2.5, seed: 2, as: Double.self)
    let plane = try ImageConfiguration(shape: GridShape(square: 8), pixelSizeInAngstroms: 2.5)
    let volume = try FourierVoxelGridVolume(map)
    let pose = Pose(rotation: try Rotation(matrix: randomRotationMatrix(seed: 1)))
    let integral = try FourierSliceExtraction().integrate(volume, at: pose, onto: plane)
    let sum = try FourierSliceExtraction(outputsIntegral: false).integrate(volume, at: pose, onto: plane)
    let halved = try FourierSliceExtraction().integrate(
      FourierVoxelGridVolume(map, filter: { _ in 0.5 }), at: pose, onto: plane)
    for (a, (b, c)) in zip(integral.values, zip(sum.values, halved.values)) {
      #expect((a - b.multiplied(by: 2.5)).magnitude < 1e-12)
      #expect((a - c.multiplied(by: 2)).magnitude < 1e-12)
    }
    let lowPassed = try FourierSliceExtraction().integrate(
      FourierVoxelGridVolume(map, filter: { $0 < 0.15 ? 1 : 0 }), at: .identity, onto: plane)
    // 0.15 /Å at 8 × 2.5 Å is 3 samples.
    let kept = try FourierSliceExtraction().integrate(volume, at: .identity, onto: plane)
    #expect(lowPassed[0, 2] == kept[0, 2])
    #expect(lowPassed[2, 3] == .zero)
  }

  @Test("the transform does not depend on the number of threads")
  func threads() throws {
    let (map, _) = try noiseMap(13, voxelSize: 1, seed: 6, as: Float.self)
    let one = try FourierVoxelGridVolume(map, padScale: 1.5, griddingCorrection: true, threads: 1)
    let four = try FourierVoxelGridVolume(map, padScale: 1.5, griddingCorrection: true, threads: 4)
    #expect(one.samples.grid.storage.buffer.elementsEqual(four.samples.grid.storage.buffer))
  }

  @Test("what does not fit is refused in a sentence")
  func refusals() throws {
    let (map, _) = try noiseMap(8, voxelSize: 1.2, seed: 2, as: Float.self)
    let volume = try FourierVoxelGridVolume(map)
    let plane = try ImageConfiguration(shape: GridShape(square: 8), pixelSizeInAngstroms: 1.3)
    func message(_ body: () throws -> Void) -> String {
      do { try body() } catch { return "\(error)" }
      return ""
    }
    let mismatch = message { _ = try FourierSliceExtraction().makeProjector(for: volume, onto: plane) }
    #expect(mismatch.contains("1.3 Å") && mismatch.contains("1.2 Å"))
    #expect(message { _ = try FourierVoxelGridVolume(map, padScale: 0.5) }.contains("1 to 16"))
    let slab = try RealVoxelGridVolume<Float>(
      depth: 1, rows: 2, columns: 2, voxelSizeInAngstroms: 1, values: [1, 2, 3, 4])
    #expect(message { _ = try FourierVoxelGridVolume(slab) }.contains("1 × 2 × 2"))
    #expect(
      message {
        _ = try RealVoxelGridVolume<Float>(
          depth: 1, rows: 1, columns: 2, voxelSizeInAngstroms: 1, values: [1, .nan])
      }.contains("x 1"))
  }
}
