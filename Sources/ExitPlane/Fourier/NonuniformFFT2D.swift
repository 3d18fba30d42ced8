import ComplexModule
import Synchronization

/// A type 1 nonuniform transform in two dimensions: from strengths at any points to frequencies on a grid,
/// `F(k) = Σ_j c_j exp(−2πi (k_x x_j / columns + k_y y_j / rows))`.
///
/// Points are in pixels of the result's image, in double precision whatever the strengths', and periodic. The
/// relative RMS error is within the accuracy for strengths that are white noise, at any points; nothing below
/// `3e-6` in single and `1e-13` in double precision is promised.
///
/// Its transposes, and with them type 2 transforms, from frequencies to values at points, are `pullBack` and `values`.
///
/// - Source: Barnett, Magland and af Klinteberg, SIAM J. Sci. Comput. 41 (2019) C479–C504.
public struct NonuniformFFT2D<Scalar: GridScalar>: Sendable {
  /// Of the uniform grid.
  public let shape: GridShape
  private let options: NonuniformFFTOptions
  let grid: SpreadingGrid2D<Scalar>
  private let spare = SpareWorkspace()

  /// The workspace of a finished transform, for the next of as many points: a fresh one costs a third of a
  /// transform in page faults.
  private final class SpareWorkspace: Sendable {
    let held = Mutex<(points: Int, workspace: SpreadingGrid2D<Scalar>.Workspace)?>(nil)
  }

  /// - Parameters:
  ///   - shape: of the spectrum, in full.
  ///   - accuracy: the relative RMS error, 1e-16 to 0.5.
  ///   - options: how it is computed.
  ///   - expectedPoints: how many points transforms will have, about; the grid is chosen for it.
  /// - Throws: `.invalidValue` for options out of range, `.unsupported` where the oversampling asked for
  ///   cannot reach the accuracy.
  public init(
    shape: GridShape, accuracy: Double, options: NonuniformFFTOptions = NonuniformFFTOptions(),
    expectedPoints: Int = 100_000
  ) throws {
    self.shape = shape
    self.options = options
    grid = try SpreadingGrid2D(
      modes: shape, accuracy: accuracy, options: options, points: max(expectedPoints, 0))
  }

  /// Samples a point is spread over on each axis.
  public var windowWidth: Int { grid.kernel.width }

  /// The half spectrum of real strengths, made that of a real image.
  ///
  /// - Throws: `.invalidValue` for a coordinate that is not finite, `.mismatch` for arrays of different lengths.
  public func transform(x: [Double], y: [Double], strengths: [Scalar]) throws -> HalfSpectrum<Scalar> {
    let half = try AlignedBuffer<Scalar>.half(shape)
    let workspace = try takeWorkspace(points: x.count)
    try transform(x: x, y: y, strengths: strengths, using: workspace, into: half)
    returnWorkspace(workspace, points: x.count)
    shape.symmetrize(half.pointer)
    return HalfSpectrum(shape: shape, unchecked: half.buffer.complexValues)
  }

  /// The full spectrum of complex strengths, `rows × columns`, zero frequency in the corner and the Nyquist
  /// frequency of an even axis negative.
  ///
  /// - Throws: as for real strengths.
  public func transform(x: [Double], y: [Double], complexStrengths strengths: [Complex<Scalar>]) throws
    -> [Complex<Scalar>]
  {
    let half = try AlignedBuffer<Scalar>.half(shape)
    let workspace = try takeWorkspace(points: x.count)
    var result = [Complex<Scalar>](repeating: .zero, count: shape.count)
    for (part, unit) in [(strengths.map(\.real), Complex<Scalar>.one), (strengths.map(\.imaginary), .i)] {
      try transform(x: x, y: y, strengths: part, using: workspace, keeping: true, into: half)
      for row in 0..<shape.rows {
        for column in 0..<shape.columns {
          result[row * shape.columns + column] +=
            unit * grid.value(row: row, column: column, workspace)
        }
      }
    }
    returnWorkspace(workspace, points: x.count)
    return result
  }

  /// A workspace is returned when its transform has succeeded, which leaves its grids clear.
  func takeWorkspace(points: Int) throws -> SpreadingGrid2D<Scalar>.Workspace {
    guard points <= Int(Int32.max) else {
      throw ExitPlaneError.invalid(
        "number of points", got: "\(points)", need: "at most \(Int32.max): transform parts and add them")
    }
    let spare = spare.held.withLock { held in
      defer { held = nil }
      return held?.points == points ? held?.workspace : nil
    }
    return try spare
      ?? SpreadingGrid2D<Scalar>.Workspace(
        grid, layout: grid.layout(forPoints: points, sorting: options.sorting), points: points,
        threads: options.threads)
  }

  func returnWorkspace(_ workspace: SpreadingGrid2D<Scalar>.Workspace, points: Int) {
    spare.held.withLock { $0 = (points, workspace) }
  }

  private func transform(
    x: [Double], y: [Double], strengths: [Scalar], using workspace: SpreadingGrid2D<Scalar>.Workspace,
    keeping: Bool = false, into half: AlignedBuffer<Scalar>
  ) throws {
    try requireOneOfEach(x, y, strengths: strengths.count)
    let finite = x.withUnsafeBufferPointer { x in
      y.withUnsafeBufferPointer { y in
        strengths.withUnsafeBufferPointer { strengths in
          grid.spread(
            grid.source(
              origin: SIMD2(0, 0), xRow: SIMD3(1, 0, 0), yRow: SIMD3(0, 1, 0), x: x.baseAddress,
              y: y.baseAddress),
            count: x.count, strengths: strengths.baseAddress, into: workspace)
        }
      }
    }
    guard finite else { throw notFinite(x, y) }
    grid.transform(workspace, scale: 1, keeping: keeping, into: half.pointer)
  }

  /// - Throws: `.mismatch` for arrays of different lengths.
  func requireOneOfEach(_ x: [Double], _ y: [Double], strengths: Int) throws {
    for (name, count) in [("y coordinates", y.count), ("strengths", strengths)] {
      guard count == x.count else {
        throw ExitPlaneError.mismatch(
          "there are \(x.count) x coordinates and \(count) \(name)", "each point needs one of each")
      }
    }
  }

  /// What is wrong with points of which one is not finite.
  func notFinite(_ x: [Double], _ y: [Double]) -> ExitPlaneError {
    let index = x.indices.first { !(x[$0] + y[$0]).isFinite } ?? 0
    return ExitPlaneError.invalid(
      "point \(index)", got: "(\(x[index]), \(y[index]))", need: "finite numbers of pixels")
  }
}
