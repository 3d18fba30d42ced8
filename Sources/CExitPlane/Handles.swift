// swift-format-ignore-file: AlwaysUseLowerCamelCase
// Functions have the names that the header gives them.

import CExitPlaneHeader
import ExitPlane
import Synchronization

/// What handles name. A caller that is wrong about a handle gets an error: numbers are never used twice.
enum Handles {
  private struct Table {
    var next: Int64 = 1
    var objects: [Int64: any AnyObject & Sendable] = [:]
  }
  private static let table = Mutex(Table())

  static func add(_ object: some AnyObject & Sendable) -> exitplane_handle {
    table.withLock { table in
      defer { table.next += 1 }
      table.objects[table.next] = object
      return table.next
    }
  }

  /// The object lives on in a call that has it, even where another releases it meanwhile.
  static func object<Object>(_ handle: exitplane_handle, as _: Object.Type, _ what: String) throws -> Object {
    guard let object = table.withLock({ $0.objects[handle] }) as? Object else {
      throw ExitPlaneError.invalid(
        "handle \(handle)", got: "not that of \(what)", need: "\(what), not released yet")
    }
    return object
  }

  static func remove(_ handle: exitplane_handle) throws {
    // What it named may end here, outside the lock.
    let object = table.withLock { $0.objects.removeValue(forKey: handle) }
    guard object != nil else {
      throw ExitPlaneError.invalid("handle \(handle)", got: "not in use", need: "one that names something")
    }
  }
}

@c @implementation
public func exitplane_release(
  _ handle: exitplane_handle, _ message: UnsafeMutablePointer<CChar>!, _ capacity: Int64
) -> Int32 {
  answer(message, capacity) { try Handles.remove(handle) }
}

/// Never freed: callers may keep it.
private nonisolated(unsafe) let version: UnsafePointer<CChar> = {
  let bytes = exitPlaneVersion.utf8CString
  let copy = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count)
  for (place, byte) in bytes.enumerated() { copy[place] = byte }
  return UnsafePointer(copy)
}()

@c @implementation
public func exitplane_version() -> UnsafePointer<CChar>! { version }

@c @implementation
public func exitplane_processors() -> Int32 { Int32(clamping: availableProcessors) }
