/// A number as a person would write it, in files that people read: 1.4, not 1.3999999999999997.
///
/// Sizes come out of headers in single precision, and are multiplied and divided. The shortest decimal of up to
/// six digits within single precision's rounding is taken for what was meant; a number that is none such is
/// written so that it reads back as it is.
package func plainNumber(_ value: Double) -> String {
  guard value.isFinite, value != 0 else { return "\(value)" }
  let magnitude = abs(value)
  guard (1e-12...1e15).contains(magnitude) else { return "\(value)" }
  // The first digit's place.
  var tenths = 0
  while powerOfTen(tenths + 1) <= magnitude { tenths += 1 }
  while magnitude * powerOfTen(-tenths) < 1 { tenths -= 1 }
  for digits in 1...6 {
    let places = digits - 1 - tenths
    let candidate =
      places >= 0
      ? (magnitude * powerOfTen(places)).rounded() / powerOfTen(places)
      : (magnitude / powerOfTen(-places)).rounded() * powerOfTen(-places)
    if abs(candidate - magnitude) <= 1.2e-7 * magnitude { return "\(value < 0 ? -candidate : candidate)" }
  }
  let single = Float(value)
  return Double(single) == value ? "\(single)" : "\(value)"
}

/// Exact up to 10²².
private func powerOfTen(_ exponent: Int) -> Double {
  (0..<max(0, exponent)).reduce(1.0) { power, _ in power * 10 }
}
