import ExitPlane

/// A number that is given in another unit than the option's is almost always off by a thousand or more: ranges that no
/// instrument leaves tell it from one that is meant.
struct PlausibleRange {
  let option: String
  /// After the number, with the space that goes before it.
  let unit: String
  let range: ClosedRange<Double>
  /// Whether 0 is fine though it is outside.
  var allowsZero = false
  /// Whether the range is the number's size, whose sign is free.
  var isMagnitude = false
  /// What tells the unit to who is not sure of it: "300 for 300,000 V".
  let example: String

  /// - Throws: `.invalidValue` with the number, the unit and the range.
  func require(_ value: Double) throws {
    guard value.isFinite, range.contains(isMagnitude ? abs(value) : value) || (allowsZero && value == 0)
    else {
      let bounds = "\(plain(range.lowerBound)) to \(plain(range.upperBound))\(unit)"
      let sign = allowsZero ? "0 or " : value <= 0 && range.lowerBound > 0 ? "above 0: " : ""
      throw ExitPlaneError.invalid(
        option, got: "\(value)\(unit)",
        need: sign + bounds + (isMagnitude ? " in size" : "") + " (\(example))")
    }
  }

  private func plain(_ value: Double) -> String {
    value == value.rounded() && abs(value) < 1e9 ? "\(Int(value))" : "\(value)"
  }
}

extension PlausibleRange {
  static let voltage = PlausibleRange(
    option: "--voltage", unit: " kV", range: 10...3000, example: "300 for 300,000 V")
  static let sphericalAberration = PlausibleRange(
    option: "--cs", unit: " mm", range: -10...10, example: "2.7 for 2700 µm")
  static let defocus = PlausibleRange(
    option: "--defocus", unit: " Å", range: 100...1_000_000, allowsZero: true, isMagnitude: true,
    example: "10000 for 1 µm")
  static let astigmatism = PlausibleRange(
    option: "--astigmatism", unit: " Å", range: 1...100_000, allowsZero: true, example: "500 for 0.05 µm")
  static let phaseShift = PlausibleRange(
    option: "--phase-shift", unit: "°", range: -360...360, example: "90 for π/2")
  static let transferBFactor = PlausibleRange(
    option: "--ctf-b-factor", unit: " Å²", range: -1000...10_000, example: "50 for 0.5 nm²")
  static let beamTilt = PlausibleRange(
    option: "--beam-tilt", unit: " mrad", range: -50...50, example: "0.2 for 200 µrad")
  static let noiseFalloff = PlausibleRange(
    option: "--noise-falloff", unit: " 1/Å", range: 1e-4...1, example: "0.05 for 20 Å")
  static let dose = PlausibleRange(
    option: "--dose", unit: " e/Å²", range: 1e-6...10_000, example: "40 for 4000 e/nm²")
  static let atomicBFactor = PlausibleRange(
    option: "--b-factor", unit: " Å²", range: 0...10_000, example: "30 for 0.3 nm²")
  static let resolution = PlausibleRange(
    option: "--resolution", unit: " Å", range: 0.05...10_000, example: "8 for 0.8 nm")
  /// A file's own are not held to it.
  static func pixelSize(_ option: String) -> PlausibleRange {
    PlausibleRange(option: option, unit: " Å", range: 0.01...10_000, example: "1.2 for 0.12 nm")
  }
}

extension OpticsOptions {
  /// - Throws: `.invalidValue` for a number that cannot be meant in the option's unit.
  func requirePlausible() throws {
    if let voltage { try PlausibleRange.voltage.require(voltage) }
    if let cs { try PlausibleRange.sphericalAberration.require(cs) }
    if let phaseShift { try PlausibleRange.phaseShift.require(phaseShift) }
    if let bFactor { try PlausibleRange.transferBFactor.require(bFactor) }
    if let tilt = beamTilt?.values {
      try PlausibleRange.beamTilt.require(tilt.x)
      try PlausibleRange.beamTilt.require(tilt.y)
    }
    guard let range = defocus?.range else { return }
    // A range may well reach through focus: its farther end tells the unit.
    let (near, far) =
      abs(range.lowerBound) < abs(range.upperBound)
      ? (range.lowerBound, range.upperBound) : (range.upperBound, range.lowerBound)
    try PlausibleRange.defocus.require(far)
    guard let largest = astigmatism?.range.upperBound else { return }
    try PlausibleRange.astigmatism.require(largest)
    // Close to focus astigmatism is what is left.
    let least = range.contains(0) ? 0 : abs(near)
    guard largest <= max(least, 500) else {
      throw ExitPlaneError.invalid(
        "--astigmatism", got: "\(largest) Å at a defocus of \(least) Å",
        need: "no larger than the least defocus (500 Å close to focus), both in Å: 500 for 0.05 µm")
    }
  }
}
