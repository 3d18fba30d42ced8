import ExitPlane

extension ParticleSet {
  /// Writes the STAR file of images made of some of these particles, each the next of its optics group's stack.
  ///
  /// Everything the set's own file says of them is kept; what it does not say is added.
  ///
  /// - Parameters:
  ///   - rows: the particles, from 0.
  ///   - stacks: by optics group; groups may have one in common.
  ///   - imagesHaveOptics: whether the images have a contrast transfer function.
  ///   - additions: names of columns and their values by a particle's number in this set, from 0.
  ///   - sink: takes the bytes.
  /// - Throws: as `document(describing:rows:imagesHaveOptics:)`; what the sink throws.
  public func write(
    _ rows: Range<Int>, describing stacks: [ParticleStack], imagesHaveOptics: Bool,
    adding additions: [(name: String, value: (Int) -> String)], to sink: @escaping ByteSink
  ) throws {
    let document = try document(describing: stacks, rows: rows, imagesHaveOptics: imagesHaveOptics)
    var writer = STARWriter(to: sink)
    for block in document.blocks {
      guard block.name == "particles", var table = block.asTable else {
        try writer.write(block)
        continue
      }
      for (name, value) in additions where table[name] == nil {
        try table.setColumn(STARColumn(name: name, values: rows.lazy.map(value)))
      }
      try writer.beginBlock(block.name)
      for pair in block.pairs { try writer.pair(pair.name, pair.value) }
      try writer.beginLoop(table.columns.map(\.name))
      try writer.appendRows(0..<table.rowCount, of: table)
      try writer.endBlock()
    }
    try writer.finish()
  }
}
