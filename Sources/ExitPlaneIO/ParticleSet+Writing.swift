extension ParticleSet {
  /// The document that describes `stack`, the images made of these particles in their order.
  ///
  /// - Parameters:
  ///   - stack: the images.
  ///   - imagesHaveOptics: whether they have a contrast transfer function.
  /// - Throws: as `document(describing:rows:imagesHaveOptics:)`.
  public func document(
    describing stack: ParticleStack, imagesHaveOptics: Bool = false
  ) throws -> STARDocument {
    try document(
      describing: opticsGroups.map { _ in stack }, rows: 0..<count, imagesHaveOptics: imagesHaveOptics)
  }

  /// The document that describes images made of some of these particles, each the next of its optics group's stack.
  ///
  /// It is this set's own with what has changed: `rlnImageName`, and in `data_optics` the images' pixel size and
  /// box. What the images were called is kept in `rlnImageOriginalName`. Columns that would be untrue of the images
  /// are left out (`untrueColumns`); all others, values and blocks stay as they were, the poses to the letter. A
  /// file in RELION 3.0's layout becomes one in 3.1's, by RELION's own rules: optics move into groups, lengths in
  /// pixels become lengths in ångströms.
  ///
  /// - Parameters:
  ///   - stacks: by optics group, in their order; groups may have one in common.
  ///   - rows: the particles, from 0.
  ///   - imagesHaveOptics: whether they have a contrast transfer function.
  /// - Throws: `.malformedFile`, with the line, at a length in pixels whose pixel size is nowhere given.
  public func document(
    describing stacks: [ParticleStack], rows: Range<Int>, imagesHaveOptics: Bool
  ) throws -> STARDocument {
    var particles = table
    try convertPixelsToAngstroms(in: &particles)
    let untrue = untrueColumns(imagesHaveOptics: imagesHaveOptics)
    for name in untrue { particles.removeColumn(name) }
    if rows != 0..<count {
      particles = try STARTable(columns: particles.columns.map { $0.selecting(rows) })
    }
    if let names = particles["rlnImageName"] {
      try particles.setColumn(names.renamed("rlnImageOriginalName"))
    }
    try particles.setColumn(imageNames(in: stacks, rows: rows))
    var optics: STARTable
    if let opticsTable {
      optics = try ParticleStack.opticsTable(of: stacks, known: opticsTable)
      if particles["rlnOpticsGroup"] == nil {
        try particles.setColumn(groupNumbers.selecting(rows))
      }
    } else {
      optics = try ParticleStack.opticsTable(of: stacks, known: opticsByGroup())
      for name in Self.opticsNames { particles.removeColumn(name) }
      try particles.setColumn(groupNumbers.selecting(rows))
    }
    for name in untrue { optics.removeColumn(name) }

    var blocks: [STARBlock] = []
    for (index, block) in document.blocks.enumerated() {
      if index == particleBlockIndex {
        if opticsBlockIndex == nil { blocks.append(STARBlock(name: "optics", table: optics)) }
        blocks.append(Self.block("particles", from: block, particles))
      } else if index == opticsBlockIndex {
        blocks.append(Self.block("optics", from: block, optics))
      } else if !["optics", "particles"].contains(block.name) {
        blocks.append(block)
      }
    }
    return STARDocument(blocks: blocks)
  }

  /// `rlnImageName`: every stack's images are numbered from 1.
  private func imageNames(in stacks: [ParticleStack], rows: Range<Int>) -> STARColumn {
    var counts: [String: Int] = [:]
    var column = STARColumn(name: "rlnImageName")
    for row in rows {
      let path = stacks[opticsGroupIndices[row]].path
      let number = counts[path, default: 0] + 1
      counts[path] = number
      column.append(ParticleImageName(number: number, path: path).description)
    }
    return column
  }

  /// A block with a new table; single values that were the table's only row are in it now.
  private static func block(_ name: String, from block: STARBlock, _ table: STARTable) -> STARBlock {
    STARBlock(name: name, pairs: block.table == nil ? [] : block.pairs, table: table)
  }

  private var groupNumbers: STARColumn {
    STARColumn(
      name: "rlnOpticsGroup",
      values: opticsGroupIndices.lazy.map { "\(opticsGroups[$0].number)" })
  }

  /// `data_optics` for rows that carry their own optics: each group's values from its first row.
  private func opticsByGroup() throws -> STARTable {
    let rows = firstRowsOfGroups
    var optics = try STARTable(columns: [
      STARColumn(name: "rlnOpticsGroupName", values: opticsGroups.map(\.name)),
      STARColumn(name: "rlnOpticsGroup", values: opticsGroups.map { "\($0.number)" }),
    ])
    let replaced = ["rlnDetectorPixelSize", "rlnMagnification"]
    for name in Self.opticsNames where !replaced.contains(name) {
      if let column = table[name] { try optics.setColumn(column.selecting(rows)) }
    }
    return optics
  }

  /// Lengths as RELION 3.1 names them, in the places of those in pixels: a pixel may now be another.
  private func convertPixelsToAngstroms(in particles: inout STARTable) throws {
    let names = ["X", "Y", "Z"].flatMap { axis in
      [
        ("rlnOrigin\(axis)", "rlnOrigin\(axis)Angst"),
        ("rlnOrigin\(axis)Prior", "rlnOrigin\(axis)PriorAngst"),
      ]
    }
    for (pixelName, name) in names + [("rlnHelicalTrackLength", "rlnHelicalTrackLengthAngst")]
    where particles[pixelName] != nil {
      if particles[name] == nil, let lengths = try lengthsInAngstroms(name, orInPixels: pixelName) {
        var column = STARColumn(name: name)
        for length in lengths { column.append(length) }
        try particles.setColumn(column, inPlaceOf: pixelName)
      } else {
        particles.removeColumn(pixelName)
      }
    }
  }
}
