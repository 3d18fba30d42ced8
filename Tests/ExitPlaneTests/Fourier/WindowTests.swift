import Numerics
import Testing

@testable import ExitPlane

@Suite("Window of nonuniform transforms")
struct WindowTests {
  private func setting(oversampling: Double, dimensions: Int = 2) -> WindowSetting {
    WindowSetting(oversampling: oversampling, dimensions: dimensions, modes: 64, roundoff: 1e-16)
  }

  @Test("Gauss-Legendre rules integrate polynomials of degree 2n − 1 exactly", arguments: [1, 2, 5, 16, 56])
  func gaussLegendre(count: Int) {
    let rule = gaussLegendreRule(count)
    for power in stride(from: 0, through: 2 * count - 2, by: 2) {
      let sum = rule.reduce(0) { $0 + $1.weight * Double.pow($1.node, power) }
      #expect(abs(sum - 2 / Double(power + 1)) < 2e-14)
    }
  }

  @Test("the transform matches a trapezoid sum of the definition", arguments: [2, 5, 7, 12, 16])
  func transform(width: Int) throws {
    let window = try WindowChoice(width: width, for: setting(oversampling: 2)).window
    // With x = w/2 · sin θ the integrand and its slope vanish but for exp(−β) at the ends.
    let steps = 40_000
    for frequency in [0, 0.1, 0.25, 0.4, 0.5] {
      var sum = 0.0
      for i in 0..<steps {
        let theta = Double.pi * ((Double(i) + 0.5) / Double(steps) - 0.5)
        let x = Double(width) / 2 * Double.sin(theta)
        sum += window.value(at: x) * Double.cos(2 * .pi * frequency * x) * Double.cos(theta)
      }
      let expected = sum * Double.pi / Double(steps) * Double(width) / 2
      #expect(abs(window.fourierTransform(at: frequency) - expected) < 1e-8 * window.fourierTransform(at: 0))
    }
  }

  @Test("the paper's error estimate and β are near what the search finds", arguments: [1.25, 1.5, 2.0])
  func paper(oversampling: Double) throws {
    for width in 4...10 {
      let choice = try WindowChoice(width: width, for: setting(oversampling: oversampling, dimensions: 1))
      let estimate = Double.exp(-.pi * Double(width) * (1 - 1 / oversampling).squareRoot())
      #expect((0.2...10).contains(choice.error / estimate))
      let limit = Double.pi * Double(width) * (1 - 1 / (2 * oversampling))
      #expect((0.87...1.01).contains(choice.window.beta / limit))
    }
  }

  @Test(
    "taps follow the window itself to the tolerance",
    arguments: [1e-1, 1e-3, 1e-6, 1e-9, 1e-12], [1.25, 1.5, 2.0])
  func tapsDouble(tolerance: Double, oversampling: Double) {
    guard
      let kernel = WindowKernel<Double>(
        tolerance: tolerance, oversampling: oversampling, dimensions: 2)
    else {
      #expect(tolerance < 1e-8 && oversampling < 2)
      return
    }
    expectTaps(of: kernel, within: tolerance)
  }

  @Test("taps in single precision", arguments: [1e-1, 1e-3, 1e-6], [1.25, 1.5, 2.0])
  func tapsSingle(tolerance: Double, oversampling: Double) throws {
    guard
      let kernel = WindowKernel<Float>(
        tolerance: tolerance, oversampling: oversampling, dimensions: 2)
    else {
      // Less oversampling multiplies rounding beyond the tolerance.
      #expect(tolerance < 1e-4 && oversampling < 2)
      return
    }
    expectTaps(of: kernel, within: max(tolerance, 3e-6))
  }

  private func expectTaps<Scalar>(of kernel: WindowKernel<Scalar>, within tolerance: Double) {
    #expect(kernel.coefficients.count == (kernel.degree + 1) * kernel.paddedWidth)
    #expect(kernel.predictedError <= tolerance)
    var worst = 0.0
    for x in stride(from: -1.73, through: 2.5, by: 0.0625 - 1e-7) {
      let (first, t) = kernel.locate(x)
      #expect((-1...1).contains(t))
      for (j, tap) in kernel.taps(at: t).enumerated() {
        worst = max(worst, abs(Double(tap) - kernel.window.value(at: Double(first + j) - x)))
      }
    }
    // What the fit leaves alternates from tap to tap, outside the band for the most part, and so may be
    // larger than the tolerance.
    #expect(worst < 10 * tolerance)
  }

  @Test("a complex exponential summed through the taps is the window's transform times it")
  func exponentials() throws {
    let kernel = try #require(
      WindowKernel<Double>(tolerance: 1e-10, oversampling: 2, dimensions: 1))
    for frequency in [0, 0.07, 0.2, 0.25] {
      for x in [0.0, 0.3, 5.5, -2.91] {
        let (first, t) = kernel.locate(x)
        var sum = Complex<Double>.zero
        for (j, tap) in kernel.taps(at: t).enumerated() {
          sum += Complex(tap) * Complex(length: 1, phase: 2 * .pi * frequency * Double(first + j))
        }
        let expected =
          Complex(kernel.fourierTransform(at: frequency)) * Complex(length: 1, phase: 2 * .pi * frequency * x)
        #expect((sum - expected).length < 1e-9 * expected.length)
      }
    }
  }

  @Test("wider windows are chosen for smaller tolerances and less oversampling")
  func widths() throws {
    func width(_ tolerance: Double, _ oversampling: Double) -> Int? {
      WindowKernel<Double>(tolerance: tolerance, oversampling: oversampling, dimensions: 2)?.width
    }
    // About a digit a tap at an oversampling of 2, as in the paper.
    for digits in 1...12 {
      let width = try #require(width(Double.pow(10, -digits), 2))
      #expect((digits + 1...digits + 2).contains(width))
    }
    #expect(try #require(width(1e-6, 1.25)) > 9)
    #expect(width(1e-12, 1.25) == nil)
  }

  @Test("what cannot be asked for is refused")
  func refusals() {
    #expect(throws: ExitPlaneError.self) {
      try WindowKernel<Float>(width: 17, oversampling: 2, dimensions: 2)
    }
    #expect(throws: ExitPlaneError.self) { try WindowKernel<Float>.validate(tolerance: 0) }
    #expect(throws: ExitPlaneError.self) { try WindowKernel<Float>.validate(oversampling: 1) }
  }
}
