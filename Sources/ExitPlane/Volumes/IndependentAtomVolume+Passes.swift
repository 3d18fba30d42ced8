import RealModule

/// Points that share one transform and one function of the frequency.
struct AtomPass<Scalar: GridScalar>: Sendable {
  let x, y, z: [Double]
  /// Ones if nil.
  let strengths: [Scalar]?
  /// By how much a point's strength changes with its atom's weight; ones if nil.
  let strengthsOfUnitWeights: [Scalar]?
  /// Of each point its atom, in the volume's order, type after type.
  let atoms: [Int32]
  let factor: @Sendable (_ frequencyInInverseAngstroms: Double) -> Double
  var count: Int { x.count }

  /// The same points, neighbours in space near each other: in any projection they then meet the same part of
  /// the grid, which takes a third off the time of spreading.
  func inSpatialOrder() -> AtomPass {
    let cellInAngstroms = 4.0
    func cells(_ axis: [Double]) -> [UInt32] {
      let least = axis.reduce(Double.infinity) { min($0, $1) }
      return axis.map { UInt32(min(($0 - least) / cellInAngstroms, 1023)) }
    }
    let (i, j, k) = (cells(x), cells(y), cells(z))
    let codes = x.indices.map { spread3(i[$0]) | spread3(j[$0]) << 1 | spread3(k[$0]) << 2 }
    let order = x.indices.sorted { (codes[$0], $0) < (codes[$1], $1) }
    func sorted(_ values: [Scalar]?) -> [Scalar]? { values.map { values in order.map { values[$0] } } }
    return AtomPass(
      x: order.map { x[$0] }, y: order.map { y[$0] }, z: order.map { z[$0] }, strengths: sorted(strengths),
      strengthsOfUnitWeights: sorted(strengthsOfUnitWeights), atoms: order.map { atoms[$0] }, factor: factor)
  }
}

/// The ten lowest bits, each followed by two zeros: a third of a Morton code.
private func spread3(_ value: UInt32) -> UInt32 {
  var v = value & 0x3ff
  v = (v | v << 16) & 0x0300_00ff
  v = (v | v << 8) & 0x0300_f00f
  v = (v | v << 4) & 0x030c_30c3
  return (v | v << 2) & 0x0924_9249
}

extension IndependentAtomVolume {
  /// The transforms to make: one a type, or fewer where the types' scattering factors depend on each other.
  ///
  /// Scattering factors are smooth and alike. Of many types, as when each atom has a B-factor of its own, a
  /// few span the rest to any accuracy: then all atoms go into each of their transforms, with the
  /// coefficients as strengths. That is taken where it costs less.
  ///
  /// - Parameters:
  ///   - limit: the highest frequency of the result, in 1/Å.
  ///   - accuracy: what the transforms themselves keep to.
  ///   - samples: of the grid that is transformed for each.
  /// - Throws: `.invalidValue` for a scattering factor that is not finite.
  func passes<Scalar: GridScalar>(
    upTo limit: Double, accuracy: Double, samples: Int
  ) throws -> [AtomPass<Scalar>] {
    let direct: [AtomPass<Scalar>] = passesByType()
    // A sample costs about 0.1 of a point.
    let transform = 0.1 * Double(samples)
    let atoms = Double(atomCount)
    guard types.count > 2, Double(types.count - 2) * transform > atoms else { return direct }
    let span = try ScatteringFactorSpan(
      types.map(\.scatteringFactor), upTo: limit,
      accuracy: 0.1 * max(accuracy, WindowKernel<Scalar>.floor))
    guard Double(span.members.count) * (transform + atoms) < Double(types.count) * transform + atoms else {
      return direct
    }
    let (x, y, z) = (types.flatMap(\.x), types.flatMap(\.y), types.flatMap(\.z))
    return span.members.indices.map { member in
      var (strengths, ofUnitWeights): ([Scalar], [Scalar]) = ([], [])
      strengths.reserveCapacity(x.count)
      ofUnitWeights.reserveCapacity(x.count)
      for (type, coefficients) in zip(types, span.coefficients) {
        let coefficient = coefficients[member]
        ofUnitWeights += repeatElement(Scalar(coefficient), count: type.count)
        if let weights = type.weights {
          strengths += weights.map { Scalar($0 * coefficient) }
        } else {
          strengths += repeatElement(Scalar(coefficient), count: type.count)
        }
      }
      return AtomPass(
        x: x, y: y, z: z, strengths: strengths, strengthsOfUnitWeights: ofUnitWeights,
        atoms: (0..<x.count).map { Int32($0) }, factor: types[span.members[member]].scatteringFactor)
    }
  }

