import ArgumentParser

@main
struct ExitPlaneCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "exitplane",
    abstract: "Project maps and atomic models to the exit plane of an electron microscope.",
    subcommands: [
      DemoCommand.self, ProjectCommand.self, RenderCommand.self, PosesCommand.self, InfoCommand.self,
      VerifyCommand.self, BenchmarkCommand.self,
    ])
}
