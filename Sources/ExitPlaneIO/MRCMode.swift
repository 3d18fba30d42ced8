/// How an MRC file stores a sample: its header's word 4.
public enum MRCMode: Int32, Hashable, Sendable, CaseIterable {
  case int8 = 0
  case int16 = 1
  case float32 = 2
  case uint16 = 6
  case float16 = 12

  /// 1, 2 or 4.
  var bytesPerSample: Int {
    switch self {
    case .int8: 1
    case .int16, .uint16, .float16: 2
    case .float32: 4
    }
  }
}

/// How samples are stored in a file this package writes: single precision, or half of its space.
///
/// Half precision keeps 11 bits, a relative error up to 2⁻¹¹ for magnitudes from 6.1e-5 to 65504.
public enum MRCOutputMode: Hashable, Sendable {
  case float32
  case float16

  var mode: MRCMode {
    switch self {
    case .float32: .float32
    case .float16: .float16
    }
  }
}
