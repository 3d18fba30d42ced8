import ComplexModule
import ExitPlane
import ExitPlaneIO

/// What a case's method gives here, in one precision, as doubles: complex numbers as two in turn.
struct ReferenceResult {
  let shape: [Int]
  let isComplex: Bool
  let values: [Double]
}

extension ReferenceResult {
  init<Scalar: GridScalar>(_ image: RealImage<Scalar>) {
    self.init(
      shape: [image.shape.rows, image.shape.columns], isComplex: false, values: image.values.map(Double.init))
  }

  init<Scalar: GridScalar>(_ spectrum: HalfSpectrum<Scalar>) {
    self.init(
      shape: [spectrum.shape.rows, spectrum.shape.spectrumColumns], isComplex: true,
      values: spectrum.values.flatMap { [Double($0.real), Double($0.imaginary)] })
  }

  init(matrices: [Rotation]) {
    self.init(
      shape: [matrices.count, 3, 3], isComplex: false, values: matrices.flatMap { $0.matrix.joined() })
  }
}

/// Runs the cases of a folder in one precision.
struct ReferenceMethods<Scalar: GridScalar> {
  let folder: ReferenceFolder

  /// - Throws: `.unsupported` where the method or an option of it is not built.
  func run(_ reference: ReferenceCase) throws -> ReferenceResult {
    var options = ReferenceOptions(reference)
    let result: ReferenceResult
    switch reference.method {
    case "FourierSliceExtraction": result = try fourierSlice(reference, &options)
    case "mapCoordinates": result = try coordinates(reference, &options)
    case "EulerAnglePose":
      result = ReferenceResult(
        matrices: try required(reference.phi_theta_psi_degrees, "phi_theta_psi_degrees").map {
          let angles = try triple($0)
          return try Rotation(
            phiInDegrees: angles.x, thetaInDegrees: angles.y, psiInDegrees: angles.z)
        })
    case "AxisAnglePose":
      result = ReferenceResult(
        matrices: try required(reference.euler_vector_degrees, "euler_vector_degrees").map {
          try Rotation(axisAngleInDegrees: triple($0))
        })
    default:
      throw ExitPlaneError(.unsupported, "method \(reference.method) is not supported")
    }
    try options.requireNoneLeft()
    return result
  }

  // MARK: Methods

  private func fourierSlice(
    _ reference: ReferenceCase, _ options: inout ReferenceOptions
  ) throws -> ReferenceResult {
    let source = try required(reference.volume, "volume")
    let map = try readMap(source)
    let outputsIntegral = try options.flag("outputs_integral") ?? true
    let outOfBounds = try outOfBoundsMode(&options)
    switch source.representation {
    case "FourierVoxelGridVolume":
      let volume = try FourierVoxelGridVolume(map, padScale: source.pad_scale ?? 1)
      return try project(
        reference, volume,
        with: FourierSliceExtraction(
          outputsIntegral: outputsIntegral, sliceGrid: .volume, outOfBounds: outOfBounds))
    default:
      throw ExitPlaneError(
        .unsupported, "representation \(source.representation ?? "none") is not supported")
    }
  }

  private func coordinates(
    _ reference: ReferenceCase, _ options: inout ReferenceOptions
  ) throws -> ReferenceResult {
    let map = try readMap(required(reference.volume, "volume"))
    let grid = try SampledGrid(
      depth: map.depth, rows: map.rows, columns: map.columns, values: map.values)
    let order = try options.integer("order") ?? 1
    let fill = Scalar(try options.number("fill_value") ?? 0)
    let mode: CoordinateMode<Scalar> =
      switch try options.word("out_of_bounds_mode") ?? "fill" {
      case "fill": .fill(fill)
      case "clip": .clip
      case "wrap": .wrap
      case let word: throw ExitPlaneError(.unsupported, "out_of_bounds_mode \(word) is not supported")
      }
    // Listed by axis: all z, all y, all x.
    let axes = try required(reference.coordinates_zyx, "coordinates_zyx")
    guard axes.count == 3, axes[0].count == axes[1].count, axes[1].count == axes[2].count else {
      throw ExitPlaneError.invalid(
        "coordinates_zyx", got: "\(axes.map(\.count))", need: "three lists of one length")
    }
    let points = axes[0].indices.map { SIMD3(axes[0][$0], axes[1][$0], axes[2][$0]) }
    let values = try mapCoordinates(grid, at: points, order: order, mode: mode)
    return ReferenceResult(shape: [values.count], isComplex: false, values: values.map(Double.init))
  }

  // MARK: Parts

  private func project<Integrator: VolumeIntegrator>(
    _ reference: ReferenceCase, _ volume: Integrator.Volume, with integrator: Integrator
  ) throws -> ReferenceResult
  where Integrator.Plan: RealImagePlan, Integrator.Plan.Scalar == Scalar {
    let image = try required(reference.image, "image")
    let plane = try ImageConfiguration(
      shape: GridShape(lengths: image.shape), pixelSizeInAngstroms: image.pixel_size,
      voltageInKilovolts: image.voltage_in_kilovolts ?? 300,
      paddedShape: GridShape(lengths: image.padded_shape))
    let pose = Pose(rotation: try Rotation(matrix: required(reference.rotation_matrix, "rotation_matrix")))
    return reference.outputs_real_space == true
      ? ReferenceResult(try integrator.project(volume, at: pose, onto: plane))
      : ReferenceResult(try integrator.integrate(volume, at: pose, onto: plane))
  }

  private func outOfBoundsMode(_ options: inout ReferenceOptions) throws -> OutOfBoundsMode<Scalar> {
    let fill = try options.number("fill_value") ?? 0
    return switch try options.word("out_of_bounds_mode") ?? "fill" {
    case "fill": .fill(Complex(Scalar(fill)))
    case "clip": .clip
    case "wrap": .wrap
    case let word: throw ExitPlaneError(.unsupported, "out_of_bounds_mode \(word) is not supported")
    }
  }

  private func readMap(_ volume: ReferenceCase.Volume) throws -> RealVoxelGridVolume<Scalar> {
    try MRCFile(path: folder.file(volume.file)).readVolume(as: Scalar.self)
  }

  private func required<Value>(_ value: Value?, _ name: String) throws -> Value {
    guard let value else {
      throw ExitPlaneError(.malformedFile, "\(folder.path)/cases.json: a case lacks `\(name)`")
    }
    return value
  }

  private func triple(_ values: [Double]) throws -> SIMD3<Double> {
    guard values.count == 3 else {
      throw ExitPlaneError.invalid("angles", got: "\(values)", need: "three numbers")
    }
    return SIMD3(values[0], values[1], values[2])
  }
}
