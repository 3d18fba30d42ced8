import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct InfoCommand: TalkingCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Say what is in a map, a stack, a STAR file or a structure.",
    discussion: """
      A file that cannot be read does not keep the others from being described; the exit status then is 1.

      --json prints an object a file, each on a line of its own, with keys that do not change: Docs/Info.md lists \
      them. A file that cannot be read has "file" and "error" alone.

      Examples:
        exitplane info map.mrc particles.star
        exitplane info model.cif --selection 'A,B' --no-waters
        exitplane info --json map.mrc
      """)

  @Argument(help: "One or more MRC, STAR, PDB or mmCIF files.")
  var files: [String]

  @Flag(help: "Print JSON.")
  var json = false

  @OptionGroup(title: "Atoms of a structure")
  var atoms: StructureArguments

  @OptionGroup
  var talk: TalkOptions

  func run() throws {
    let uses = atoms.uses(areUsed: files.contains { InputKind(path: $0) == .structure })
    if uses.contains(where: { $0.isGiven && !$0.isUsed }) { try requireFiles(files) }
    try uses.requireEffect("none is asked about")
    var isWhole = true
    for (number, file) in files.enumerated() {
      do {
        let report = try report(file)
        if json {
          printObject(of: file, report.members)
        } else {
          printLines(of: file, report, isFirst: number == 0)
        }
      } catch let error as ExitPlaneError {
        isWhole = false
        if json { printObject(of: file, [("error", .string(error.description))]) }
        complain("Error: \(error)")
      }
    }
    if !isWhole { throw ExitCode.failure }
  }

  private func report(_ file: String) throws -> FileReport {
    switch InputKind(path: file) {
    case .star: try FileReport(star: file)
    case .structure: try FileReport(structure: file, atoms)
    case .map: try FileReport(mrc: file)
    }
  }

  private func printObject(of file: String, _ members: [(name: String, value: JSONValue)]) {
    show(JSONValue.object([("file", .string(file))] + members).description)
  }

  private func printLines(of file: String, _ report: FileReport, isFirst: Bool) {
    if !isFirst { show() }
    show(file)
    let width = report.lines.map(\.name.count).max() ?? 0
    for (name, text) in report.lines { show("  \(name.padded(to: width))  \(text)") }
  }
}
