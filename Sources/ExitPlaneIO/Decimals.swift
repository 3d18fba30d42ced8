/// A number with a fixed count of decimals, without Foundation.
package func rounded(_ value: Double, places: Int) -> String {
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
