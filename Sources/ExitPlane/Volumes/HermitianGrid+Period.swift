/// A border that goes on with the period of the grid, and the way back.
extension HermitianGrid {
  /// Fills the border with the samples a period away; the size is even.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func makeBorderPeriodic() {
    let p = storage.pointer
    mirrorLeadingColumns(reach: half)
    for z in -half...half {
      for y in -half...half {
        for x in (half + 1)...(half + border.margin) {
          // x − n is negative: the conjugate of n − x.
          let (from, to) = (index(x: size - x, y: -y, z: -z), index(x: x, y: y, z: z))
          (p[to], p[to + 1]) = (p[from], -p[from + 1])
        }
      }
      for y in (half + 1)...(half + border.margin) {
        for sign in [1, -1] {
          copyRow(from: (sign * (y - size), z), to: (sign * y, z))
        }
      }
    }
    for z in (half + 1)...(half + border.margin) {
      for sign in [1, -1] {
        for y in -(half + border.margin)...(half + border.margin) {
          copyRow(from: (y, sign * (z - size)), to: (y, sign * z))
        }
      }
    }
  }

  private func copyRow(from: (y: Int, z: Int), to: (y: Int, z: Int)) {
    let p = storage.pointer
    for x in -border.leading...(half + border.margin) {
      let (i, j) = (index(x: x, y: from.y, z: from.z), index(x: x, y: to.y, z: to.z))
      (p[j], p[j + 1]) = (p[i], p[i + 1])
    }
  }

  /// The transpose: adds the border to the samples a period away.
  @specialized(where Scalar == Float)
  @specialized(where Scalar == Double)
  func foldPeriodicBorder() {
    let p = storage.pointer
    for z in (half + 1)...(half + border.margin) {
      for sign in [1, -1] {
        for y in -(half + border.margin)...(half + border.margin) {
          addRow(from: (y, sign * z), to: (y, sign * (z - size)))
        }
      }
    }
    for z in -half...half {
      for y in (half + 1)...(half + border.margin) {
        for sign in [1, -1] { addRow(from: (sign * y, z), to: (sign * (y - size), z)) }
      }
    }
    for z in -half...half {
      for y in -half...half {
        for x in (half + 1)...(half + border.margin) {
          let (to, from) = (index(x: size - x, y: -y, z: -z), index(x: x, y: y, z: z))
          p[to] += p[from]
          p[to + 1] -= p[from + 1]
        }
      }
    }
    foldLeadingColumns(reach: half)
  }

  private func addRow(from: (y: Int, z: Int), to: (y: Int, z: Int)) {
    let p = storage.pointer
    for x in -border.leading...(half + border.margin) {
      let (i, j) = (index(x: x, y: from.y, z: from.z), index(x: x, y: to.y, z: to.z))
      p[j] += p[i]
      p[j + 1] += p[i + 1]
    }
  }
}
