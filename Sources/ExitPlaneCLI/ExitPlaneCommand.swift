import ArgumentParser
import ExitPlane

@main
struct ExitPlaneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exitplane",
    abstract: "Project maps and atomic models to the exit plane of an electron microscope.",
    version: exitPlaneVersion,
    subcommands: [
      DemoCommand.self, ProjectCommand.self, RenderCommand.self, PosesCommand.self, SimulateCommand.self,
      MergeCommand.self, InfoCommand.self, ResizeCommand.self, CompareCommand.self, VerifyCommand.self,
      BenchmarkCommand.self,
    ])

  /// As the argument parser's own, but that nothing it repeats of an argument acts on the terminal, that nothing printed
  /// is lost unnoticed, and that closed streams do no harm.
  static func main() {
    openStandardStreams()
    installInterruptHandler()
    let arguments = joiningNegativeNumbers(Array(CommandLine.arguments.dropFirst()))
    do {
      try requireTextArguments()
      try requireCommand(named: arguments)
      var command = try parseAsRoot(arguments)
      if let command = command as? any TalkingCommand {
        isQuiet.store(command.talk.quiet, ordering: .relaxed)
      }
      try command.run()
      try flushStandardOutput()
    } catch {
      end(with: error, arguments)
    }
  }

  private static func end(with error: any Error, _ arguments: [String]) -> Never {
    let (code, message) = (exitCode(for: error), fullMessage(for: error))
    guard code.isSuccess else {
      if !message.isEmpty { complain(naming(mistakeIn: arguments, message, code), keepingLines: true) }
      exit(withError: code)
    }
    // Help and the version are errors to the argument parser, and data to those who ask for them.
    if !message.isEmpty { show(message, keepingLines: true) }
    do {
      try flushStandardOutput()
    } catch {
      end(with: error, arguments)
    }
    exit(withError: code)
  }
}
