import RealModule

/// The precision of a computation: `Float` or `Double`, and nothing else.
public protocol GridScalar: Real, BinaryFloatingPoint, BitwiseCopyable, Sendable {
  /// "single" or "double", as on the command line.
  static var precisionName: String { get }
}

extension Float: GridScalar {
  public static var precisionName: String { "single" }
}

extension Double: GridScalar {
  public static var precisionName: String { "double" }
}
