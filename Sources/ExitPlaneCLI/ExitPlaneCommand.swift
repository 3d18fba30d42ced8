import ArgumentParser

@main
struct ExitPlaneCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "exitplane")
}
