import Testing

@testable import ExitPlaneIO

// Swift has no Float16 on Intel Macs.
#if !os(macOS)
  @Suite("Half precision by its bits")
  struct MRCHalfTests {
    private func misrounded(_ values: some Sequence<Float>) -> [Float] {
      values.filter { !$0.isNaN && MRCHalf.half($0) != Float16($0).bitPattern }
    }

    @Test("every half reads as Float16 does")
    func reading() {
      let misread = (UInt16.min ... .max).filter { bits in
        let reference = Float(Float16(bitPattern: bits))
        let single = MRCHalf.single(bits)
        return reference.isNaN ? !single.isNaN : single.bitPattern != reference.bitPattern
      }
      #expect(misread == [])
    }

    @Test("every half survives the way to single precision and back")
    func roundTrip() {
      let changed = (UInt16.min ... .max).filter { bits in
        let isNaN = bits & 0x7fff > 0x7c00
        return MRCHalf.half(MRCHalf.single(bits)) != (isNaN ? bits & 0x8000 | 0x7e00 : bits)
      }
      #expect(changed == [])
    }

    @Test("ties and their neighbours round as Float16 does")
    func ties() {
      let values = (UInt16(0)..<0x7bff).flatMap { bits in
        let tie = (Float(Float16(bitPattern: bits)) + Float(Float16(bitPattern: bits + 1))) / 2
        return [tie.nextDown, tie, tie.nextUp, -tie.nextDown, -tie, -tie.nextUp]
      }
      #expect(misrounded(values) == [])
    }

    @Test("singles of every exponent round as Float16 does")
    func singles() {
      let values = stride(from: UInt32.min, through: .max - 4099, by: 4099).lazy.map { Float(bitPattern: $0) }
      #expect(misrounded(values) == [])
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
