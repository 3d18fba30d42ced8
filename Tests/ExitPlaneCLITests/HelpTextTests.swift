import ArgumentParser
import Testing

@testable import ExitPlaneCLI

@Suite("Help texts")
struct HelpTextTests {
  private static let commands = ExitPlaneCommand.configuration.subcommands.compactMap {
    $0.configuration.commandName
  }

  /// The examples of a help text, as they stand on a terminal of 80 columns: lines after "Example:" or "Examples:" up
  /// to the next empty one. Those that go on after a backslash are joined.
  private func examples(of name: String) throws -> [String] {
    let command = try #require(
      ExitPlaneCommand.configuration.subcommands.first { $0.configuration.commandName == name })
    let lines = ExitPlaneCommand.helpMessage(for: command, columns: 80)
      .split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0 == "Example:" || $0 == "Examples:" }) else { return [] }
    var examples: [String] = []
    var continues = false
    for line in lines[(start + 1)...].prefix(while: { !$0.isEmpty }) {
      if continues {
        examples[examples.count - 1] += " " + line.drop { $0 == " " }
      } else {
        // A line that the width of the screen broke begins with something else.
        #expect(line.hasPrefix("  exitplane \(name)"), "a bare line break before: \(line)")
        examples.append(String(line))
      }
      continues = line.hasSuffix("\\")
      if continues { examples[examples.count - 1].removeLast() }
    }
    #expect(!continues)
    return examples
  }

  /// A line's words as a shell takes them; of quotes it knows single ones.
  private func words(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var isQuoted = false
    for character in line {
      if character == "'" {
        isQuoted.toggle()
        word = word ?? ""
      } else if character == " ", !isQuoted {
        if let word { words.append(word) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    return words + (word.map { [$0] } ?? [])
  }

  @Test(
    "every example can be pasted: its lines end in a backslash or whole, and the command takes it",
    arguments: commands)
  func examples(name: String) throws {
    let examples = try examples(of: name)
    #expect(!examples.isEmpty, "exitplane help \(name) has no example")
    for example in examples {
      let words = words(example)
      #expect(words.first == "exitplane")
      do {
        _ = try ExitPlaneCommand.parseAsRoot(Array(words.dropFirst()))
      } catch {
        Issue.record("\(example): \(ExitPlaneCommand.message(for: error))")
      }
    }
  }

  @Test("every command says what it is for, in a sentence that ends", arguments: commands)
  func abstracts(name: String) throws {
    let command = try #require(
      ExitPlaneCommand.configuration.subcommands.first { $0.configuration.commandName == name })
    #expect(command.configuration.abstract.last == ".")
    #expect(command.configuration.abstract.count < 100)
  }
}

@Suite("Mistaken command lines")
struct MistakeTests {
  @Test(
    "a mistyped command or option is named, with what was probably meant",
    arguments: [
      (["projct", "map.mrc"], "there is no command 'projct'; did you mean 'project'?"),
      (["simualte"], "did you mean 'simulate'?"),
      (["help", "rezise"], "there is no command 'rezise'; did you mean 'resize'?"),
      (["reconstruct"], "there is no command 'reconstruct'; the commands are: demo, project,"),
      (["version"], "there is no command 'version'; the commands are"),
      (
        ["project", "map.mrc", "--random-poses", "5", "--outptu", "x.mrcs"],
        "'project' has no option --outptu; did you mean --output?"
      ),
      (["project", "map.mrc", "--rand", "5", "-o", "x.mrcs"], "did you mean --random-poses?"),
      (
        ["project", "map.mrc", "--random-poses", "5", "-o", "x.mrcs", "--snr=0.1"],
        "'project' has no option --snr; it is an option of 'simulate'"
      ),
      (["compare", "a", "b", "--frobnicate"], "'compare' has no option --frobnicate\n"),
      (
        ["resize", "a.mrc", "--box", "4", "--level", "2", "-o", "b.mrc"], "\nUsage: exitplane resize <input>"
      ),
    ])
  func suggestions(arguments: [String], words: String) throws {
    let run = try CommandRun(arguments)
    #expect(run.status == 64)
    #expect(run.standardError.hasPrefix("Error: "))
    #expect(run.standardError.contains(words), "\(run.standardError)")
    #expect(run.standardError.contains("\nUsage: exitplane"))
    #expect(run.standardOutput.isEmpty)
  }

  @Test("sentences are whole: no unit where there is none, and a path that is empty is seen")
  func sentences() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    for (arguments, sentence) in [
      (
        ["simulate", "map.mrc", "--random-poses", "2", "--snr", "0", "--output", "x"],
        "--snr is 0.0; it must be finite and above 0\n"
      ),
      (["info", ""], "Error: \"\": cannot be read"),
    ] {
      let run = try CommandRun(arguments, in: folder.path)
      #expect(run.status == 1 && run.standardError.contains(sentence), "\(run.standardError)")
    }
  }

  @Test("negative numbers are values, not options")
  func negativeNumbers() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    let run = try CommandRun(
      ["project", "map.mrc", "--euler", "-30,-20,10", "--output", "a.mrcs"], in: folder.path)
    #expect(run.status == 0, "\(run.standardError)")
    let count = try CommandRun(["demo", "--images", "-5"], in: folder.path)
    #expect(count.status == 64 && count.standardError.contains("--images is -5"), "\(count.standardError)")
    let flag = try CommandRun(
      ["project", "map.mrc", "--euler", "1,2,3", "-o", "a.mrcs", "--sum", "-5"], in: folder.path)
    #expect(
      flag.status == 64 && flag.standardError.contains("does not take any value"), "\(flag.standardError)")
  }

  @Test("help and version are asked for in the usual ways")
  func help() throws {
    for arguments in [["--help"], ["help"], ["-h"], []] {
      let run = try CommandRun(arguments)
      #expect(run.status == 0 && run.standardOutput.hasPrefix("OVERVIEW: ") && run.standardError.isEmpty)
    }
    let version = try CommandRun(["--version"])
    #expect(version.status == 0 && version.standardOutput == "\(ExitPlaneCommand.configuration.version)\n")
  }
}

@Suite("--quiet")
struct QuietTests {
  @Test("nothing but errors is said, and the files are the same")
  func quiet() throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(8))
    for (arguments, output) in [
      (["project", "map.mrc", "--random-poses", "2", "--box", "8,6"], "p.mrcs"),
      (["simulate", "map.mrc", "--random-poses", "2", "--defocus", "9000", "--snr", "1"], "s"),
      (["poses", "--count", "3", "--pixel-size", "1", "--box", "8"], "q.star"),
      (["resize", "map.mrc", "--box", "12"], "r.mrc"),
      (["demo", "--images", "1"], "d"),
    ] {
      let loud = try CommandRun(arguments + ["--output", output], in: folder.path)
      #expect(loud.status == 0, "\(loud.standardError)")
      #expect(!(loud.standardError + loud.standardOutput).isEmpty)
      let quiet = try CommandRun(arguments + ["--output", output, "--quiet"], in: folder.path)
      #expect(quiet.status == 0)
      #expect(
        quiet.standardError.isEmpty && quiet.standardOutput.isEmpty, "\(arguments): \(quiet.standardError)")
    }
    let data = try CommandRun(["compare", "map.mrc", "map.mrc", "-q"], in: folder.path)
    #expect(data.status == 0 && data.standardOutput.contains("resolution at 0.5"))
    let wrong = try CommandRun(
      ["project", "none.mrc", "--views", "axes", "-o", "x.mrcs", "-q"], in: folder.path)
    #expect(wrong.status == 1 && wrong.standardError.contains("none.mrc"))
  }
}
