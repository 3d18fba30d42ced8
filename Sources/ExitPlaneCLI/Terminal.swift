import Dispatch
import ExitPlane
import ExitPlaneIO
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Whether the user asked for silence, for which errors alone are not talk.
let isQuiet = Atomic(false)

/// Writes a line of talk to standard error, unless it is to be quiet; standard output is for data.
///
/// Whatever files and paths put into it is made printable here, as in `show` and in every `ExitPlaneError`.
func say(_ text: String) {
  if !isQuiet.load(ordering: .relaxed) { complain(text) }
}

/// Writes an error to standard error, made printable.
func complain(_ text: String, keepingLines: Bool = false) {
  writeToStandardError(text.printable(keepingLines: keepingLines) + "\n")
}

/// Writes a line of data to standard output, made printable: all that commands print goes through this.
func show(_ text: String = "", keepingLines: Bool = false) {
  print(text.printable(keepingLines: keepingLines))
}

private func writeToStandardError(_ text: String) {
  var bytes = Array(text.utf8)[...]
  while !bytes.isEmpty {
    let written = bytes.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    if written <= 0 { return }
    bytes = bytes.dropFirst(written)
  }
}

/// A bar with rate and time left, on a terminal alone.
final class ProgressBar: Sendable {
  private let what: String
  private let count: Int
  private let isShown = isatty(2) == 1 && !isQuiet.load(ordering: .relaxed)
  private let start = DispatchTime.now().uptimeNanoseconds
  private let state = Mutex((done: 0, drawnAt: UInt64(0)))

  init(what: String, count: Int) {
    self.what = what
    self.count = count
  }

  /// Counts one more, and redraws ten times a second.
  func advance() {
    guard isShown else { return }
    let line: String? = state.withLock { state in
      state.done += 1
      let now = DispatchTime.now().uptimeNanoseconds
      guard now - state.drawnAt > 100_000_000 else { return nil }
      state.drawnAt = now
      return render(done: state.done, now: now)
    }
    if let line { writeToStandardError("\r\u{1b}[2K" + line) }
  }

  /// Takes the bar away.
  func finish() {
    if isShown { writeToStandardError("\r\u{1b}[2K") }
  }

  private func render(done: Int, now: UInt64) -> String {
    let seconds = Double(now - start) / 1e9
    let rate = Double(done) / max(seconds, 1e-9)
    let filled = 24 * done / max(count, 1)
    let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
    let left = Int(Double(count - done) / max(rate, 1e-9))
    let clock = "\(left / 3600):\(twoDigits(left / 60 % 60)):\(twoDigits(left % 60))"
    return
      "\(what) \(bar) \(done)/\(count)  \(rounded(rate, places: rate < 10 ? 1 : 0)) a second  \(clock) left"
  }

  private func twoDigits(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
}

/// Makes an interrupt end the process without leaving half-written files: exit 130, 143 on SIGTERM, 129 when the
/// terminal goes, 141 when nobody reads what it prints.
///
/// A file beyond the size that the process may write then is an error of the write, not the process's end.
func installInterruptHandler() {
  signal(SIGXFSZ, SIG_IGN)
  var signals = sigset_t()
  sigemptyset(&signals)
  for number in [SIGINT, SIGTERM, SIGHUP, SIGPIPE] {
    var action = sigaction()
    sigaction(number, nil, &action)
    // Under nohup a process is to outlive its terminal; and some parents have a lost pipe be an error.
    if number == SIGHUP || number == SIGPIPE, isIgnored(action) { continue }
    sigaddset(&signals, number)
    signal(number) { number in
      if AtomicFile.removeAllTemporaries(before: number) { _exit(128 + number) }
    }
  }
  // A parent may have blocked them: threads of a pool do, and children inherit it.
  pthread_sigmask(SIG_UNBLOCK, &signals, nil)
}

private func isIgnored(_ action: sigaction) -> Bool {
  #if canImport(Darwin)
    let handler = action.__sigaction_u.__sa_handler
  #else
    let handler = action.__sigaction_handler.sa_handler
  #endif
  return unsafeBitCast(handler, to: UInt.self) == unsafeBitCast(SIG_IGN, to: UInt.self)
}

/// The name that a set's stack and STAR file have in common.
///
/// - Throws: for an output that is no name: empty, a folder, or a suffix alone.
func setName(_ output: String) throws -> String {
  let name = lastComponent(of: output)
  var status = stat()
  let isFolder = stat(output, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  guard !output.isEmpty, !output.hasSuffix("/"), !isFolder, ![".mrcs", ".star"].contains(name) else {
    throw ExitPlaneError(
      .unwritableFile,
      "--output is \"\(output)\"\(isFolder ? ", a folder" : ""); it must end in the name of a set")
  }
  let suffix = [".mrcs", ".star"].first { output.hasSuffix($0) } ?? ""
  return String(output.dropLast(suffix.count))
}
