import ExitPlane

/// An option of a command: whether it was given, and whether what was asked for uses it.
///
/// An option that would be ignored is an error (`requireEffect`), so options that not every run uses have no default
/// value: nil is "not given", and what holds then is decided in one place beside them.
struct OptionUse {
  /// As it is written: "--pad-scale".
  let name: String
  let isGiven: Bool
  let isUsed: Bool
  /// What it is for, after "is for": "linear and cubic slices of a map".
  let purpose: String

  init(_ name: String, given isGiven: Bool, used isUsed: Bool, for purpose: String) {
    self.name = name
    self.isGiven = isGiven
    self.isUsed = isUsed
    self.purpose = purpose
  }
}

extension Sequence<OptionUse> {
  /// - Parameter situation: why an option may have no effect, as a clause: "model.pdb is a structure".
  /// - Throws: `.mismatch` for the first option that was given and would have no effect.
  func requireEffect(_ situation: String, remedy: String = "leave it out") throws {
    guard let idle = first(where: { $0.isGiven && !$0.isUsed }) else { return }
    throw ExitPlaneError.mismatch("\(idle.name) is for \(idle.purpose), and \(situation)", remedy)
  }
}
