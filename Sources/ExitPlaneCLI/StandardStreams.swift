import ExitPlane

#if canImport(Glibc)
  @preconcurrency import Glibc
#elseif canImport(Musl)
  @preconcurrency import Musl
#elseif canImport(Darwin)
  @preconcurrency import Darwin
#endif

/// Takes the descriptors of closed standard streams, before a file is opened: it would get one of their numbers, and
/// then what is said on standard error would be written into it.
///
/// In the wrong direction, so that what a command prints to a stream that is closed counts as lost.
func openStandardStreams() {
  for (descriptor, mode) in [(CInt(0), O_WRONLY), (1, O_RDONLY), (2, O_RDONLY)]
  where fcntl(descriptor, F_GETFD) == -1 {
    _ = open("/dev/null", mode)
  }
}

/// Hands over what was printed.
///
/// - Throws: `.unwritableFile` where any of it is lost.
func flushStandardOutput() throws {
  let isFlushed = fflush(stdout) == 0
  let code = isFlushed ? 0 : errno
  guard !isFlushed || ferror(stdout) != 0 else { return }
  let reason = code == 0 ? "" : code == ENOSPC ? ": disk full" : ": \(String(cString: strerror(code)))"
  throw ExitPlaneError(
    .unwritableFile, "standard output cannot be written\(reason); what was printed is not complete")
}

/// Refuses arguments that are not text: a name of other bytes would be taken for another file's.
///
/// - Throws: `.unsupported`.
func requireTextArguments() throws {
  for index in 0..<Int(CommandLine.argc) {
    guard let argument = CommandLine.unsafeArgv[index], String(validatingCString: argument) == nil else {
      continue
    }
    throw ExitPlaneError(
      .unsupported,
      "argument \(index) is '\(String(cString: argument))', whose bytes are not UTF-8; rename the file or folder"
    )
  }
}
