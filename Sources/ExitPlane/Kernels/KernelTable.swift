import CKernels

/// The loops and transforms of one precision, so that generic code reaches C functions that are not.
public struct KernelTable<Scalar: GridScalar>: Sendable {
  let sumIsFinite: @Sendable ([Scalar]) -> Bool
}

extension Float {
  public static let _kernels = KernelTable<Float>(
    sumIsFinite: { values in
      values.reduce(into: Float(0)) { $0 += $1 * 0x1p-40 }.isFinite
    })
}

extension Double {
  public static let _kernels = KernelTable<Double>(
    sumIsFinite: { values in
      values.reduce(into: Double(0)) { $0 += $1 * 0x1p-40 }.isFinite
    })
}
