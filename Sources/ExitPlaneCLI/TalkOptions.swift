import ArgumentParser

struct TalkOptions: ParsableArguments {
  @Flag(name: [.short, .long], help: "Say nothing but errors: no progress, note, warning or closing line.")
  var quiet = false
}

/// A command that says on standard error how it gets on.
protocol TalkingCommand: ParsableCommand {
  var talk: TalkOptions { get }
}
