import CKernels
import Synchronization

/// Where a three-dimensional type 1 transform onto a cube is computed; see `SpreadingGrid2D`.
///
/// One grid with a halo holds all points. They are sorted into bands of planes at least as deep as a window,
/// so that bands with another between them never meet: even bands are filled at once, then odd ones, and
/// every sample sees its points in one order on any number of threads.
struct SpreadingGrid3D<Scalar: GridScalar>: Sendable {
  /// Samples an axis of the cube and of the finer grid.
  let size: Int
  let length: Int
  let kernel: WindowKernel<Scalar>
  let threads: Int
  private let rowFFT: FFTPlan<Scalar>
  let columnFFT: FFTPlan<Scalar>
  /// What undoes the window along an axis, at frequencies that are not negative.
  let deconvolution: [Double]
  /// Complex columns transformed at a time and held of a row; see `SpreadingGrid2D`.
  let stripWidth: Int
  let heldColumns: Int

  init(size: Int, accuracy: Double, options: NonuniformFFTOptions, points: Int) throws {
    let grid = try NonuniformGrid<Scalar>(
      modes: [size, size, size], accuracy: accuracy, options: options, points: points)
    // Samples are indexed in 32 bits, halos included.
    guard grid.lengths[0] <= 1200 else {
      throw ExitPlaneError.invalid(
        "grid for nonuniform FFTs", got: "\(grid.lengths[0])³ samples", need: "at most 1200³: a smaller box")
    }
    self.size = size
    length = grid.lengths[0]
    kernel = grid.kernel
    threads = options.threads
    rowFFT = try FFTPlan(.realToHalf(GridShape(rows: 1, columns: length)))
    stripWidth = 64 / (2 * MemoryLayout<Scalar>.stride)
    heldColumns = ((size / 2 + stripWidth) / stripWidth | 1) * stripWidth
    columnFFT = try FFTPlan(.columns(length: length, width: stripWidth, stride: heldColumns))
    deconvolution = kernel.deconvolution(frequencies: size / 2 + 1, ofGridLength: length)
  }

  var columns: Int { size / 2 + 1 }
  var halo: Int { kernel.width / 2 }
  var pitch: Int { (length + halo + kernel.paddedWidth + 15) / 16 * 16 }
  var paddedRows: Int { length + halo + kernel.width }
  var planeStride: Int { pitch * paddedRows }
  /// A band is 16 planes, the widest window.
  private static var bandShift: Int { 4 }

  /// What transforms write. The grid's samples are half the memory or more.
  final class Workspace: @unchecked Sendable {
    let grid: AlignedBuffer<Scalar>
    let sorted: AlignedBuffer<UInt8>
    /// By plane of the finer grid, frequency along y and along x.
    let planes: AlignedBuffer<Scalar>

    init(_ grid: SpreadingGrid3D, points: Int) throws {
      let what = "a nonuniform transform of \(grid.size)³"
      self.grid = try AlignedBuffer(count: grid.planeStride * grid.paddedRows, of: what)
      planes = try AlignedBuffer(count: 2 * grid.length * grid.size * grid.columns, of: what)
      sorted = try AlignedBuffer(count: points * Scalar.pointBytes(in: .three), of: what)
    }
  }

  /// Spreads points onto the cleared grid; positions in samples of the cube are `origin + scale · (x, y, z)`.
  func spread(
    x: [Double], y: [Double], z: [Double], origin: Double, scale: Double, strengths: [Scalar]?,
    into workspace: Workspace
  ) {
    let (s, period) = (Double(length) / Double(size), Double(length))
    let (start, step) = (origin * s, scale * s)
    let bins = ep_bins(
      halo: Int32(halo), shift: (31, 31, Int32(Self.bandShift)), mask: (-1, -1, -1), binStride: (0, 0, 1),
      stride: (1, Int32(pitch), Int32(planeStride)))
    let bands = (length + halo) >> Self.bandShift + 1
    let sorter = PointSorter<Scalar>(
      dimensions: .three, width: kernel.width, bins: bins, binCount: bands)
    func sort(_ strengths: UnsafePointer<Scalar>?) -> [Int32] {
      x.withUnsafeBufferPointer { x in
        y.withUnsafeBufferPointer { y in
          z.withUnsafeBufferPointer { z in
            let source = ep_point_source(
              origin: (start, start, start), map: ((step, 0, 0), (0, step, 0), (0, 0, step)),
              period: (period, period, period), x: x.baseAddress, y: y.baseAddress, z: z.baseAddress)
            return sorter.sort(
              source, count: x.count, strengths: strengths, into: workspace.sorted.pointer, threads: threads
            ).ends
          }
        }
      }
    }
    let ends = strengths?.withUnsafeBufferPointer { sort($0.baseAddress) } ?? sort(nil)

    parallelForEach(
      count: paddedRows, threads: threads, workspace: { () },
      body: { plane, _ in clear(workspace.grid.pointer + plane * planeStride, count: planeStride) })
    let bytes = Scalar.pointBytes(in: .three)
    for parity in 0..<2 {
      parallelForEach(
        count: (bands + 1 - parity) / 2, threads: threads, workspace: { () },
        body: { index, _ in
          let band = 2 * index + parity
          let first = band == 0 ? 0 : Int(ends[band - 1])
          kernel.withDescriptor {
            Scalar.spreadPoints(
              in: .three, workspace.sorted.pointer + first * bytes, count: Int(ends[band]) - first,
              window: $0,
              rowStride: pitch, planeStride: planeStride, onto: workspace.grid.pointer)
          }
        })
    }
  }

  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func clear(_ target: UnsafeMutablePointer<Scalar>, count: Int) {
    target.update(repeating: 0, count: count)
  }

