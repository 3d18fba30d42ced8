import ArgumentParser

/// What a mistyped command line meant, said before what the argument parser makes of the rest of it.
extension ExitPlaneCommand {
  /// The arguments with negative numbers joined to their options: "--euler=-30,0,0" for "--euler -30,0,0".
  ///
  /// What begins with a minus sign and a digit is a number: no option of ours is named so.
  static func joiningNegativeNumbers(_ arguments: [String]) -> [String] {
    var result: [String] = []
    for argument in arguments {
      var rest = argument.dropFirst()
      if rest.first == "." { rest = rest.dropFirst() }
      if argument.hasPrefix("-"), rest.first?.isNumber == true, let option = result.last,
        option.hasPrefix("--"), option.count > 2, !option.contains("=")
      {
        result[result.count - 1] = "\(option)=\(argument)"
      } else {
        result.append(argument)
      }
    }
    return result
  }

  /// - Throws: `ValidationError` where the first argument is to be a command and is none.
  static func requireCommand(named arguments: [String]) throws {
    var words = arguments[...]
    if words.first == "help" { words = words.dropFirst() }
    guard let name = words.first, !name.hasPrefix("-"), name != "help", command(named: name) == nil else {
      return
    }
    let names = configuration.subcommands.compactMap { $0.configuration.commandName }
    throw ValidationError(
      "there is no command '\(name)'; "
        + (closest(to: name, among: names).map { "did you mean '\($0)'?" }
          ?? "the commands are: \(listed(names))"))
  }

  /// The parser's message with an option that does not exist named first: it reports what is missing instead, where
  /// `--outptu` leaves a command without `--output`.
  static func naming(mistakeIn arguments: [String], _ message: String, _ code: ExitCode) -> String {
    guard code == .validationFailure, let name = arguments.first, let command = command(named: name) else {
      return message
    }
    // A mistake that a command finds by itself comes with the usage of all commands.
    let message =
      usage(of: command).map { own in
        message.split(separator: "\n", omittingEmptySubsequences: false)
          .map {
            $0 == "Usage: exitplane <subcommand>" ? "Usage: \(own)" : $0 == seeAll ? seeAll(name) : String($0)
          }
          .joined(separator: "\n")
      } ?? message
    let options = options(of: command)
    let given = arguments.prefix { $0 != "--" }.filter { $0.hasPrefix("--") }
      .map { String($0.prefix { $0 != "=" }) }
    let usage = message.split(separator: "\n").drop { !$0.hasPrefix("Usage: ") }
    guard let unknown = given.first(where: { !options.contains($0) }), !usage.isEmpty else { return message }
    var sentence = "Error: '\(name)' has no option \(unknown)"
    let others = configuration.subcommands.filter { self.options(of: $0).contains(unknown) }
      .compactMap { $0.configuration.commandName }
    if let meant = closest(to: unknown, among: options) {
      sentence += "; did you mean \(meant)?"
    } else if !others.isEmpty {
      sentence += "; it is an option of \(listed(others.map { "'\($0)'" }))"
    }
    return ([sentence] + usage.map(String.init)).joined(separator: "\n")
  }

  private static let seeAll = "  See 'exitplane --help' for more information."

  private static func seeAll(_ name: String) -> String {
    "  See 'exitplane \(name) --help' for more information."
  }

  /// The line of usage in a command's help text.
  private static func usage(of command: any ParsableCommand.Type) -> String? {
    helpMessage(for: command, columns: 1000).split(separator: "\n").first { $0.hasPrefix("USAGE: ") }
      .map { String($0.dropFirst("USAGE: ".count)) }
  }

  private static func command(named name: String) -> (any ParsableCommand.Type)? {
    configuration.subcommands.first { $0.configuration.commandName == name }
  }

  /// The long names in a command's help text.
  private static func options(of command: any ParsableCommand.Type) -> [String] {
    helpMessage(for: command, includeHidden: true, columns: 1000).split(separator: "\n")
      .filter { $0.hasPrefix("  -") }
      .flatMap { line in
        // The names end where a value's name or, two spaces on, the explanation begins.
        line.split(separator: " ").prefix { $0.hasPrefix("-") }.map { String($0.filter { $0 != "," }) }
      }
      .filter { $0.hasPrefix("--") }
  }

  private static func listed(_ names: [String]) -> String {
    guard let last = names.last, names.count > 1 else { return names.first ?? "" }
    return names.dropLast().joined(separator: ", ") + " and " + last
  }

  /// The name that was probably meant: one of which the word is the beginning, or one with a few letters wrong.
  static func closest(to word: String, among names: [String]) -> String? {
    let longer = names.filter { $0.hasPrefix(word) }
    if word.count > 2, longer.count == 1 { return longer.first }
    let distances = names.map { ($0, editDistance(word, $0)) }
    guard let best = distances.min(by: { $0.1 < $1.1 }) else { return nil }
    // Of three letters one may be wrong, of six two, of nine three.
    return best.1 <= min(3, word.filter { $0 != "-" }.count / 3) ? best.0 : nil
  }

  /// Letters to be put in, left out, changed or, with their neighbour, swapped.
  ///
  /// - Source: optimal string alignment, F. J. Damerau, Commun. ACM 7 (1964) 171–176.
  private static func editDistance(_ first: String, _ second: String) -> Int {
    let (a, b) = (Array(first), Array(second))
    var rows = [Array(0...b.count)]
    for i in a.indices {
      var row = [i + 1]
      for j in b.indices {
        var least = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (a[i] == b[j] ? 0 : 1))
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { least = min(least, rows[i - 1][j - 1] + 1) }
        row.append(least)
      }
      rows.append(row)
    }
    return rows[a.count][b.count]
  }
}
