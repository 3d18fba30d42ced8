import ArgumentParser
import ExitPlane

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

enum Precision: String, ExpressibleByArgument, CaseIterable {
  case single
  case double
}

/// A number with a fixed count of decimals, without Foundation.
func rounded(_ value: Double, places: Int) -> String {
  guard value.isFinite, abs(value) < 1e15 else { return "\(value)" }
  var scale = 1.0
  for _ in 0..<places { scale *= 10 }
  let units = (abs(value) * scale).rounded()
  let whole = (units / scale).rounded(.down)
  let rest = Int(units - whole * scale)
  let sign = value < 0 && units > 0 ? "-" : ""
  guard places > 0 else { return "\(sign)\(Int(whole))" }
  let digits = "\(rest)"
  return "\(sign)\(Int(whole)).\(String(repeating: "0", count: max(0, places - digits.count)))\(digits)"
}

/// The processor's name and the number of processors.
func machineDescription() -> String {
  var name = "unknown processor"
  if let file = fopen("/proc/cpuinfo", "r") {
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix("model name"), let colon = text.firstIndex(of: ":") {
        name = text[text.index(after: colon)...].filter { $0 != "\n" && $0 != "\"" && $0 != "\\" }
        name = String(name.drop { $0 == " " })
        break
      }
    }
  }
  return "\(name), \(availableProcessors) processors"
}
