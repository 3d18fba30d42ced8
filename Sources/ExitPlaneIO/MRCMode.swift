/// How an MRC file stores a sample: its header's word 4.
public enum MRCMode: Int32, Hashable, Sendable, CaseIterable {
  /// Signed by the standard; unsigned where IMOD's flags say so.
  case int8 = 0
  /// Whole numbers from −32768.
  case int16 = 1
  /// Single precision.
  case float32 = 2
  /// Whole numbers to 65535.
  case uint16 = 6
  /// Half precision.
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
  /// Mode 2, four bytes a pixel.
  case float32
  /// Mode 12, two bytes a pixel.
  case float16

  var mode: MRCMode {
    switch self {
    case .float32: .float32
    case .float16: .float16
    }
  }
}
