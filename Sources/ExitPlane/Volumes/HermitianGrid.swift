import CKernels

/// The stored half of the transform of a real cube: x = 0…half, y and z = −half…half, zero frequency in
/// the middle of y and z, with a border that spares interpolation a case of its own at the faces.
///
/// On an even axis the planes at −n/2 and +n/2 are both held and equal, so that no direction is preferred;
/// the planes x = 0 and, for even n, x = n/2 are conjugate-symmetric to the last bit.
struct HermitianGrid<Scalar: GridScalar>: Sendable {
  /// Samples an axis of the transform.
  let size: Int
  let half: Int
  let border: Border
  /// From one row of memory to the next, which is one row or, of rows in pairs, two.
  let rowStride: Int
  let planeStride: Int
  /// Real and imaginary parts in turn.
  let storage: AlignedBuffer<Scalar>
  /// 1 where rows are held in pairs, else 0.
  private let pairing: Int
  /// The row of y = 0 from the first one; even where rows are held in pairs.
  private let centralRow: Int

  /// What is held beyond the samples themselves; zeros until something else is written there.
  struct Border: Sendable {
    /// Columns below x = 0, the conjugates of those above it.
    let leading: Int
    /// Samples beyond the outer face of x and the faces of y and z.
    let margin: Int
    /// Whether the rows y = 2j and 2j + 1 share a row of memory, sample by sample in turn: fewer cache lines, and
    /// longer loads, for windows of odd width.
    var holdsRowsInPairs = false

    /// For points at x ≥ 0 and neighbours one sample apart.
    static var linear: Border { Border(leading: 0, margin: 1) }
  }

  init(size: Int, border: Border = .linear) throws {
    self.size = size
    self.border = border
    half = size / 2
    pairing = border.holdsRowsInPairs ? 1 : 0
    let edge = half + border.margin
    centralRow = (edge + pairing) & ~pairing
    rowStride = (border.leading + half + 1 + border.margin) << pairing
    planeStride = rowStride * (((centralRow + edge) >> pairing) + 1)
    let samples = planeStride.multipliedReportingOverflow(by: 2 * edge + 1)
    // The kernels index samples in 32 bits.
    guard !samples.overflow, samples.partialValue < Int(Int32.max) else {
      throw ExitPlaneError.invalid(
        "Fourier grid", got: "\(size)³ samples", need: "at most 1620³: a smaller box or padding")
    }
    // The windowed kernel reads whole vectors, perhaps three columns beyond its last tap.
    storage = try AlignedBuffer(
      count: 2 * (samples.partialValue + (3 << pairing)), of: "the transform on a grid of \(size)³")
  }

  /// The index of the real part of a sample; x in −leading…half + margin, y and z in ±(half + margin).
  @inline(__always)
  func index(x: Int, y: Int, z: Int) -> Int {
    let (row, plane) = (y &+ centralRow, z &+ half &+ border.margin)
    let column = (x &+ border.leading) &<< pairing
    return 2 &* (plane &* planeStride &+ (row &>> pairing) &* rowStride &+ column &+ (row & pairing))
  }

  /// The planes along z, the border's among them.
  var planes: Range<Int> { -(half + border.margin)..<(half + border.margin + 1) }

  /// The numbers of a plane.
  func plane(_ z: Int) -> UnsafeMutableBufferPointer<Scalar> {
    let start = 2 * planeStride * (z + half + border.margin)
    // With the last goes what lies beyond it.
    let end = z + 1 == planes.upperBound ? storage.count : start + 2 * planeStride
    return UnsafeMutableBufferPointer(start: storage.pointer + start, count: end - start)
  }

  /// From the real part of a sample to that of its neighbour in x.
  var columnStep: Int { 2 << pairing }

  /// Writes the `count` samples of a row from x = 0 on.
  @inline(__always)
  func setRow(y: Int, z: Int, from source: UnsafePointer<Scalar>, count: Int) {
    let row = storage.pointer + index(x: 0, y: y, z: z)
    guard pairing == 1 else { return row.update(from: source, count: 2 &* count) }
    for x in 0..<count { (row[4 &* x], row[4 &* x &+ 1]) = (source[2 &* x], source[2 &* x &+ 1]) }
  }

  /// Reads the `count` samples of a row from x = 0 on.
  @inline(__always)
  func readRow(y: Int, z: Int, into target: UnsafeMutablePointer<Scalar>, count: Int) {
    let row = storage.pointer + index(x: 0, y: y, z: z)
    guard pairing == 1 else { return target.update(from: row, count: 2 &* count) }
    for x in 0..<count { (target[2 &* x], target[2 &* x &+ 1]) = (row[4 &* x], row[4 &* x &+ 1]) }
  }

  /// Writes the columns below x = 0, within y and z of ±reach, from those above.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func mirrorLeadingColumns(reach: Int) {
    guard border.leading > 0 else { return }
    let p = storage.pointer
    for z in -reach...reach {
      for y in -reach...reach {
        for x in 1...border.leading {
          let (from, to) = (index(x: x, y: -y, z: -z), index(x: -x, y: y, z: z))
          (p[to], p[to + 1]) = (p[from], -p[from + 1])
        }
      }
    }
  }

  /// Makes the plane of a given x conjugate-symmetric to the last bit, where rounding left it nearly so.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func makeHermitian(x: Int, reach: Int) {
    let p = storage.pointer
    for z in 0...reach {
      for y in -reach...reach where z > 0 || y >= 0 {
        let (a, b) = (index(x: x, y: y, z: z), index(x: x, y: -y, z: -z))
        let (re, im) = ((p[a] + p[b]) / 2, (p[a + 1] - p[b + 1]) / 2)
        (p[a], p[a + 1]) = (re, im)  // im is 0 where a is its own partner
        (p[b], p[b + 1]) = (re, -im)
      }
    }
  }

  func withDescriptor<Result>(_ body: (UnsafePointer<ep_half_grid>) -> Result) -> Result {
    var descriptor = ep_half_grid(
      origin: UnsafeRawPointer(storage.pointer + index(x: 0, y: 0, z: 0)), rowStride: rowStride,
      planeStride: planeStride, half: Int32(half), pairing: Int32(pairing))
    return withUnsafePointer(to: &descriptor, body)
  }
}
