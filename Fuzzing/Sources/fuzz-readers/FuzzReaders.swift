#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// libFuzzer's own main, for programs that have one: SwiftPM gives every executable its own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runFuzzer(
  _ count: UnsafeMutablePointer<CInt>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>, Int) -> CInt
) -> CInt

@main
enum FuzzReaders {
  /// Readers take paths. A file in memory costs little.
  static let casePath = "/dev/shm/exitplane-fuzz-\(getpid())"

  static func main() {
    // libFuzzer ends the process itself.
    atexit { unlink(FuzzReaders.casePath) }
    var (count, arguments) = (CommandLine.argc, CommandLine.unsafeArgv)
    let status = runFuzzer(&count, &arguments) { bytes, count in
      // The first byte says which reader gets the rest, so that one corpus serves all.
      guard count > 1 else { return -1 }
      let readers = ReaderExercise.allCases
      let reader = readers[Int(bytes[0]) % readers.count]
      guard let file = fopen(FuzzReaders.casePath, "wb") else {
        fatalError("\(FuzzReaders.casePath) cannot be written")
      }
      fwrite(bytes + 1, 1, count - 1, file)
      fclose(file)
      do {
        _ = try reader.read(FuzzReaders.casePath)
      } catch {
        fatalError("\(reader): \(error)")
      }
      return 0
    }
    exit(status)
  }
}
