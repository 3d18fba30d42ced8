// Slow and obvious on purpose: plain sums over the definitions, in double precision, sharing nothing
// with the code under test.
#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

public struct ComplexNumber: Sendable {
  public var re, im: Double
  public init(_ re: Double, _ im: Double) { (self.re, self.im) = (re, im) }
  public static func turn(_ fraction: Double) -> ComplexNumber {
    ComplexNumber(cos(2 * .pi * fraction), sin(2 * .pi * fraction))
  }
  public var conjugate: ComplexNumber { ComplexNumber(re, -im) }
  public static func + (a: Self, b: Self) -> Self { Self(a.re + b.re, a.im + b.im) }
  public static func - (a: Self, b: Self) -> Self { Self(a.re - b.re, a.im - b.im) }
  public static func * (a: Self, b: Self) -> Self {
    Self(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
  }
  public static func * (a: Self, b: Double) -> Self { Self(a.re * b, a.im * b) }
  public var magnitude: Double { (re * re + im * im).squareRoot() }
}

/// Signed frequencies in FFT order, the Nyquist of an even length negative.
public func fftFrequencies(_ n: Int) -> [Int] {
  (0..<n).map { $0 < (n + 1) / 2 ? $0 : $0 - n }
}

/// `Σ_i f_i exp(−2πi k (i − n/2)/n)` along one axis of an array, for k = −n/2 … (n−1)/2.
func centredTransform(_ f: [ComplexNumber], count: Int, length n: Int, stride: Int, starts: [Int])
  -> [ComplexNumber]
{
  var out = f
  for start in starts {
    for (position, k) in ((-(n / 2))..<(n - n / 2)).enumerated() {
      var sum = ComplexNumber(0, 0)
      for i in 0..<n {
        sum = sum + f[start + i * stride] * .turn(-Double(k) * Double(i - n / 2) / Double(n))
      }
      out[start + position * stride] = sum
    }
  }
  return out
}

/// The transform of a cube, phases referred to its origin sample; index k + n/2 on every axis.
public struct FullTransform: Sendable {
  public let n: Int
  let values: [ComplexNumber]

  public init(_ volume: [Double], n: Int) {
    self.n = n
    var f = volume.map { ComplexNumber($0, 0) }
    let axis = Array(0..<n)
    for stride in [1, n, n * n] {
      let others = [1, n, n * n].filter { $0 != stride }
      let starts = axis.flatMap { a in axis.map { b in a * others[0] + b * others[1] } }
      f = centredTransform(f, count: f.count, length: n, stride: stride, starts: starts)
    }
    values = f
  }

  public enum Outside {
    case fill(ComplexNumber)
    case clip, wrap
  }

  /// At whole frequencies. On an even axis both −n/2 and +n/2 are in bounds and the same.
  public func value(_ kx: Int, _ ky: Int, _ kz: Int, _ outside: Outside) -> ComplexNumber {
    let (low, high) = (-(n / 2), n / 2)
    var k = [kx, ky, kz]
    for axis in 0..<3 where k[axis] < low || k[axis] > high {
      switch outside {
      case .fill(let value): return value
      case .clip: k[axis] = min(max(k[axis], low), high)
      case .wrap: k[axis] = ((k[axis] + n / 2) % n + n) % n - n / 2
      }
    }
    let i = k.map { ($0 + n / 2) % n }
    return values[(i[2] * n + i[1]) * n + i[0]]
  }

  /// Trilinear, at a frequency in samples.
  public func linear(_ x: Double, _ y: Double, _ z: Double, _ outside: Outside) -> ComplexNumber {
    let base = [x, y, z].map { floor($0) }
    let f = [x - base[0], y - base[1], z - base[2]]
    var sum = ComplexNumber(0, 0)
    for c in 0..<8 {
      let d = [c & 1, c >> 1 & 1, c >> 2]
      let w = (0..<3).reduce(1.0) { $0 * (d[$1] == 1 ? f[$1] : 1 - f[$1]) }
      if w == 0 { continue }
      let k = (0..<3).map { Int(base[$0]) + d[$0] }
      sum = sum + value(k[0], k[1], k[2], outside) * w
    }
    return sum
  }
}

/// The half spectrum (rows × (columns/2 + 1)) sampled one by one, then made that of a real image.
public func realSpectrum(
  rows: Int, columns: Int, _ sample: (_ kx: Int, _ ky: Int) -> ComplexNumber
) -> [ComplexNumber] {
  let width = columns / 2 + 1
  let ky = fftFrequencies(rows)
  var raw = [ComplexNumber]()
  for y in 0..<rows { for x in 0..<width { raw.append(sample(x, ky[y])) } }
  var out = raw
  for x in columns % 2 == 0 ? [0, columns / 2] : [0] {
    for y in 0..<rows {
      let partner = raw[(rows - y) % rows * width + x].conjugate
      out[y * width + x] = (raw[y * width + x] + partner) * 0.5
    }
  }
  return out
}

/// The image of a half spectrum, origin at (rows/2, columns/2).
public func image(ofHalf half: [ComplexNumber], rows: Int, columns: Int) -> [Double] {
  let width = columns / 2 + 1
  let ky = fftFrequencies(rows)
  var out = [Double](repeating: 0, count: rows * columns)
  for i in 0..<rows {
    for j in 0..<columns {
      var sum = 0.0
      for y in 0..<rows {
        for x in 0..<width {
          let paired = x > 0 && 2 * x != columns
          let phase = ComplexNumber.turn(
            Double(ky[y] * (i - rows / 2)) / Double(rows) + Double(x * (j - columns / 2)) / Double(columns))
          sum += (half[y * width + x] * phase).re * (paired ? 2 : 1)
        }
      }
      out[i * columns + j] = sum / Double(rows * columns)
    }
  }
  return out
}

/// From one length to another, origin sample onto origin sample.
public func cropOrPad(_ f: [Double], from n: [Int], to m: [Int]) -> [Double] {
  var out = [Double](repeating: 0, count: m.reduce(1, *))
  for flat in out.indices {
    var (rest, source, inside) = (flat, 0, true)
    var stride = 1
    for axis in n.indices.reversed() {
      let j = rest % m[axis]
      rest /= m[axis]
      let i = j - m[axis] / 2 + n[axis] / 2
      if i < 0 || i >= n[axis] { inside = false }
      source += i * stride
      stride *= n[axis]
    }
    if inside { out[flat] = f[source] }
  }
  return out
}

/// A seeded generator, the same on every machine (SplitMix64).
public struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: UInt64
  public init(seed: UInt64) { state = seed }
  public mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
  public mutating func uniform(_ range: ClosedRange<Double> = -1...1) -> Double {
    Double.random(in: range, using: &self)
  }
}

/// A rotation matrix by rows from a seed, by the textbook quaternion formula.
public func randomRotationMatrix(seed: UInt64) -> [[Double]] {
  var g = SeededGenerator(seed: seed)
  var q = [0.0, 0, 0, 0]
  var norm = 2.0
  while norm > 1 || norm < 0.01 {
    q = (0..<4).map { _ in g.uniform() }
    norm = q.reduce(0) { $0 + $1 * $1 }
  }
  let (w, x, y, z) = (
    q[0] / norm.squareRoot(), q[1] / norm.squareRoot(), q[2] / norm.squareRoot(), q[3] / norm.squareRoot()
  )
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ]
}
