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

  /// - Throws: `.invalidValue` when the memory is not to be had.
  init(count: Int, of what: String) throws {
    let (bytes, overflow) = max(count, 1).multipliedReportingOverflow(by: MemoryLayout<Element>.stride)
    let largePage = 2 << 20
    let alignment = bytes >= 4 * largePage ? largePage : 64
    var raw: UnsafeMutableRawPointer?
    // Systems promise more memory than they have; what exceeds the machine's would end the process later.
    guard !overflow, bytes <= physicalMemory(), posix_memalign(&raw, alignment, bytes) == 0, let raw else {
      throw ExitPlaneError(
        .invalidValue,
        "\(what) would take \(bytes) bytes, more than this machine can give; a smaller box or padding would do"
      )
    }
    #if os(Linux)
      let hugePageAdvice: Int32 = 14  // MADV_HUGEPAGE, a macro of GNU's that Glibc's module leaves out
      if alignment == largePage { madvise(raw, bytes, hugePageAdvice) }
    #endif
    memset(raw, 0, bytes)
    pointer = raw.bindMemory(to: Element.self, capacity: count)
    self.count = count
  }

  deinit { free(pointer) }

  var buffer: UnsafeMutableBufferPointer<Element> {
    UnsafeMutableBufferPointer(start: pointer, count: count)
  }
}

private func physicalMemory() -> Int {
  let (pages, size) = (sysconf(Int32(_SC_PHYS_PAGES)), sysconf(Int32(_SC_PAGESIZE)))
  return pages > 0 && size > 0 ? pages * size : Int.max
}
