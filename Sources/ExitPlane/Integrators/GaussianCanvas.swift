import CKernels

/// Pixels on which Gaussians are summed, with the margins that the kernel asks for.
///
/// Sums are formed in the order of the atoms, whatever the bands they are computed in. In single precision
/// every `chunk` atoms are added up on their own and then in double: a long sum of small numbers would
/// lose digits with their number.
final class GaussianCanvas<Scalar: GridScalar>: @unchecked Sendable {
  static var chunk: Int { 1 << 14 }

  let shape: GridShape
  private let pitch: Int
  private let pixels: AlignedBuffer<Scalar>
  private let totals: AlignedBuffer<Double>?
  /// One for each band, where a group has windows that are not narrow.
  private let scratch: [AlignedBuffer<Scalar>]
  private let bands: [Range<Int>]

  /// - Parameter bandCount: how many parts of the image are computed at a time.
  init(_ shape: GridShape, for groups: GaussianGroups<Scalar>, bandCount: Int = 1) throws {
    self.shape = shape
    let margin = Int(EP_GAUSSIAN_LANES)
    pitch = shape.columns + 2 * margin
    pixels = try AlignedBuffer(count: shape.rows * pitch, of: "an image of \(shape)")
    let longest = groups.groups.reduce(0) { $0 + $1.atoms.count }
    totals =
      longest > Self.chunk && Scalar.self == Float.self
      ? try AlignedBuffer(count: shape.count, of: "an image of \(shape)") : nil
    let count = max(1, min(bandCount, shape.rows / (2 * margin)))
    let rows = shape.rows
    bands = (0..<count).map { ($0 * rows / count)..<(($0 + 1) * rows / count) }
    scratch =
      groups.groups.allSatisfy(\.narrow)
      ? []
      : try bands.map {
        try AlignedBuffer(
          count: Int(EP_GAUSSIAN_RANK) * (shape.columns + $0.count + 4 * margin),
          of: "a line of \(shape)")
      }
  }

  /// Sums the Gaussians.
  ///
  /// - Parameter range: which of a group's atoms.
  func draw(
    _ groups: GaussianGroups<Scalar>, at positions: [SIMD3<Double>], view: ep_gaussian_view,
    range: (GaussianGroups<Scalar>.Group) -> Range<Int> = { 0..<$0.atoms.count }
  ) {
    let ranges = groups.groups.map(range)
    parallelForEach(
      count: bands.count, threads: bands.count, workspace: {},
      body: { [self] band, _ in
        let rows = bands[band]
        (pixels.pointer + rows.lowerBound * pitch).update(repeating: 0, count: rows.count * pitch)
        if let totals {
          (totals.pointer + rows.lowerBound * shape.columns).update(
            repeating: 0, count: rows.count * shape.columns)
        }
        var inChunk = 0
        for (group, range) in zip(groups.groups, ranges) {
          var first = range.lowerBound
          while first < range.upperBound {
            let end = totals == nil ? range.upperBound : min(range.upperBound, first + Self.chunk - inChunk)
            add(group, first..<end, at: positions, view: view, band: band)
            inChunk += end - first
            first = end
            if totals != nil, inChunk == Self.chunk {
              flush(rows)
              inChunk = 0
            }
          }
        }
        if totals != nil { flush(rows) }
      })
  }

  private func add(
    _ group: GaussianGroups<Scalar>.Group, _ range: Range<Int>, at positions: [SIMD3<Double>],
    view: ep_gaussian_view, band: Int
  ) {
    var view = view
    var descriptor = ep_gaussian_band(
      origin: UnsafeMutableRawPointer(pixels.pointer + Int(EP_GAUSSIAN_LANES)), pitch: pitch,
      columns: Int32(shape.columns), firstRow: Int32(bands[band].lowerBound),
      endRow: Int32(bands[band].upperBound))
    GaussianGroups.withDescriptor(group, range, at: positions) {
      Scalar.addGaussians(
        $0, seenBy: &view, to: &descriptor, scratch: scratch.isEmpty ? nil : scratch[band].pointer)
    }
  }

  /// Moves the chunk's sum to the totals.
  @specialized(where Scalar == Float)
  private func flush(_ rows: Range<Int>) {
    guard let totals else { return }
    for row in rows {
      let source = pixels.pointer + row * pitch
      let line = totals.pointer + row * shape.columns
      for x in 0..<shape.columns { line[x] += Double(source[Int(EP_GAUSSIAN_LANES) &+ x]) }
      source.update(repeating: 0, count: pitch)
    }
  }

  /// Copies the image into one of another shape, origin onto origin; what that has beyond it is zero.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func copy(to target: UnsafeMutablePointer<Scalar>, _ to: GridShape) {
    let rows = Overlap(shape.rows, to.rows)
    let columns = Overlap(shape.columns, to.columns)
    if rows.count < to.rows || columns.count < to.columns {
      target.update(repeating: 0, count: to.count)
    }
    for row in 0..<rows.count {
      let line = target + (rows.target + row) * to.columns + columns.target
      if let totals {
        let source = totals.pointer + (rows.source + row) * shape.columns + columns.source
        for x in 0..<columns.count { line[x] = Scalar(source[x]) }
      } else {
        line.update(
          from: pixels.pointer + (rows.source + row) * pitch + Int(EP_GAUSSIAN_LANES) + columns.source,
          count: columns.count)
      }
    }
  }
}
