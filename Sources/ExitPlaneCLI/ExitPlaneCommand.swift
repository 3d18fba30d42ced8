import ArgumentParser

@main
struct ExitPlaneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exitplane",
    abstract: "Project maps and atomic models to the exit plane of an electron microscope.",
    version: "0.1.0",
    subcommands: [
      DemoCommand.self, ProjectCommand.self, RenderCommand.self, PosesCommand.self, SimulateCommand.self,
      MergeCommand.self, InfoCommand.self, VerifyCommand.self, CompareCommand.self, BenchmarkCommand.self,
    ])

  /// As the argument parser's own, but that nothing it repeats of an argument acts on the terminal.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch {
      let (code, message) = (exitCode(for: error), fullMessage(for: error))
      if !message.isEmpty {
        if code.isSuccess { show(message, keepingLines: true) } else { say(message, keepingLines: true) }
      }
      Self.exit(withError: code)
    }
  }
}
