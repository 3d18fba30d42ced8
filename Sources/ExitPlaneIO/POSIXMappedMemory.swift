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

  init(byteCount: Int, protection: CInt, flags: CInt, descriptor: CInt) throws(SystemError) {
    guard let mapped = mmap(nil, byteCount, protection, flags, descriptor, 0), mapped != MAP_FAILED else {
      throw .last
    }
    base = mapped
    self.byteCount = byteCount
  }

  /// Memory of no file, filled with zeros; a page costs nothing until it is touched.
  convenience init(zeroed byteCount: Int) throws(SystemError) {
    try self.init(
      byteCount: byteCount, protection: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANON, descriptor: -1)
  }

  deinit { munmap(base, byteCount) }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: byteCount) }
  var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: base, count: byteCount)
  }

  /// Tells the system that the bytes will be read once from first to last, so that it reads ahead.
  func expectSequentialReading() {
    // Advice: nothing depends on its being taken.
    _ = madvise(base, byteCount, MADV_SEQUENTIAL)
  }
}
