#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Memory that FFTs and kernels like: zeroed, aligned to 64 bytes, and on large pages where it is large
/// enough for its page-table misses to cost more than its cache misses.
///
/// The owner writes it before sharing it, or is alone in using it; nothing here guards against both.
final class AlignedBuffer<Element: BitwiseCopyable>: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Element>
  let count: Int
  /// What was mapped, for memory that is; `pointer` lies at the first large page in it.
  private let mapping: (start: UnsafeMutableRawPointer, bytes: Int)?

  /// - Throws: `.invalidValue` when the memory is not to be had.
  init(count: Int, of what: String) throws {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    guard !overflow else { throw tooLarge(what, bytes) }
    try requireMemory(bytes: bytes, for: what)
    guard let (raw, mapping) = bytes >= 4 * largePage ? mapLargePages(bytes) : allocateSmall(bytes) else {
      throw tooLarge(what, bytes)
    }
    pointer = raw.bindMemory(to: Element.self, capacity: count)
    self.count = count
    self.mapping = mapping
  }

  deinit {
    if let mapping { munmap(mapping.start, mapping.bytes) } else { free(pointer) }
  }

  var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}

private let largePage = 2 << 20

private typealias Mapping = (start: UnsafeMutableRawPointer, bytes: Int)

private func allocateSmall(_ bytes: Int) -> (UnsafeMutableRawPointer, Mapping?)? {
  var raw: UnsafeMutableRawPointer?
  guard posix_memalign(&raw, 64, bytes) == 0, let raw else { return nil }
  memset(raw, 0, bytes)
  return (raw, nil)
}

/// Fresh pages of the system, which are zero: they are cleared as they are first touched, by the threads that
/// touch them, and not a second time by us.
private func mapLargePages(_ bytes: Int) -> (UnsafeMutableRawPointer, Mapping?)? {
  let whole = bytes + largePage
  guard let start = mmap(nil, whole, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0),
    start != MAP_FAILED
  else { return nil }
  let raw = start.alignedUp(toMultipleOf: largePage)
  #if os(Linux)
    let hugePageAdvice: Int32 = 14  // MADV_HUGEPAGE, a macro of GNU's that Glibc's module leaves out
    madvise(raw, bytes, hugePageAdvice)
  #endif
  return (raw, (start, whole))
}

/// - Throws: `.invalidValue` for more bytes than the machine has. Systems promise more memory than there is;
///   what exceeds it would end the process later.
func requireMemory(bytes: Int, for what: String) throws {
  let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
  guard pages <= 0 || size <= 0 || bytes <= pages * size else { throw tooLarge(what, bytes) }
}

private func tooLarge(_ what: String, _ bytes: Int) -> ExitPlaneError {
  ExitPlaneError(
    .invalidValue,
    "\(what) would take \(bytes) bytes, more than this machine can give; a smaller box or padding would do")
}
