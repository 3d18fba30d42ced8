import ComplexModule
import Foundation
import Oracles
import Testing

@testable import ExitPlane

/// A cube of white noise, the hardest input there is: every frequency counts.
func noiseCube<Scalar: GridScalar>(
  _ n: Int, voxelSize: Double = 1, seed: UInt64, as _: Scalar.Type = Scalar.self
) throws -> (map: RealVoxelGridVolume<Scalar>, values: [Double]) {
  var generator = SeededGenerator(seed: seed)
  let values = (0..<n * n * n).map { _ in Scalar(generator.uniform()) }
  let map = try RealVoxelGridVolume(
    depth: n, rows: n, columns: n, voxelSizeInAngstroms: voxelSize, values: values)
  return (map, values.map { Double($0) })
}

func inOracleTerms<Scalar: GridScalar>(_ values: [Complex<Scalar>]) -> [ComplexNumber] {
  values.map { ComplexNumber(Double($0.real), Double($0.imaginary)) }
}

/// The largest difference over the largest magnitude.
func worstError(_ got: [ComplexNumber], _ want: [ComplexNumber]) -> Double {
  guard got.count == want.count else { return .infinity }
  let peak = want.map(\.magnitude).max() ?? 0
  return zip(got, want).map { ($0 - $1).magnitude }.reduce(0) { $1.isNaN ? .infinity : max($0, $1) } / peak
}

func worstError<Scalar: GridScalar>(_ got: [Scalar], _ want: [Double]) -> Double {
  worstError(got.map { ComplexNumber(Double($0), 0) }, want.map { ComplexNumber($0, 0) })
}

/// The root of the mean square difference over that of the values wanted.
func rmsError(_ got: [ComplexNumber], _ want: [ComplexNumber]) -> Double {
  guard got.count == want.count else { return .infinity }
  func power(_ values: [ComplexNumber]) -> Double {
    values.reduce(0) { $0 + $1.re * $1.re + $1.im * $1.im }
  }
  return (power(zip(got, want).map { $0 - $1 }) / power(want)).squareRoot()
}

/// `Rᵀ (x, y, z)` for a matrix by rows.
func turnedBack(_ r: [[Double]], _ x: Double, _ y: Double, _ z: Double = 0) -> (
  x: Double, y: Double, z: Double
) {
  func component(_ i: Int) -> Double { r[0][i] * x + r[1][i] * y + r[2][i] * z }
  return (component(0), component(1), component(2))
}

extension ReferenceCases.Case {
  /// The case's map, with the image's pixel size.
  func readMap<Scalar: GridScalar>(as _: Scalar.Type) throws -> RealVoxelGridVolume<Scalar> {
    let (shape, voxels) = try ReferenceCases.map(#require(volume).file)
    return try RealVoxelGridVolume(
      depth: shape[0], rows: shape[1], columns: shape[2], voxelSizeInAngstroms: image?.pixelSize ?? 1,
      values: voxels.map { Scalar($0) })
  }

  func pose() throws -> Pose { Pose(rotation: try Rotation(matrix: #require(rotationMatrix))) }

  func plane() throws -> ImageConfiguration {
    let image = try #require(image)
    return try ImageConfiguration(
      shape: GridShape(rows: image.shape[0], columns: image.shape[1]), pixelSizeInAngstroms: image.pixelSize,
      voltageInKilovolts: image.voltageInKilovolts ?? 300,
      paddedShape: GridShape(rows: image.paddedShape[0], columns: image.paddedShape[1]))
  }

  /// The largest error, relative to the largest value, of what an integrator makes of a volume in the space that the
  /// case wants.
  func error<Integrator: VolumeIntegrator, Scalar: GridScalar>(
    of integrator: Integrator, _ volume: Integrator.Volume, as _: Scalar.Type
  ) throws -> Double
  where Integrator.Plan.Spectrum == HalfSpectrum<Scalar>, Integrator.Plan.Image == RealImage<Scalar> {
    let (pose, plane, want) = (try pose(), try plane(), try readExpected())
    if outputsRealSpace == true {
      return worstError(try integrator.project(volume, at: pose, onto: plane).values, want.map(\.re))
    }
    return worstError(inOracleTerms(try integrator.integrate(volume, at: pose, onto: plane).values), want)
  }
}
