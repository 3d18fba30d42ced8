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
}
