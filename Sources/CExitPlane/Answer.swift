import CExitPlaneHeader
import ExitPlane

/// Runs what a C function does, and says how it went: its status, and the sentence of what it throws.
func answer(
  _ message: UnsafeMutablePointer<CChar>?, _ capacity: Int64, _ body: () throws -> Void
) -> Int32 {
  do {
    try body()
    return status(EXITPLANE_DONE)
  } catch let error as ExitPlaneError {
    write(error.description, to: message, capacity)
    return switch error.kind {
    case .invalidValue: status(EXITPLANE_INVALID_VALUE)
    case .mismatch: status(EXITPLANE_MISMATCH)
    case .unreadableFile: status(EXITPLANE_UNREADABLE_FILE)
    case .malformedFile: status(EXITPLANE_MALFORMED_FILE)
    case .unsupported: status(EXITPLANE_UNSUPPORTED)
    case .unwritableFile: status(EXITPLANE_UNWRITABLE_FILE)
    }
  } catch {
    write("\(error)", to: message, capacity)
    return status(EXITPLANE_INVALID_VALUE)
  }
}

/// Members of unnamed enumerations come as one or another type of integer.
private func status(_ value: some BinaryInteger) -> Int32 { Int32(truncatingIfNeeded: value) }

/// Cuts the sentence between characters, never within one.
private func write(_ sentence: String, to message: UnsafeMutablePointer<CChar>?, _ capacity: Int64) {
  guard let message, capacity > 0 else { return }
  var length = 0
  for character in sentence {
    let bytes = character.utf8
    guard length + bytes.count < Int(clamping: capacity) else { break }
    for byte in bytes {
      message[length] = CChar(bitPattern: byte)
      length += 1
    }
  }
  message[length] = 0
}
