import ComplexModule
import Oracles
import Testing

@testable import ExitPlane

@Suite("The way back of slices at given frequencies")
struct FourierSliceFunctionsPullBackTests {
  private static let rotation = try! Rotation(matrix: randomRotationMatrix(seed: 5))

  private static func cotangent<Scalar>(_ shape: GridShape) throws -> HalfSpectrum<Scalar> {
    let numbers: [Scalar] = noise(2 * shape.rows * shape.spectrumColumns, seed: 2)
    return HalfSpectrum(
      shape: shape,
      unchecked: stride(from: 0, to: numbers.count, by: 2).map { Complex(numbers[$0], numbers[$0 + 1]) })
  }

  private static func numbers<Scalar>(_ values: [Complex<Scalar>]) -> [Scalar] {
    values.flatMap { [$0.real, $0.imaginary] }
  }

  /// From voxels to a slice and back, and the frequencies' part by differences.
  private func hold<Volume: FourierSliceVolume>(
    _ map: RealVoxelGridVolume<Volume.Scalar>, _ volume: Volume, _ shape: GridShape, _ name: String,
    extract: (FrequencySlice) throws -> HalfSpectrum<Volume.Scalar>,
    pullBack: (HalfSpectrum<Volume.Scalar>, FrequencySlice, FourierSamplesGradient<Volume.Scalar>?) throws ->
      [SIMD3<Double>]
  ) throws {
    let slice = makeFrequencySlice(shape: shape).rotated(by: Self.rotation)
    let y: HalfSpectrum<Volume.Scalar> = try Self.cotangent(shape)
    let values = try extract(slice).values
    let gradient = try volume.makeGradient()
    let frequencies = try pullBack(y, slice, gradient)
    let voxels = try volume.voxelGradient(of: gradient, threads: 2)
    let error = transposeError(Self.numbers(values), Self.numbers(y.values), map.values, voxels)
    #expect(error < Volume.Scalar.transposeTolerance, "\(name)")
    guard Volume.Scalar.self == Double.self else { return }
    #expect(frequencies[0] == .zero)
    let largest = frequencies.map { max(abs($0.x), abs($0.y), abs($0.z)) }.max() ?? 0
    for index in [1, 5, shape.spectrumColumns, frequencies.count - 1] {
      for axis in 0..<3 {
        func moved(_ step: Double) throws -> Double {
          var points = slice.frequencies
          points[index][axis] += step
          let values = try extract(FrequencySlice(shape: shape, frequencies: points)).values
          return zip(Self.numbers(values), Self.numbers(y.values)).reduce(0) {
            $0 + Double($1.0) * Double($1.1)
          }
        }
        let want = try (moved(1e-7) - moved(-1e-7)) / 2e-7
        #expect(abs(frequencies[index][axis] - want) < 1e-6 * largest, "\(name), \(index), \(axis)")
      }
    }
  }

  @Test("is the transpose and the derivative", arguments: [(8, 8), (7, 9), (10, 7)])
  func pullBack(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    func holdAll<Scalar: GridScalar>(_: Scalar.Type) throws {
      for n in [7, 8] {
        let (map, _) = try noiseCube(n, seed: 4, as: Scalar.self)
        for mode: OutOfBoundsMode<Scalar> in [.zero, .clip, .wrap] {
          let linear = try FourierVoxelGridVolume(map, padScale: 1.5)
          try hold(map, linear, shape, "linear \(mode)") {
            try extractFourierSlice(fromGrid: linear, at: $0, outOfBounds: mode)
          } pullBack: {
            try pullBackFourierSlice($0, fromGrid: linear, at: $1, outOfBounds: mode, into: $2)
          }
          let spline = try FourierVoxelSplineVolume(map)
          try hold(map, spline, shape, "cubic \(mode)") {
            try extractFourierSlice(fromSpline: spline, at: $0, outOfBounds: mode)
          } pullBack: {
            try pullBackFourierSlice($0, fromSpline: spline, at: $1, outOfBounds: mode, into: $2)
          }
        }
        let exact = try FourierVoxelWindowVolume(map, accuracy: 1e-6)
        try hold(map, exact, shape, "exact") {
          try extractFourierSlice(fromWindow: exact, at: $0)
        } pullBack: {
          try pullBackFourierSlice($0, fromWindow: exact, at: $1, into: $2)
        }
      }
    }
    try holdAll(Double.self)
    try holdAll(Float.self)
  }

  @Test("a cotangent of another shape is refused")
  func refusal() throws {
    let (map, _) = try noiseCube(4, seed: 1, as: Float.self)
    let y: HalfSpectrum<Float> = try Self.cotangent(GridShape(square: 5))
    #expect(throws: ExitPlaneError.self) {
      try pullBackFourierSlice(
        y, fromGrid: FourierVoxelGridVolume(map), at: makeFrequencySlice(shape: GridShape(square: 4)),
        into: nil)
    }
  }
}
