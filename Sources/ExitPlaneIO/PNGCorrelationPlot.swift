import ExitPlane

/// A picture of a Fourier correlation over spatial frequency, with the thresholds 0.5 and 0.143 marked.
public struct CorrelationPlot {
  private let curve: FourierCorrelation
  private let title: String
  private var canvas: GreyCanvas
  private let lowest: Double

  private static let size = (width: 960, height: 620)
  private static let frame = (left: 110, top: 64, right: 926, bottom: 510)

  /// - Parameters:
  ///   - curve: what is drawn.
  ///   - title: of letters, digits and a few signs; others are left blank.
  /// - Throws: `.invalidValue` for a curve of fewer than two shells.
  public init(_ curve: FourierCorrelation, title: String) throws {
    guard curve.shells.count > 1 else {
      throw ExitPlaneError.invalid(
        "number of shells in a plot", got: "\(curve.shells.count)", need: "2 or more")
    }
    self.curve = curve
    self.title = title
    canvas = GreyCanvas(width: Self.size.width, height: Self.size.height)
    lowest = curve.shells.contains { $0.correlation < -0.04 } ? -1 : 0
  }

  /// The picture as a PNG file.
  ///
  /// - Throws: as `encodePNG`.
  public func png() throws -> [UInt8] {
    var plot = self
    plot.drawAxes()
    plot.drawThresholds()
    plot.drawCurve()
    return try encodePNG(
      plot.canvas.samples, shape: GridShape(rows: Self.size.height, columns: Self.size.width))
  }

  private var highestFrequency: Double { curve.shells.last?.frequencyInInverseAngstroms ?? 1 }

  private func x(_ frequency: Double) -> Double {
    Double(Self.frame.left) + frequency / highestFrequency * Double(Self.frame.right - Self.frame.left)
  }

  private func y(_ correlation: Double) -> Double {
    let part = (correlation - lowest) / (1.0 - lowest)
    return Double(Self.frame.bottom) - part * Double(Self.frame.bottom - Self.frame.top)
  }

  private mutating func drawAxes() {
    let frame = Self.frame
    let (left, right) = (Double(frame.left), Double(frame.right))
    for step in 0...10 {
      let value = lowest + (1 - lowest) * Double(step) / 10
      canvas.line(from: (left, y(value)), to: (right, y(value)), grey: 225)
      canvas.text(tenths(value), right: frame.left - 12, middle: Int(y(value)))
    }
    // Resolutions rather than frequencies: what a reader looks for. None closer to its neighbour than a label
    // is wide.
    var lastLabel = -Double.infinity
    for resolution in [
      50.0, 20, 15, 12, 10, 8, 7, 6, 5, 4.5, 4, 3.5, 3, 2.8, 2.6, 2.4, 2.2, 2, 1.8, 1.6, 1.4, 1.2, 1,
    ]
    where 1 / resolution <= highestFrequency * 1.0001 && x(1 / resolution) - lastLabel > 52 {
      let place = x(1 / resolution)
      lastLabel = place
      canvas.line(from: (place, Double(frame.top)), to: (place, Double(frame.bottom)), grey: 225)
      canvas.line(from: (place, Double(frame.bottom)), to: (place, Double(frame.bottom) + 8), grey: 60)
      canvas.text(tenths(resolution), centre: Int(place), middle: frame.bottom + 24)
    }
    let corners = [
      (left, Double(frame.top)), (right, Double(frame.top)), (right, Double(frame.bottom)),
      (left, Double(frame.bottom)),
    ]
    for side in 0..<4 { canvas.line(from: corners[side], to: corners[(side + 1) % 4], grey: 60) }
    canvas.text("resolution (Å)", centre: (frame.left + frame.right) / 2, middle: frame.bottom + 66)
    canvas.text(title, centre: (frame.left + frame.right) / 2, middle: frame.top - 32)
  }

  private mutating func drawThresholds() {
    for (threshold, name) in [(0.5, "0.5"), (0.143, "0.143")] {
      for dash in stride(from: Self.frame.left, to: Self.frame.right - 6, by: 14) {
        canvas.line(from: (Double(dash), y(threshold)), to: (Double(dash + 7), y(threshold)), grey: 130)
      }
      let found: String
      switch curve.resolution(at: threshold) {
      case .at(let resolution):
        let place = x(1 / resolution)
        for dash in stride(from: y(threshold), to: Double(Self.frame.bottom) - 6, by: 14) {
          canvas.line(from: (place, dash), to: (place, dash + 7), grey: 130)
        }
        found = "at \(name): \(hundredths(resolution)) Å"
      case .never: found = "above \(name)"
      case .always: found = "below \(name)"
      }
      // On the left, where a curve is high.
      canvas.text(found, left: Self.frame.left + 14, middle: Int(y(threshold)) - 18)
    }
  }

  private mutating func drawCurve() {
    for (inner, outer) in zip(curve.shells, curve.shells.dropFirst()) {
      canvas.line(
        from: (x(inner.frequencyInInverseAngstroms), y(inner.correlation)),
        to: (x(outer.frequencyInInverseAngstroms), y(outer.correlation)), grey: 0, width: 3)
    }
  }

  private func tenths(_ value: Double) -> String {
    let units = Int((abs(value) * 10).rounded())
    return "\(value < 0 && units > 0 ? "-" : "")\(units / 10).\(units % 10)"
  }

  private func hundredths(_ value: Double) -> String {
    let units = Int((min(value, 1e6) * 100).rounded())
    return "\(units / 100).\(units / 10 % 10)\(units % 10)"
  }
}
