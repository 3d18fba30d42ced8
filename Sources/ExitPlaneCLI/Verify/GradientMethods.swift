import ExitPlane
import ExitPlaneIO

/// What a case's method gives here, in one precision: the image, and the gradients by the names of the expected arrays.
struct GradientResult {
  let image: ReferenceResult
  let gradients: [String: ReferenceResult]
}

/// Runs the cases of gradients.json in one precision.
struct GradientMethods<Scalar: GridScalar> {
  let folder: ReferenceFolder

  /// - Throws: `.unsupported` where the method or an option of it is not built.
  func run(_ gradient: GradientCase) throws -> GradientResult {
    var options = ReferenceOptions(gradient.options)
    switch gradient.method {
    case "FourierSliceExtraction":
      return switch try options.word("interpolation") ?? "linear" {
      case "linear": try linearSlice(gradient, &options)
      case "cubic": try cubicSlice(gradient, &options)
      case "exact": try exactSlice(gradient, &options)
      case let word: throw ExitPlaneError(.unsupported, "interpolation \(word) is not supported")
      }
    case "RealVoxelProjection": return try realVoxels(gradient, &options)
    case "GaussianMixtureProjection": return try gaussianMixture(gradient, &options)
    case "FFTAtomProjection": return try fftAtoms(gradient, &options)
    default: throw ExitPlaneError(.unsupported, "method \(gradient.method) is not supported")
    }
  }

  // MARK: Methods

  private func linearSlice(
    _ gradient: GradientCase, _ options: inout ReferenceOptions
  ) throws -> GradientResult {
    let volume = try FourierVoxelGridVolume(
      map(gradient), padScale: options.number("pad_scale") ?? 1,
      griddingCorrection: options.flag("gridding_correction") ?? false)
    return try slice(gradient, volume, &options)
  }

  private func cubicSlice(
    _ gradient: GradientCase, _ options: inout ReferenceOptions
  ) throws -> GradientResult {
    let volume = try FourierVoxelSplineVolume(
      map(gradient), padScale: options.number("pad_scale") ?? 1,
      prefilter: options.flag("gridding_correction") ?? false ? .griddingCorrected : .natural)
    return try slice(gradient, volume, &options)
  }

  private func exactSlice(
    _ gradient: GradientCase, _ options: inout ReferenceOptions
  ) throws -> GradientResult {
    let accuracy = Scalar.attainable(try options.number("accuracy") ?? 1e-6)
    return try slice(gradient, FourierVoxelWindowVolume(map(gradient), accuracy: accuracy), &options)
  }

  private func slice<Volume: FourierSliceVolume>(
    _ gradient: GradientCase, _ volume: Volume, _ options: inout ReferenceOptions
  ) throws -> GradientResult where Volume.Scalar == Scalar {
    let grid = try options.word("slice_grid") ?? "image"
    guard let sliceGrid = SliceGrid(rawValue: grid) else {
      throw ExitPlaneError(.unsupported, "slice_grid \(grid) is not supported")
    }
    let integrator = FourierSliceExtraction<Volume>(
      outputsIntegral: try options.flag("outputs_integral") ?? true, sliceGrid: sliceGrid)
    return try pullBack(gradient, volume, integrator, options) { sums in
      let voxels = try volume.voxelGradient(of: sums, threads: availableProcessors)
      return ["voxels": try voxelArray(gradient, voxels)]
    }
  }

  private func realVoxels(
    _ gradient: GradientCase, _ options: inout ReferenceOptions
  ) throws -> GradientResult {
    let word = try options.word("algorithm") ?? RealVoxelProjection<Scalar>.Algorithm.automatic.rawValue
    guard let algorithm = RealVoxelProjection<Scalar>.Algorithm(rawValue: word) else {
      throw ExitPlaneError(.unsupported, "algorithm \(word) is not supported")
    }
    let integrator = RealVoxelProjection<Scalar>(
      eps: Scalar.attainable(try options.number("eps") ?? 1e-6), algorithm: algorithm)
    return try pullBack(gradient, map(gradient), integrator, options) { sums in
      ["voxels": try voxelArray(gradient, sums.volume().values)]
    }
  }

