import ExitPlane

/// Brings samples from the order of a file's axes to x fastest, then y, then z.
struct MRCAxisOrder {
  /// An axis of the file: its samples, and how far apart neighbours lie in the file and in the result.
  private struct FileAxis {
    let count: Int
    let sourceStride: Int
    let resultStride: Int
  }

  private let columns: FileAxis
  private let rows: FileAxis
  private let sections: FileAxis

  init(_ header: MRCHeader, sections count: Int) {
    func resultStride(_ axis: MRCHeader.Axis) -> Int {
      func length(_ axis: MRCHeader.Axis) -> Int {
        axis == header.sectionAxis ? count : header.count(along: axis)
      }
      return switch axis {
      case .x: 1
      case .y: length(.x)
      case .z: length(.x) * length(.y)
      }
    }
    columns = FileAxis(
      count: header.columns, sourceStride: 1, resultStride: resultStride(header.columnAxis))
    rows = FileAxis(
      count: header.rows, sourceStride: header.columns, resultStride: resultStride(header.rowAxis))
    sections = FileAxis(
      count: count, sourceStride: header.samplesPerSection, resultStride: resultStride(header.sectionAxis))
  }

  var sectionCount: Int { sections.count }

  /// Whether the samples of a section come one after the other as they are to be.
  var isKept: Bool { (columns.resultStride, rows.resultStride) == (1, columns.count) }

  /// How many sections are best read at a time: a megabyte of them, or, where x runs along the sections, as many as
  /// fill the tiles of the transposition.
  func slab(sectionByteCount: Int) -> Int {
    let (wanted, largest) = sections.resultStride == 1 ? (Self.tileSide, 1 << 26) : (sections.count, 1 << 20)
    return max(1, min(wanted, largest / sectionByteCount, sections.count))
  }

  /// Puts the samples of some sections in their places.
  ///
  /// `source` holds these, `result` room for those of all sections.
  func read<Scalar: GridScalar>(
    _ source: UnsafeRawBufferPointer, ofSections part: Range<Int>, with decoder: MRCDecoder,
    into result: UnsafeMutableBufferPointer<Scalar>
  ) {
    guard let input = source.baseAddress, let start = result.baseAddress else { return }
    let output = start + part.lowerBound * sections.resultStride
    if isKept {
      decoder.decode(
        input, into: UnsafeMutableBufferPointer(start: output, count: part.count * sections.sourceStride))
      return
    }
    let sections = FileAxis(
      count: part.count, sourceStride: sections.sourceStride, resultStride: sections.resultStride)
    if columns.resultStride == 1 {
      for section in 0..<sections.count {
        for row in 0..<rows.count {
          let first = section * sections.sourceStride + row * rows.sourceStride
          decoder.decode(
            input + first * decoder.mode.bytesPerSample,
            into: UnsafeMutableBufferPointer(
              start: output + section * sections.resultStride + row * rows.resultStride, count: columns.count)
          )
        }
      }
    } else if rows.resultStride == 1 {
      transpose(input, along: rows, across: sections, with: decoder, into: output)
    } else {
      transpose(input, along: sections, across: rows, with: decoder, into: output)
    }
  }

  private static let tileSide = 32

  /// For a file whose columns do not run along x but `xAxis` does.
  ///
  /// Squares of the columns and x go through a tile that stays in the first cache: read along the one and
  /// written along the other, both touch whole cache lines. Sample by sample, a 512³ map takes four times
  /// as long.
  private func transpose<Scalar: GridScalar>(
    _ input: UnsafeRawPointer, along xAxis: FileAxis, across otherAxis: FileAxis, with decoder: MRCDecoder,
    into output: UnsafeMutablePointer<Scalar>
  ) {
    let side = Self.tileSide
    withUnsafeTemporaryAllocation(of: Scalar.self, capacity: side * side) { tile in
      for other in 0..<otherAxis.count {
        for firstX in stride(from: 0, to: xAxis.count, by: side) {
          let width = min(side, xAxis.count - firstX)
          for firstColumn in stride(from: 0, to: columns.count, by: side) {
            let height = min(side, columns.count - firstColumn)
            let source =
              other * otherAxis.sourceStride + firstX * xAxis.sourceStride + firstColumn
            for x in 0..<width {
              decoder.decode(
                input + (source + x * xAxis.sourceStride) * decoder.mode.bytesPerSample,
                into: UnsafeMutableBufferPointer(rebasing: tile[x * side..<x * side + height]))
            }
            let result = output + other * otherAxis.resultStride + firstColumn * columns.resultStride + firstX
            for column in 0..<height {
              for x in 0..<width {
                result[column &* columns.resultStride &+ x] = tile[x &* side &+ column]
              }
            }
          }
        }
      }
    }
  }
}
