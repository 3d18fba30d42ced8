#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Pages of memory from the operating system, given back when the last reference goes.
///
/// Unchecked: the address and the length never change, and who creates a writable one fills it before
/// sharing it.
final class MappedMemory: @unchecked Sendable {
  private let base: UnsafeMutableRawPointer
  private let byteCount: Int

  /// Filled with zeros; a page costs nothing until it is touched.
  init(zeroed byteCount: Int) throws(SystemError) {
    let mapped = mmap(nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { throw .last }
    base = mapped
    self.byteCount = byteCount
  }

  deinit { munmap(base, byteCount) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
  var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }
}

/// Whether so much memory can be had at all. An array that cannot have its storage ends the process;
/// asking first makes it an error.
func memoryIsAvailable(byteCount: Int) -> Bool {
  // Not by malloc: the compiler drops a malloc that is freed at once, and takes it to have succeeded.
  (try? MappedMemory(zeroed: byteCount)) != nil
}