  // MARK: Transform

  final class Scratch {
    let row: AlignedBuffer<Scalar>
    let spectrum: AlignedBuffer<Scalar>
    /// Rows of the finer grid along one axis by held columns.
    let columns: AlignedBuffer<Scalar>

    init(_ grid: SpreadingGrid3D) throws {
      let what = "a nonuniform transform of \(grid.size)³"
      row = try AlignedBuffer(count: grid.length, of: what)
      spectrum = try AlignedBuffer(count: 2 * (grid.length / 2 + 1), of: what)
      columns = try AlignedBuffer(count: 2 * grid.length * grid.heldColumns, of: what)
    }
  }

  /// Adds what was spread, transformed, to a half spectrum `size × size × (size / 2 + 1)`.
  ///
  /// - Parameter factor: by the square of the frequency in samples; what undoes the window comes on top.
  func transform(
    _ workspace: Workspace, factorOfSquare factor: [Double], addingTo half: UnsafeMutablePointer<Scalar>
  ) throws {
    nonisolated(unsafe) let half = half
    try parallelForEach(
      count: length, threads: threads, workspace: { () throws in try Scratch(self) },
      body: { plane, scratch in transformPlane(plane, workspace, scratch) })
    try parallelForEach(
      count: size, threads: threads, workspace: { () throws in try Scratch(self) },
      body: { row, scratch in
        transformDepth(row: row, workspace, scratch, factorOfSquare: factor, addingTo: half)
      })
  }

  /// From samples of a plane to its frequencies in the band.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformPlane(_ plane: Int, _ workspace: Workspace, _ scratch: Scratch) {
    let row = scratch.row.pointer
    for y in 0..<length {
      row.update(repeating: 0, count: length)
      // What lies in the halo is a period away, on any axis.
      for paddedPlane in stride(from: (plane + halo) % length, to: paddedRows, by: length) {
        for paddedRow in stride(from: (y + halo) % length, to: paddedRows, by: length) {
          let source = workspace.grid.pointer + paddedPlane * planeStride + paddedRow * pitch
          for x in 0..<length { row[x] += source[x &+ halo] }
          for x in 0..<halo { row[(x - halo % length + length) % length] += source[x] }
          for x in 0..<(pitch - halo - length) { row[x % length] += source[x &+ halo &+ length] }
        }
      }
      rowFFT.execute(row, scratch.spectrum.pointer)
      (scratch.columns.pointer + 2 * y * heldColumns).update(
        from: scratch.spectrum.pointer, count: 2 * columns)
    }
    transformColumns(scratch)
    let target = workspace.planes.pointer + 2 * plane * size * columns
    for y in 0..<size {
      (target + 2 * y * columns).update(
        from: scratch.columns.pointer + 2 * heldColumns * heldRow(signedFrequency(y, of: size)),
        count: 2 * columns)
    }
  }

  func transformColumns(_ scratch: Scratch) {
    for strip in stride(from: 0, to: columns, by: stripWidth) {
      columnFFT.execute(scratch.columns.pointer + 2 * strip)
    }
  }

  func heldRow(_ frequency: Int) -> Int { frequency < 0 ? frequency + length : frequency }

  /// From planes to frequencies along z, of one frequency along y.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  private func transformDepth(
    row: Int, _ workspace: Workspace, _ scratch: Scratch, factorOfSquare factor: [Double],
    addingTo half: UnsafeMutablePointer<Scalar>
  ) {
    for z in 0..<length {
      (scratch.columns.pointer + 2 * z * heldColumns).update(
        from: workspace.planes.pointer + 2 * (z * size + row) * columns, count: 2 * columns)
    }
    transformColumns(scratch)
    let ky = abs(signedFrequency(row, of: size))
    for z in 0..<size {
      let frequency = signedFrequency(z, of: size)
      let source = scratch.columns.pointer + 2 * heldColumns * heldRow(frequency)
      let target = half + 2 * (z * size + row) * columns
      let alongYZ = deconvolution[ky] * deconvolution[abs(frequency)]
      for x in 0..<columns {
        let weight = Scalar(
          alongYZ * deconvolution[x] * factor[x &* x &+ ky &* ky &+ frequency &* frequency])
        target[2 &* x] += source[2 &* x] * weight
        target[2 &* x &+ 1] += source[2 &* x &+ 1] * weight
      }
    }
  }
}
