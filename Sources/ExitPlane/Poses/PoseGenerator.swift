import RealModule

/// Poses of a numbered sequence: each is a function of the seed and its index.
public struct PoseGenerator: Hashable, Sendable {
  /// How directions of view are distributed; rotations in the plane are uniform.
  public enum Orientations: Hashable, Sendable {
    /// Independent and uniform over all rotations.
    case uniform
    /// Even over all rotations, or over one asymmetric unit of them.
    case even(count: Int)
    /// A mixture of preferred directions of view.
    case preferred([PreferredDirection])
  }

  /// How particles lie about the middle of their boxes.
  public enum Shifts: Hashable, Sendable {
    /// All in the middle.
    case none
    /// Of both coordinates, independently.
    case gaussian(standardDeviationInAngstroms: Double)
    /// Of both coordinates, independently, from −largest to +largest.
    case uniform(largestInAngstroms: Double)
  }

  /// The distribution of rotations.
  public let orientations: Orientations
  /// The distribution of shifts.
  public let shifts: Shifts
  /// Of the object. Orientations that show it alike are one: all lie in the group's asymmetric unit.
  public let symmetry: SymmetryGroup
  /// Of all random numbers of the sequence.
  public let seed: UInt64
  private let totalWeight: Double

  /// - Throws: `.invalidValue` for a count below 1, no direction, or a deviation or length that is negative or
  ///   not finite.
  public init(
    orientations: Orientations = .uniform, shifts: Shifts = .none, symmetry: SymmetryGroup = .none,
    seed: UInt64
  ) throws {
    var totalWeight = 0.0
    switch orientations {
    case .uniform: break
    case .even(let count):
      guard count > 0 else {
        throw ExitPlaneError.invalid("number of even orientations", got: "\(count)", need: "above 0")
      }
    case .preferred(let directions):
      totalWeight = directions.reduce(0) { $0 + $1.weight }
      guard totalWeight > 0, totalWeight.isFinite else {
        throw ExitPlaneError.invalid(
          "preferred directions", got: "\(directions.count) of total weight \(totalWeight)",
          need: "at least one, of finite weights")
      }
    }
    switch shifts {
    case .none: break
    case .gaussian(let length), .uniform(let length):
      guard length >= 0, length.isFinite else {
        throw ExitPlaneError.invalid("spread of shifts", got: "\(length) Å", need: "finite and not below 0 Å")
      }
    }
    self.orientations = orientations
    self.shifts = shifts
    self.symmetry = symmetry
    self.seed = seed
    self.totalWeight = totalWeight
  }

  /// The pose of an index, from 0. Even orientations are taken again from the first on after their last.
  public func pose(_ index: Int) -> Pose {
    Pose(rotation: rotation(index), shiftInAngstroms: shift(index))
  }

  private func rotation(_ index: Int) -> Rotation {
    switch orientations {
    case .uniform: return symmetry.reduced(.random(seed: seed, index: index))
    case .even(let count): return symmetry.evenRotation(index: index % count, count: count)
    case .preferred(let directions):
      var random = RandomSequence(
        seed: seed, stream: .orientation, item: UInt64(truncatingIfNeeded: index))
      var left = random.unit() * totalWeight
      var chosen = directions[0]
      for direction in directions where direction.weight > 0 {
        chosen = direction
        left -= direction.weight
        if left < 0 { break }
      }
      return symmetry.reduced(chosen.rotation(random.unit(), random.unit(), random.unit()))
    }
  }

  private func shift(_ index: Int) -> SIMD2<Double> {
    var random = RandomSequence(seed: seed, stream: .shift, item: UInt64(truncatingIfNeeded: index))
    switch shifts {
    case .none: return SIMD2(0, 0)
    case .gaussian(let deviation): return deviation * random.normalPair()
    case .uniform(let largest):
      return SIMD2(random.uniform(in: -largest...largest), random.uniform(in: -largest...largest))
    }
  }
}

/// A direction from which particles are seen more often, by a von Mises–Fisher distribution of directions with the
/// rotation in the image's plane uniform.
public struct PreferredDirection: Hashable, Sendable {
  /// RELION's angles of the direction.
  public let rotInDegrees: Double
  /// RELION's second angle of the direction.
  public let tiltInDegrees: Double
  /// How narrow: 0 is uniform; large values spread over about `1 / √κ` radians.
  public let concentration: Double
  /// Relative to the other directions'.
  public let weight: Double

  /// - Throws: `.invalidValue` for angles that are not finite, or a concentration or weight that is negative or
  ///   not finite.
  public init(rotInDegrees: Double, tiltInDegrees: Double, concentration: Double, weight: Double = 1) throws {
    guard rotInDegrees.isFinite, tiltInDegrees.isFinite else {
      throw ExitPlaneError.invalid(
        "preferred direction", got: "(\(rotInDegrees), \(tiltInDegrees))°", need: "finite angles")
    }
    guard concentration >= 0, concentration.isFinite, weight >= 0, weight.isFinite else {
      throw ExitPlaneError.invalid(
        "concentration and weight of a direction", got: "\(concentration) and \(weight)",
        need: "finite and not below 0")
    }
    self.rotInDegrees = rotInDegrees
    self.tiltInDegrees = tiltInDegrees
    self.concentration = concentration
    self.weight = weight
  }

  /// Three uniform numbers in 0..<1 to a rotation.
  ///
  /// - Source: the cosine of the angle by inversion, G. Ulrich, Appl. Statist. 33 (1984) 158–163, for the sphere.
  func rotation(_ u: Double, _ v: Double, _ w: Double) -> Rotation {
    // cos a = 1 + ln(u + (1 − u) e^(−2κ)) / κ; written with expm1 and log1p it holds for small κ as well.
    let cosine =
      concentration == 0
      ? 2 * u - 1 : 1 + Double.log(onePlus: (1 - u) * Double.expMinusOne(-2 * concentration)) / concentration
    let angle = Double.acos(min(max(cosine, -1), 1)) * 180 / .pi
    let about = Rotation.about(z: 360 * v) * Rotation.about(y: angle)
    let view = Rotation.about(z: rotInDegrees) * Rotation.about(y: tiltInDegrees) * about
    // An image's rotation is the inverse of Rz(rot) Ry(tilt) Rz(psi).
    return (view * Rotation.about(z: 360 * w)).inverse
  }
}