  private func gaussianMixture(
    _ gradient: GradientCase, _ options: inout ReferenceOptions
  ) throws -> GradientResult {
    let volume = try GaussianMixtureVolume(
      positions: positions(gradient), amplitudes: rows(gradient, "amplitudes"),
      variances: rows(gradient, "variances"))
    // Tails have no rounding: only beyond single precision they would take time for nothing.
    let accuracy = max(try options.number("accuracy") ?? 1e-6, Scalar.self == Float.self ? 1e-8 : 1e-15)
    let integrator = GaussianMixtureProjection<Scalar>(
      useErrorFunctions: try options.flag("use_error_functions") ?? true, shape: try options.shape("shape"),
      upsamplingFactor: try options.integer("upsampling_factor") ?? 1,
      nBatches: try options.integer("n_batches") ?? 1, accuracy: accuracy)
    return try pullBack(gradient, volume, integrator, options) { sums in
      let values = sums.values()
      let shape = [values.positions.count, values.amplitudes.count / max(1, values.positions.count)]
      return [
        "positions": positionArray(values.positions),
        "amplitudes": ReferenceResult(shape: shape, isComplex: false, values: values.amplitudes),
        "variances": ReferenceResult(shape: shape, isComplex: false, values: values.variances),
      ]
    }
  }

  private func fftAtoms(
    _ gradient: GradientCase, _ options: inout ReferenceOptions
  ) throws -> GradientResult {
    let integrator = FFTAtomProjection<Scalar>(
      antialias: try options.flag("antialias") ?? true,
      upsampleFactor: try options.integer("upsample_factor"), shape: try options.shape("shape"),
      eps: Scalar.attainable(try options.number("eps") ?? 1e-6))
    let positions = try positions(gradient)
    let types = try required(gradient.atomTypes, "atom_types", of: gradient)
    // Of every atom which type's which it is; each must be of one.
    guard types.flatMap(\.members).sorted() == Array(positions.indices) else {
      throw ExitPlaneError.mismatch(
        "the atom_types of \(gradient.name) have not each of \(positions.count) atoms once",
        "list every atom among the members of one type")
    }
    let volume = try IndependentAtomVolume(
      types: types.map { type in
        try IndependentAtomVolume.AtomType(
          positionsInAngstroms: type.members.map { positions[$0] }, amplitudesInAngstroms: type.amplitudes,
          widthsInSquareAngstroms: type.variances.map { 8 * Double.pi * Double.pi * $0 })
      })
    return try pullBack(gradient, volume, integrator, options) { sums in
      var inOrder = positions
      for (atom, found) in zip(types.flatMap(\.members), sums.volume.types.flatMap(\.positionsInAngstroms)) {
        inOrder[atom] = found
      }
      return ["positions": positionArray(inOrder)]
    }
  }

  // MARK: Parts

  /// The image and what ⟨g, image⟩ changes with.
  ///
  /// - Parameter arrays: the sums of a volume's gradient by the names of the expected arrays.
  private func pullBack<Integrator: VolumeIntegrator>(
    _ gradient: GradientCase, _ volume: Integrator.Volume, _ integrator: Integrator,
    _ options: ReferenceOptions,
    arrays: (Integrator.Plan.Gradient) throws -> [String: ReferenceResult]
  ) throws -> GradientResult where Integrator.Plan: DifferentiablePlan, Integrator.Plan.Scalar == Scalar {
    try options.requireNoneLeft()
    let (pose, plane) = (try pose(gradient), try plane(gradient))
    let projector = try integrator.makeProjector(for: volume, onto: plane, expectedPoses: 1)
    var workspace = try projector.makeWorkspace()
    let image = projector.project(at: pose, using: &workspace)
    var sums: Integrator.Plan.Gradient? = try projector.makeGradient()
    let found = try projector.pullBack(cotangent(gradient), at: pose, addingTo: &sums)
    var results = try sums.map(arrays) ?? [:]
    let (rotation, shift) = (found.rotationVector(at: pose.rotation), found.shiftInAngstroms)
    results["rotation"] = ReferenceResult(
      shape: [3], isComplex: false, values: [rotation.x, rotation.y, rotation.z])
    results["shift"] = ReferenceResult(shape: [2], isComplex: false, values: [shift.x, shift.y])
    return GradientResult(image: ReferenceResult(image), gradients: results)
  }

