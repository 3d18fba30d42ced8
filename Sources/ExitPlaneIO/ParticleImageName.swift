#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An `rlnImageName`: image `number` of the stack at `path`.
public struct ParticleImageName: Hashable, Sendable, CustomStringConvertible {
  /// From 1, as RELION counts.
  public var number: Int
  /// As the STAR file has it: relative to the working directory of programs, which for RELION's is the project's.
  public var path: String

  /// - Parameters:
  ///   - number: from 1.
  ///   - path: the stack's, from the working directory.
  public init(number: Int, path: String) {
    self.number = number
    self.path = path
  }

  /// Reads "000012@stack.mrcs"; a name without "@" is the first image of its file.
  ///
  /// Nil where the number is none, or below 1, or the path empty.
  public init?(_ text: some StringProtocol) {
    guard let at = text.firstIndex(of: "@") else {
      guard !text.isEmpty else { return nil }
      self.init(number: 1, path: String(text))
      return
    }
    let path = String(text[text.index(after: at)...])
    guard let number = Int(text[..<at]), number >= 1, !path.isEmpty else { return nil }
    self.init(number: number, path: path)
  }

  /// "000012@stack.mrcs"
  public var description: String {
    var text: [UInt8] = []
    text.appendInteger(number, minimumDigits: 6)
    return String(decoding: text, as: UTF8.self) + "@" + path
  }

  /// Where the stack is: in the working directory, else beside the STAR file that names it, else in the folders above
  /// that, the nearest first. The name as it is where none of these has it.
  public func stackPath(namedIn starPath: String) -> String {
    guard !path.hasPrefix("/"), access(path, F_OK) != 0 else { return path }
    let folder = starPath.lastIndex(of: "/").map { String(starPath[...$0]) } ?? "./"
    if access(folder + path, F_OK) == 0 { return folder + path }
    guard let resolved = realpath(folder, nil) else { return path }
    defer { free(resolved) }
    var above = String(cString: resolved)[...]
    while let slash = above.lastIndex(of: "/") {
      above = above[..<slash]
      let candidate = above + "/" + path
      if access(String(candidate), F_OK) == 0 { return String(candidate) }
    }
    return path
  }
}
