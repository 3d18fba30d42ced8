import ArgumentParser

@main
struct ExitPlaneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exitplane",
    abstract: "Project maps and atomic models to the exit plane of an electron microscope.",
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, ProjectCommand.self, RenderCommand.self, PosesCommand.self, SimulateCommand.self,
      MergeCommand.self, InfoCommand.self, ResizeCommand.self, CompareCommand.self, VerifyCommand.self,
      BenchmarkCommand.self,
    ])

  /// As the argument parser's own, but that nothing it repeats of an argument acts on the terminal.
  static func main() {
    let arguments = joiningNegativeNumbers(Array(CommandLine.arguments.dropFirst()))
    do {
      try requireCommand(named: arguments)
      var command = try parseAsRoot(arguments)
      if let command = command as? any TalkingCommand {
        isQuiet.store(command.talk.quiet, ordering: .relaxed)
      }
      try command.run()
    } catch {
      let (code, message) = (exitCode(for: error), fullMessage(for: error))
      if !message.isEmpty {
        if code.isSuccess {
          show(message, keepingLines: true)
        } else {
          complain(naming(mistakeIn: arguments, message, code), keepingLines: true)
        }
      }
      Self.exit(withError: code)
    }
  }
}
