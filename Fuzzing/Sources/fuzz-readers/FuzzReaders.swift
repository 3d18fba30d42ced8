#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What libFuzzer calls with every file it makes up. The first byte says which reader gets the rest, so that one
/// corpus serves all.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  guard count > 1 else { return -1 }
  let readers = ReaderExercise.allCases
  let reader = readers[Int(bytes[0]) % readers.count]
  // Readers take paths. A file in memory costs little.
  guard let file = fopen(casePath, "wb") else { fatalError("\(casePath) cannot be written") }
  fwrite(bytes + 1, 1, count - 1, file)
  fclose(file)
  do {
    _ = try reader.read(casePath)
  } catch {
    fatalError("\(reader): \(error)")
  }
  return 0
}

private let casePath = "/dev/shm/exitplane-fuzz-\(getpid())"
