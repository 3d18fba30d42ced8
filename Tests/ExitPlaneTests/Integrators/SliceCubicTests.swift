import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

/// The whole cube's coefficients, both Nyquist planes of an even axis in place.
private func splineCube(_ values: [Double], n: Int) -> SplineCube {
  guard n > 1 else { return SplineCube(samples: [ComplexNumber(values[0], 0)], count: 1) }
  let transform = FullTransform(values, n: n)
  let half = n / 2
  var samples = [ComplexNumber]()
  for z in -half...half {
    for y in -half...half {
      for x in -half...half { samples.append(transform.value(x, y, z, .wrap)) }
    }
  }
  return SplineCube(samples: samples, count: 2 * half + 1)
}

private func checkAgainstSpline<Scalar: GridScalar>(
  box n: Int, padScale: Double, image shape: (rows: Int, columns: Int), sliceGrid: SliceGrid,
  tolerance: Double, as _: Scalar.Type
) throws {
  let h = 1.7
  let (map, values) = try noiseCube(n, voxelSize: h, seed: UInt64(n), as: Scalar.self)
  let m = Int(Double(n) * padScale)
  let cube = splineCube(cropOrPad(values, from: [n, n, n], to: [m, m, m]), n: m)
  let r = randomRotationMatrix(seed: UInt64(200 + n))
  func spectrum(rows: Int, columns: Int) -> [ComplexNumber] {
    realSpectrum(rows: rows, columns: columns) { kx, ky in
      let p = turnedBack(r, Double(kx * m) / Double(columns), Double(ky * m) / Double(rows))
      let centre = Double(m / 2)
      return cube.value(p.x + centre, p.y + centre, p.z + centre, outside: { _ in ComplexNumber(0, 0) }) * h
    }
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
  let volume = try FourierVoxelSplineVolume(map, padScale: padScale)
  let plane = try ImageConfiguration(
    shape: GridShape(rows: shape.rows, columns: shape.columns), pixelSizeInAngstroms: h)
  let got = try FourierSliceExtraction<FourierVoxelSplineVolume<Scalar>>(sliceGrid: sliceGrid).project(
    volume, at: Pose(rotation: Rotation(matrix: r)), onto: plane)
  #expect(worstError(got.values, want) < tolerance)
}

@Suite("Cubic Fourier slices")
struct SliceCubicTests {
  static let requests: [(box: Int, pad: Double, rows: Int, columns: Int)] = [
    (12, 1, 12, 12), (11, 1, 11, 11), (10, 1.5, 10, 10), (9, 1, 12, 7), (10, 1, 8, 13), (3, 1, 6, 6),
    (2, 1, 4, 5), (1, 1, 3, 3), (1, 3, 2, 2),
  ]

  @Test("noise matches the natural spline of the full cube, in both precisions", arguments: requests)
  func noise(box: Int, pad: Double, rows: Int, columns: Int) throws {
    for grid in SliceGrid.allCases {
      try checkAgainstSpline(
        box: box, padScale: pad, image: (rows, columns), sliceGrid: grid, tolerance: 1e-13, as: Double.self)
      try checkAgainstSpline(
        box: box, padScale: pad, image: (rows, columns), sliceGrid: grid, tolerance: 3e-6, as: Float.self)
    }
  }

  @Test("coefficients outside the grid take the value asked for", arguments: [9, 10])
  func outOfBounds(n: Int) throws {
    let (map, values) = try noiseCube(n, seed: 9, as: Double.self)
    let cube = splineCube(values, n: n)
    let volume = try FourierVoxelSplineVolume(map)
    let r = randomRotationMatrix(seed: 4)
    let plane = try ImageConfiguration(shape: GridShape(square: n), pixelSizeInAngstroms: 1)
    func at(_ i: [Int]) -> ComplexNumber { cube.coefficients[(i[2] * cube.size + i[1]) * cube.size + i[0]] }
    let reach = n / 2 + 1
    func wrapped(_ i: Int) -> Int {
      let k = i - reach
      return abs(k) <= reach ? i : ((k + n / 2) % n + n) % n - n / 2 + reach
    }
    let cases: [(OutOfBoundsMode<Double>, ([Int]) -> ComplexNumber)] = [
      (.fill(Complex(30, -12)), { _ in ComplexNumber(30, -12) }), (.zero, { _ in ComplexNumber(0, 0) }),
      (.clip, { at($0.map { min(max($0, 0), cube.size - 1) }) }), (.wrap, { at($0.map(wrapped)) }),
    ]
    var results = Set<[Complex<Double>]>()
    for (mode, outside) in cases {
      let want = realSpectrum(rows: n, columns: n) { kx, ky in
        let p = turnedBack(r, Double(kx), Double(ky))
        let centre = Double(n / 2)
        return cube.value(p.x + centre, p.y + centre, p.z + centre, outside: outside)
      }
      let got = try FourierSliceExtraction(outOfBounds: mode).integrate(
        volume, at: Pose(rotation: Rotation(matrix: r)), onto: plane)
      #expect(worstError(inOracleTerms(got.values), want) < 1e-13)
      results.insert(got.values)
    }
    #expect(results.count == 4, "the modes must differ on this input")
  }

  @Test("without a prefilter, the samples of the corrected map are the coefficients", arguments: [9, 12])
  func griddingCorrected(n: Int) throws {
    let (map, values) = try noiseCube(n, seed: 2, as: Double.self)
    let m = n + n / 2
    func sinc(_ i: Int) -> Double {
      let u = Double.pi * Double(i - n / 2) / Double(m)
      return u == 0 ? 1 : Double.sin(u) / u
    }
    let corrected = values.enumerated().map { i, value in
      value / Double.pow(sinc(i / (n * n)) * sinc(i / n % n) * sinc(i % n), 4)
    }
    let transform = FullTransform(cropOrPad(corrected, from: [n, n, n], to: [m, m, m]), n: m)
    let volume = try FourierVoxelSplineVolume(
      map, padScale: 1.5, prefilter: .griddingCorrected, filter: { $0 == 0 ? 1 : 0.5 })
    #expect(volume.gridSize == m)
    let r = randomRotationMatrix(seed: 7)
    let plane = try ImageConfiguration(shape: GridShape(square: n), pixelSizeInAngstroms: 1)
    let want = realSpectrum(rows: n, columns: n) { kx, ky in
      if kx == 0, ky == 0 { return ComplexNumber(values.reduce(0, +), 0) }
      let p = turnedBack(r, Double(kx * m) / Double(n), Double(ky * m) / Double(n))
      let base = [p.x, p.y, p.z].map { Int($0.rounded(.down)) - 1 }
      var sum = ComplexNumber(0, 0)
      for c in 0..<64 {
        let i = [base[0] + c % 4, base[1] + c / 4 % 4, base[2] + c / 16]
        let weight = bSpline(p.x - Double(i[0])) * bSpline(p.y - Double(i[1])) * bSpline(p.z - Double(i[2]))
        let filter = i == [0, 0, 0] ? 1 : 0.5
        sum =
          sum + transform.value(i[0], i[1], i[2], .fill(ComplexNumber(0, 0))) * (weight / 216 * filter)
      }
      return sum
    }
    let got = try FourierSliceExtraction().integrate(
      volume, at: Pose(rotation: Rotation(matrix: r)), onto: plane)
    #expect(worstError(inOracleTerms(got.values), want) < 1e-13)
  }

  @Test("stored coefficients are exactly Hermitian, the border included", arguments: [8, 9])
  func symmetry(n: Int) throws {
    let (map, _) = try noiseCube(n, seed: 3, as: Float.self)
    let volume = try FourierVoxelSplineVolume(map)
    let (grid, p) = (volume.samples.grid, volume.samples.grid.storage.pointer)
    let reach = grid.half + 1
    for z in -reach...reach {
      for y in -reach...reach {
        for x in 0...1 {
          let (a, b) = (grid.index(x: x, y: y, z: z), grid.index(x: -x, y: -y, z: -z))
          #expect(p[a] == p[b] && p[a + 1] == -p[b + 1])
        }
      }
    }
  }

  @Test(
    "coefficients do not depend on the number of threads",
    arguments: FourierVoxelSplineVolume<Float>.Prefilter.allCases)
  func threads(prefilter: FourierVoxelSplineVolume<Float>.Prefilter) throws {
    let (map, _) = try noiseCube(13, seed: 6, as: Float.self)
    let one = try FourierVoxelSplineVolume(map, padScale: 1.5, prefilter: prefilter, threads: 1)
    let four = try FourierVoxelSplineVolume(map, padScale: 1.5, prefilter: prefilter, threads: 4)
    #expect(one.samples.grid.storage.buffer.elementsEqual(four.samples.grid.storage.buffer))
  }

  @Test(
    "reference cases of cubic slices, in both precisions", .enabled(if: ReferenceCases.areHere),
    arguments: ReferenceCases.all(of: "FourierSliceExtraction").filter(\.isSpline))
  func reference(_ reference: ReferenceCases.Case) throws {
    #expect(try Self.error(of: reference, as: Double.self) <= reference.maxAbsErrorOverMaxAbs)
    #expect(try Self.error(of: reference, as: Float.self) <= 2e-5)
  }

  private static func error<Scalar: GridScalar>(
    of reference: ReferenceCases.Case, as _: Scalar.Type
  ) throws -> Double {
    let volume = try FourierVoxelSplineVolume(
      reference.readMap(as: Scalar.self), padScale: reference.volume?.padScale ?? 1)
    let integrator = FourierSliceExtraction<FourierVoxelSplineVolume<Scalar>>(
      outputsIntegral: reference.options?.outputsIntegral ?? true, sliceGrid: .volume)
    return try reference.error(of: integrator, volume, as: Scalar.self)
  }
}
