/// An `rlnImageName`: image `number` of the stack at `path`.
public struct ParticleImageName: Hashable, Sendable, CustomStringConvertible {
  /// From 1, as RELION counts.
  public var number: Int
  /// As the STAR file has it: relative to the file's folder, or in RELION's projects to the project's.
  public var path: String

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

  /// The stack's path as seen from where the STAR file's path is seen.
  public func path(besideFile starPath: String) -> String {
    guard !path.hasPrefix("/"), let slash = starPath.lastIndex(of: "/") else { return path }
    return String(starPath[...slash]) + path
  }
}
