import ExitPlane
import ExitPlaneIO

/// The name of a micrograph, numbered from 1: "set-micrograph-000001.mrc".
func micrographName(_ number: Int, ofSet name: String) -> String {
  let digits = "\(number)"
  return "\(name)-micrograph-\(String(repeating: "0", count: max(0, 6 - digits.count)))\(digits).mrc"
}

/// The particles of a whole set: what each image shows and is said to show. A particle is a function of its number,
/// so that every shard makes the same ones.
struct SimulatedParticles<Scalar: GridScalar>: Sendable {
  let poses: PoseSource
  /// Nil without optics.
  let transfer: (@Sendable (Int) -> ContrastTransferFunction)?
  /// By particle; nil where there are none.
  let aberrations: (@Sendable (Int) -> AberrationFactors<Scalar>?)?
  /// What the STAR file says of its one optics group, where the poses come from no STAR file.
  let groupAberrations: AntisymmetricAberrations
  /// The set's name, without a folder.
  let name: String
  let particlesPerMicrograph: Int

  var count: Int { poses.count }

  func particle(_ index: Int) throws -> ImagedParticle<Scalar> {
    ImagedParticle(
      number: UInt64(index), pose: try poses.pose(index), transfer: transfer?(index),
      aberrations: aberrations?(index))
  }

  private func micrographName(_ index: Int) -> String {
    ExitPlaneCLI.micrographName(index / particlesPerMicrograph + 1, ofSet: name)
  }

  /// Halves of equal size, and of the same distribution whatever the order of the poses.
  private func randomSubset(_ index: Int) -> Int { index % 2 + 1 }

  /// Writes the STAR file of the particles of a range, each the next of its optics group's stack.
  ///
  /// - Parameter stacks: by optics group; poses that come from no file are of one.
  func writeSTAR(
    _ range: Range<Int>, describing stacks: [ParticleStack], imagesHaveOptics: Bool,
    to sink: @escaping ByteSink
  ) throws {
    if case .particles(let set) = poses {
      return try set.write(
        range, describing: stacks, imagesHaveOptics: imagesHaveOptics, adding: additions, to: sink)
    }
    guard let stack = stacks.first else { return }
    var writer = try ParticleRowWriter(
      describing: stack,
      columns: ParticleRowWriter.Columns(
        imageNames: true, micrographNames: true, transferFunctions: transfer != nil, randomSubsets: true),
      aberrations: transfer == nil ? nil : groupAberrations, to: sink)
    for index in range {
      try writer.append(
        ParticleRowWriter.Row(
          pose: poses.pose(index),
          imageName: ParticleImageName(number: index - range.lowerBound + 1, path: stack.path).description,
          micrographName: micrographName(index), transfer: transfer?(index), randomSubset: randomSubset(index)
        ))
    }
    try writer.finish()
  }

  /// Columns that a STAR file of poses may lack.
  private var additions: [(name: String, value: (Int) -> String)] {
    var columns: [(name: String, value: (Int) -> String)] = [
      ("rlnMicrographName", micrographName), ("rlnRandomSubset", { "\(randomSubset($0))" }),
    ]
    if let transfer {
      func number(_ path: KeyPath<ContrastTransferFunction, Double> & Sendable) -> (Int) -> String {
        { sixDecimals(transfer($0)[keyPath: path]) }
      }
      columns += [
        ("rlnDefocusU", number(\.defocusUInAngstroms)), ("rlnDefocusV", number(\.defocusVInAngstroms)),
        ("rlnDefocusAngle", number(\.astigmatismAngleInDegrees)),
        ("rlnPhaseShift", number(\.phaseShiftInDegrees)),
        ("rlnCtfBfactor", number(\.bFactorInSquareAngstroms)),
        ("rlnCtfScalefactor", number(\.scale)),
      ]
    }
    return columns
  }

  private func sixDecimals(_ value: Double) -> String {
    var column = STARColumn(name: "number")
    column.append(value)
    return column[0]
  }
}