  /// A transform for each type.
  func passesByType<Scalar: GridScalar>() -> [AtomPass<Scalar>] {
    var first = 0
    return types.map { type in
      defer { first += type.count }
      return AtomPass(
        x: type.x, y: type.y, z: type.z, strengths: type.weights.map { $0.map { Scalar($0) } },
        strengthsOfUnitWeights: nil, atoms: (first..<(first + type.count)).map { Int32($0) },
        factor: type.scatteringFactor)
    }
  }
}

/// A choice among functions of the frequency that spans all of them to an accuracy.
struct ScatteringFactorSpan {
  /// Indices of the functions chosen.
  private(set) var members: [Int] = []
  /// For each function, its coefficients in the members.
  private(set) var coefficients: [[Double]] = []

  /// Chooses the function furthest from those chosen, relative to its own largest value, until none is
  /// further than the accuracy (Gram-Schmidt with pivoting).
  ///
  /// - Throws: `.invalidValue` for a function that is not finite.
  init(
    _ functions: [@Sendable (Double) -> Double], upTo limit: Double, accuracy: Double
  ) throws {
    let points = 97
    var peaks: [Double] = []
    // What is left of each function, `points` values in turn.
    var rest: [Double] = []
    rest.reserveCapacity(functions.count * points)
    for function in functions {
      let values = try (0..<points).map { point in
        try finiteScatteringFactor(function, at: limit * Double(point) / Double(points - 1))
      }
      let peak = values.reduce(0) { max($0, abs($1)) }
      peaks.append(peak)
      rest += peak > 0 ? values.map { $0 / peak } : values
    }
    // Of each function along each direction found so far.
    var components = [[Double]](repeating: [], count: functions.count)
    while members.count < functions.count {
      var furthest = (index: 0, distance: 0.0)
      for index in functions.indices {
        let distance = rest[(index * points)..<((index + 1) * points)].reduce(0) { max($0, abs($1)) }
        if distance > furthest.distance { furthest = (index, distance) }
      }
      guard furthest.distance > accuracy else { break }
      let start = furthest.index * points
      var direction = Array(rest[start..<(start + points)])
      let norm = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
      for point in 0..<points { direction[point] /= norm }
      members.append(furthest.index)
      for index in functions.indices {
        var component = 0.0
        for point in 0..<points { component += rest[index * points + point] * direction[point] }
        components[index].append(component)
        for point in 0..<points { rest[index * points + point] -= component * direction[point] }
      }
    }
    // The members' components are a triangle: from the last direction to the first, what each member must give.
    for index in functions.indices {
      var left = components[index]
      var result = [Double](repeating: 0, count: members.count)
      for direction in members.indices.reversed() {
        let member = components[members[direction]]
        result[direction] = left[direction] / member[direction]
        for earlier in 0...direction { left[earlier] -= result[direction] * member[earlier] }
      }
      coefficients.append(zip(result, members).map { $0 * peaks[index] / peaks[$1] })
    }
  }
}

/// The value of a scattering factor at a frequency in 1/Å, in ångströms.
///
/// - Throws: `.invalidValue` where it is not finite.
func finiteScatteringFactor(_ factor: (Double) -> Double, at frequency: Double) throws -> Double {
  let value = factor(frequency)
  guard value.isFinite else {
    throw ExitPlaneError.invalid("scattering factor at \(frequency) 1/Å", got: "\(value) Å", need: "finite")
  }
  return value
}
