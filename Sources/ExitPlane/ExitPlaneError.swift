/// Why something the caller asked for cannot be done, in words the caller can act on.
///
/// Every error a user can provoke is one of these: a `kind` for code to branch on, and a
/// `description` that says what was wrong, what was found and what would do.
public struct ExitPlaneError: Error, Hashable, CustomStringConvertible {
  /// What went wrong, to branch on.
  public enum Kind: Hashable, Sendable {
    /// An argument outside its domain: a negative pixel size, an empty box.
    case invalidValue
    /// Two inputs that do not fit each other: the pixel sizes of a map and of an image.
    case mismatch
    /// A file that is missing or may not be read.
    case unreadableFile
    /// A file that breaks its format's rules.
    case malformedFile
    /// A valid request for something that is not offered.
    case unsupported
    /// An output that cannot be written: no such folder, no permission, no space.
    case unwritableFile
  }

  /// What to branch on; the description is for people.
  public let kind: Kind
  /// One line that a terminal shows as it is, whatever a file or a path put into it; see `printable`.
  public let description: String

  public init(_ kind: Kind, _ description: String) {
    self.kind = kind
    self.description = description.printable()
  }

  /// "pixel size is -1.0 Å; it must be finite and above 0 Å"
  public static func invalid(_ what: String, got: String, need: String) -> ExitPlaneError {
    ExitPlaneError(.invalidValue, "\(what) is \(got); it must be \(need)")
  }

  /// Two quantities that must agree and do not; `remedy` says what would make them.
  public static func mismatch(_ what: String, _ remedy: String) -> ExitPlaneError {
    ExitPlaneError(.mismatch, "\(what); \(remedy)")
  }

  /// A place in a file.
  public enum Location: Hashable, Sendable, CustomStringConvertible {
    /// From 1.
    case line(Int)
    /// From 0.
    case byte(Int)
    public var description: String {
      switch self {
      case .line(let number): "line \(number)"
      case .byte(let offset): "byte \(offset)"
      }
    }
  }

  /// A fault in a file: "stack.mrc, byte 12: mode is 7; need 0, 1, 2, 6 or 12".
  public static func file(
    _ path: String, at location: Location? = nil, kind: Kind = .malformedFile,
    found: String, need: String
  ) -> ExitPlaneError {
    let name = path.isEmpty ? "\"\"" : path
    let place = location.map { "\(name), \($0)" } ?? name
    return ExitPlaneError(kind, "\(place): \(found); \(need)")
  }
}

/// - Throws: `.invalidValue` when the value is not finite and above 0.
func validatePositive(_ what: String, _ value: Double, unit: String) throws {
  guard value.isFinite, value > 0 else {
    let unit = unit.isEmpty ? "" : " \(unit)"
    throw ExitPlaneError.invalid(what, got: "\(value)\(unit)", need: "finite and above 0\(unit)")
  }
}
