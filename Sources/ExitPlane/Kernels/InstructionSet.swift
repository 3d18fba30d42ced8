import CKernels

/// The levels of the instruction set that kernels are compiled for.
///
/// Kernels use the highest that the processor has, or a lower one that the environment variable
/// `EXITPLANE_INSTRUCTION_SET` names. All levels read the same samples and draw the same random numbers. Sums round
/// alike where multiplications and additions are fused, which is all levels but the baseline of x86-64; between that
/// and the others the last bits differ.
package enum InstructionSet: Int32, CaseIterable, Sendable {
  case baseline = 0
  /// AVX2 and fused multiply-add.
  case x86v3 = 1
  /// AVX-512.
  case x86v4 = 2

  package var name: String {
    switch self {
    case .baseline: "baseline"
    case .x86v3: "x86-64-v3"
    case .x86v4: "x86-64-v4"
    }
  }

  /// Those of this processor, the highest last.
  package static var available: [InstructionSet] {
    allCases.filter { $0.rawValue <= ep_best_instruction_set() }
  }

  /// What kernels that this thread calls use.
  package static var current: InstructionSet { InstructionSet(rawValue: ep_instruction_set()) ?? .baseline }

  /// - Throws: `.invalidValue` where `EXITPLANE_INSTRUCTION_SET` names no level of this processor.
  package static func checkEnvironment() throws {
    let wanted = ep_instruction_set_of_environment()
    guard wanted == -1 || available.contains(where: { $0.rawValue == wanted }) else {
      throw ExitPlaneError.invalid(
        "EXITPLANE_INSTRUCTION_SET",
        got: InstructionSet(rawValue: wanted)?.name ?? "no instruction set that is known",
        need: "one that this processor has: \(available.map(\.name).joined(separator: ", "))")
    }
  }

  /// Runs kernels that `body` calls on this thread, and on no other, at this level, which must be available.
  func use<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
    ep_use_instruction_set_on_thread(rawValue)
    defer { ep_use_instruction_set_on_thread(-1) }
    return try body()
  }

  /// What the last bits of a result depend on beside its inputs: runs on processors that agree in it give the same
  /// bytes. All with AVX2 and FMA do; of older ones FFTW and the C library use different code.
  package static var arithmetic: String {
    #if arch(x86_64)
      if current != .baseline { return "x86-64 with AVX2 and FMA" }
      let libraries =
        if ep_has_avx2_fma() == 1 {
          "AVX2 and FMA"
        } else if ep_has_fma4() == 1 {
          "AVX and FMA4"
        } else {
          ep_has_avx() == 1 ? "AVX" : "SSE2"
        }
      return "x86-64, kernels with SSE2, libraries with \(libraries)"
    #elseif arch(arm64)
      return "arm64"
    #else
      return "unknown"
    #endif
  }
}
