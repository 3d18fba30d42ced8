import Testing

@testable import ExitPlaneIO

// Swift has no Float16 on Intel Macs.
#if !os(macOS)
  @Suite("Half precision by its bits")
  struct MRCHalfTests {
    @Test("every half reads as Float16 does, and every finite one survives the way back")
    func allHalves() {
      for bits in UInt16.min ... .max {
        let reference = Float(Float16(bitPattern: bits))
        let single = MRCHalf.single(bits)
        if reference.isNaN {
          #expect(single.isNaN)
          #expect(MRCHalf.half(single) & 0x7fff == 0x7e00)
        } else {
          #expect(single.bitPattern == reference.bitPattern)
          #expect(MRCHalf.half(single) == bits)
        }
      }
    }

    @Test("ties and their neighbours round as Float16 does")
    func ties() {
      for bits in UInt16(0)..<0x7bff {
        let tie = (Float(Float16(bitPattern: bits)) + Float(Float16(bitPattern: bits + 1))) / 2
        for value in [tie.nextDown, tie, tie.nextUp] {
          for signed in [value, -value] {
            #expect(MRCHalf.half(signed) == Float16(signed).bitPattern)
          }
        }
      }
    }

    @Test("singles of every exponent round as Float16 does")
    func singles() {
      for bits in stride(from: UInt32.min, through: .max - 4099, by: 4099) {
        let value = Float(bitPattern: bits)
        guard !value.isNaN else { continue }
        #expect(MRCHalf.half(value) == Float16(value).bitPattern)
      }
    }

    @Test("the overflow threshold is the least magnitude that rounds to infinity")
    func overflow() {
      let threshold = MRCHalf.overflowThreshold
      #expect(MRCHalf.half(threshold) == 0x7c00)
      #expect(MRCHalf.half(threshold.nextDown) == 0x7bff)
      #expect(MRCHalf.half(-.infinity) == 0xfc00)
    }
  }
#endif
