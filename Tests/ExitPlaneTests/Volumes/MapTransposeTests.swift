import Oracles
import Testing

@testable import ExitPlane

/// Linear steps from map to map and image to image beside their transposes.
@Suite("Maps and images, backwards")
struct MapTransposeTests {
  private func random<Scalar: GridScalar>(_ count: Int, seed: UInt64) -> [Scalar] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count).map { _ in Scalar(generator.uniform()) }
  }

  private func dot<Scalar: GridScalar>(_ a: [Scalar], _ b: [Scalar]) -> Double {
    zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }

  private func expectTransposed<Scalar: GridScalar>(
    _ x: [Scalar], _ ax: [Scalar], _ y: [Scalar], _ aty: [Scalar], within tolerance: Double,
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(x.count == aty.count && ax.count == y.count, sourceLocation: sourceLocation)
    #expect(
      abs(dot(ax, y) - dot(x, aty)) <= tolerance * (dot(ax, ax) * dot(y, y)).squareRoot(),
      sourceLocation: sourceLocation)
  }

  private func cube<Scalar: GridScalar>(
    _ n: Int, _ voxelSize: Double, seed: UInt64
  ) throws -> RealVoxelGridVolume<Scalar> {
    try RealVoxelGridVolume(
      depth: n, rows: n, columns: n, voxelSizeInAngstroms: voxelSize, values: random(n * n * n, seed: seed))
  }

  @Test(
    "rescaling has its transpose, to larger and smaller boxes, odd and even",
    arguments: [
      (8, 1.0, 1.25), (9, 1.0, 1.25), (8, 1.5, 1.0), (7, 1.5, 1.07), (11, 1.2, 1.2), (12, 2.0, 1.0),
      (10, 1.0, 2.0),
      (4, 1, 2),
    ])
  func rescaling(size: Int, from: Double, to: Double) throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      let rescaling = try MapRescaling(size: size, voxelSizeInAngstroms: from, toVoxelSizeInAngstroms: to)
      let map: RealVoxelGridVolume<Scalar> = try cube(size, from, seed: 1)
      let rescaled = try rescaling.rescaled(map, threads: 2)
      let same = try map.rescaled(toVoxelSizeInAngstroms: to)
      #expect(rescaled.values == same.values && rescaled.columns == rescaling.rescaledSize)
      let cotangent: RealVoxelGridVolume<Scalar> = try cube(rescaling.rescaledSize, to, seed: 2)
      let back = try rescaling.pullBack(cotangent, threads: 2)
      #expect(back.voxelSizeInAngstroms == from)
      expectTransposed(map.values, rescaled.values, cotangent.values, back.values, within: tolerance)
      #expect(back.values == (try rescaling.pullBack(cotangent, threads: 1)).values)
    }
    try hold(Double.self, within: 1e-13)
    try hold(Float.self, within: 1e-6)
  }

  @Test("maps that do not fit a rescaling are refused")
  func rescalingRefusals() throws {
    let rescaling = try MapRescaling(size: 8, voxelSizeInAngstroms: 1, toVoxelSizeInAngstroms: 1.25)
    #expect(rescaling == (try MapRescaling(size: 8, voxelSizeInAngstroms: 1, toVoxelSizeInAngstroms: 1.25)))
    #expect(throws: ExitPlaneError.self) {
      try rescaling.rescaled(cube(9, 1, seed: 1) as RealVoxelGridVolume<Float>)
    }
    #expect(throws: ExitPlaneError.self) {
      try rescaling.rescaled(cube(8, 2, seed: 1) as RealVoxelGridVolume<Float>)
    }
    #expect(throws: ExitPlaneError.self) {
      try rescaling.pullBack(cube(8, 1, seed: 1) as RealVoxelGridVolume<Float>)
    }
    for (size, from, to) in [(0, 1.0, 1.0), (8, 0, 1), (8, 1, .nan), (8, 1, 1000), (8, 1, 1e-6)] {
      #expect(throws: ExitPlaneError.self) {
        try MapRescaling(size: size, voxelSizeInAngstroms: from, toVoxelSizeInAngstroms: to)
      }
    }
  }

  @Test(
    "cutting a map off at a resolution is its own transpose",
    arguments: [(6, 5, 4), (4, 4, 4), (3, 7, 5), (1, 6, 9), (8, 2, 6)])
  func resolution(depth: Int, rows: Int, columns: Int) throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      func limited(_ values: [Scalar], _ resolution: Double) throws -> [Scalar] {
        try RealVoxelGridVolume(
          depth: depth, rows: rows, columns: columns, voxelSizeInAngstroms: 1.5, values: values
        ).limited(toResolutionInAngstroms: resolution, threads: 2).values
      }
      let count = depth * rows * columns
      let (x, y): ([Scalar], [Scalar]) = (random(count, seed: 1), random(count, seed: 2))
      for resolution in [100, 6, 4.5, 3.2] {
        expectTransposed(x, try limited(x, resolution), y, try limited(y, resolution), within: tolerance)
      }
    }
    try hold(Double.self, within: 1e-13)
    try hold(Float.self, within: 1e-6)
  }

  @Test(
    "the low-pass filter is its own transpose", arguments: [(16, 16), (15, 22), (22, 15), (13, 7), (1, 32)])
  func lowPass(rows: Int, columns: Int) throws {
    let shape = try GridShape(rows: rows, columns: columns)
    func hold<Scalar: GridScalar>(_: Scalar.Type, within tolerance: Double) throws {
      let filter = try LowPassFilter<Scalar>(
        shape: shape, pixelSizeInAngstroms: 1.5, resolutionInAngstroms: 9)
      func filtered(_ values: [Scalar]) throws -> [Scalar] {
        try filter.applied(to: RealImage(shape: shape, values: values)).values
      }
      let (x, y): ([Scalar], [Scalar]) = (random(shape.count, seed: 1), random(shape.count, seed: 2))
      expectTransposed(x, try filtered(x), y, try filtered(y), within: tolerance)
    }
    try hold(Double.self, within: 1e-13)
    try hold(Float.self, within: 1e-6)
  }

  @Test(
    "cropping and padding are each other's transposes",
    arguments: [(5, 4), (8, 8), (3, 9), (1, 1), (7, 6)], [(5, 4), (6, 9), (8, 3), (2, 2)])
  func cropping(from: (Int, Int), to: (Int, Int)) throws {
    let (source, target) = (
      try GridShape(rows: from.0, columns: from.1), try GridShape(rows: to.0, columns: to.1)
    )
    for components in [1, 2] {
      func resized(_ values: [Double], _ from: GridShape, _ to: GridShape) -> [Double] {
        var result = [Double](repeating: .nan, count: components * to.count)
        cropOrPad(values, from, into: &result, to, components: components)
        return result
      }
      let x: [Double] = random(components * source.count, seed: 1)
      let y: [Double] = random(components * target.count, seed: 2)
      expectTransposed(x, resized(x, source, target), y, resized(y, target, source), within: 1e-13)
    }
  }
}
