/// Half-precision numbers (IEEE 754 binary16) by their bits.
///
/// Swift's `Float16` does not exist on Intel Macs; these lines are the same everywhere, exact, and free
/// of branches, so that loops over them vectorise.
enum MRCHalf {
  /// Magnitudes from here on round to infinity: halfway from the largest half, 65504, to 65536.
  static let overflowThreshold: Float = 65520

  @inline(__always)
  static func single(_ half: UInt16) -> Float {
    let magnitude = UInt32(half & 0x7fff) << 13
    // The exponent's bias differs by 112. The product is exact, and right for subnormals too, which
    // have the same form at the bottom of both ranges.
    let finite = (Float(bitPattern: magnitude) * 0x1p112).bitPattern
    let special = magnitude | 0x7f80_0000
    let sign = UInt32(half & 0x8000) << 16
    return Float(bitPattern: (half & 0x7c00 == 0x7c00 ? special : finite) | sign)
  }

  /// The nearest half, ties to even; infinity from `overflowThreshold`.
  @inline(__always)
  static func half(_ single: Float) -> UInt16 {
    let magnitude = single.bitPattern & 0x7fff_ffff
    let sign = UInt32(single.sign == .minus ? 0x8000 : 0)
    // Adds half a unit of the last place kept, less one where that place is even, and rebiases the
    // exponent by −112; a carry out of the fraction steps the exponent as it should.
    let normal = (magnitude &+ (0xfff &- (112 << 23)) &+ ((magnitude >> 13) & 1)) >> 13
    // Adding ½ lines the fraction up with a subnormal's, 2⁻²⁴ a unit, and rounds in doing so.
    let subnormal = (Float(bitPattern: magnitude) + 0.5).bitPattern &- Float(0.5).bitPattern
    let finite = magnitude < 0x3880_0000 ? subnormal : normal
    let bounded = magnitude >= overflowThreshold.bitPattern ? 0x7c00 : finite
    let result = magnitude > Float.infinity.bitPattern ? 0x7e00 : bounded
    return UInt16(truncatingIfNeeded: result | sign)
  }
}
