import ArgumentParser
import ExitPlane

extension ExitPlaneCommand {
  /// Before any command runs: what the machine has and what the environment asks of it.
  func validate() throws {
    do {
      try InstructionSet.checkEnvironment()
    } catch {
      throw ValidationError("\(error)")
    }
    ThreadShortage.onFirst { wanted, running in
      say("the system refuses more threads: \(running) of \(wanted) run")
    }
  }
}