  private func cotangent(_ gradient: GradientCase) throws -> RealImage<Scalar> {
    guard !gradient.cotangent.isComplex else {
      throw ExitPlaneError.invalid("cotangent of \(gradient.name)", got: "complex", need: "of real numbers")
    }
    let shape = try GridShape(lengths: gradient.cotangent.shape)
    return try RealImage(shape: shape, values: folder.read(gradient.cotangent).map { Scalar($0) })
  }

  private func voxelArray(_ gradient: GradientCase, _ values: [Scalar]) throws -> ReferenceResult {
    let shape = try required(gradient.inputs["voxels"], "inputs.voxels", of: gradient).shape
    return ReferenceResult(shape: shape, isComplex: false, values: values.map { Double($0) })
  }

  private func positionArray(_ positions: [SIMD3<Double>]) -> ReferenceResult {
    ReferenceResult(
      shape: [positions.count, 3], isComplex: false, values: positions.flatMap { [$0.x, $0.y, $0.z] })
  }

  private func pose(_ gradient: GradientCase) throws -> Pose {
    guard gradient.shiftInAngstroms.count == 2 else {
      throw ExitPlaneError.invalid(
        "shift_in_angstroms", got: "\(gradient.shiftInAngstroms)", need: "two numbers")
    }
    return Pose(
      rotation: try Rotation(matrix: gradient.rotationMatrix),
      shiftInAngstroms: SIMD2(gradient.shiftInAngstroms[0], gradient.shiftInAngstroms[1]))
  }

  private func plane(_ gradient: GradientCase) throws -> ImageConfiguration {
    try ImageConfiguration(
      shape: GridShape(lengths: gradient.imagePlane.shape),
      pixelSizeInAngstroms: gradient.imagePlane.pixelSize)
  }

  private func map(_ gradient: GradientCase) throws -> RealVoxelGridVolume<Scalar> {
    let (shape, values) = try input(gradient, "voxels", rank: 3)
    return try RealVoxelGridVolume(
      depth: shape[0], rows: shape[1], columns: shape[2],
      voxelSizeInAngstroms: required(gradient.voxelSize, "voxel_size", of: gradient),
      values: values.map { Scalar($0) })
  }

  private func positions(_ gradient: GradientCase) throws -> [SIMD3<Double>] {
    try rows(gradient, "positions").map { row in
      guard row.count == 3 else {
        throw ExitPlaneError.invalid(
          "positions of \(gradient.name)", got: "rows of \(row.count)", need: "rows of 3")
      }
      return SIMD3(row[0], row[1], row[2])
    }
  }

  private func rows(_ gradient: GradientCase, _ name: String) throws -> [[Double]] {
    let (shape, values) = try input(gradient, name, rank: 2)
    return (0..<shape[0]).map { Array(values[$0 * shape[1]..<($0 + 1) * shape[1]]) }
  }

  private func input(
    _ gradient: GradientCase, _ name: String, rank: Int
  ) throws -> (shape: [Int], values: [Double]) {
    let array = try required(gradient.inputs[name], "inputs.\(name)", of: gradient)
    guard array.shape.count == rank, !array.isComplex else {
      throw ExitPlaneError.invalid(
        "\(name) of \(gradient.name)", got: "of shape \(array.shape) and type \(array.dtype)",
        need: "real numbers of \(rank) dimensions")
    }
    return (array.shape, try folder.read(array))
  }

  private func required<Value>(_ value: Value?, _ name: String, of gradient: GradientCase) throws -> Value {
    guard let value else {
      throw ExitPlaneError.file(
        folder.file("gradients.json"), found: "\(gradient.name) has no `\(name)`", need: "need one")
    }
    return value
  }
}

extension GridScalar {
  /// What this precision can give of an accuracy asked for.
  static func attainable(_ accuracy: Double) -> Double {
    max(accuracy, Self.self == Float.self ? 1e-6 : 1e-13)
  }
}
