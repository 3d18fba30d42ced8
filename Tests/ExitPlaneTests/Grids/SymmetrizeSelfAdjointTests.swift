import Testing

@testable import ExitPlane

@Suite("Half spectra of real images")
struct SymmetrizeSelfAdjointTests {
  @Test(
    "averaging with conjugate partners is its own transpose",
    arguments: [(8, 8), (7, 10), (12, 5), (1, 6), (9, 9)])
  func selfAdjoint(rows: Int, columns: Int) throws {
    func hold<Scalar: GridScalar>(_: Scalar.Type) throws {
      let shape = try GridShape(rows: rows, columns: columns)
      let count = 2 * shape.rows * shape.spectrumColumns
      let (x, y): ([Scalar], [Scalar]) = (noise(count, seed: 1), noise(count, seed: 2))
      var (there, back) = (x, y)
      shape.symmetrize(&there)
      shape.symmetrize(&back)
      #expect(transposeError(there, y, x, back) < Scalar.transposeTolerance)
      shape.zeroUnshiftable(&there)
      shape.zeroUnshiftable(&back)
      #expect(transposeError(there, y, x, back) < Scalar.transposeTolerance)
    }
    try hold(Float.self)
    try hold(Double.self)
  }
}
