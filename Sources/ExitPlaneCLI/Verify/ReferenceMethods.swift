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

  init<Scalar: GridScalar>(_ spectrum: FullSpectrum<Scalar>) {
    self.init(complex: spectrum.values, spectrum.shape)
  }

  init<Scalar: GridScalar>(_ image: ComplexImage<Scalar>) {
    self.init(complex: image.values, image.shape)
  }

  private init<Scalar: GridScalar>(complex values: [Complex<Scalar>], _ shape: GridShape) {
    self.init(
      shape: [shape.rows, shape.columns], isComplex: true,
      values: values.flatMap { [Double($0.real), Double($0.imaginary)] })
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
    var options = ReferenceOptions(reference.options)
    let result: ReferenceResult
    switch reference.method {
    case "FourierSliceExtraction", "EwaldSphereExtraction": result = try fourierSlice(reference, &options)
    case "mapCoordinates": result = try coordinates(reference, &options)
    case "computeSplineCoefficients":
      let coefficients = try computeSplineCoefficients(readGrid(reference))
      result = ReferenceResult(
        shape: [coefficients.depth, coefficients.rows, coefficients.columns], isComplex: false,
        values: coefficients.values.map(Double.init))
    case "mapCoordinatesSpline":
      let values = try mapCoordinatesSpline(
        computeSplineCoefficients(readGrid(reference)), at: points(reference), mode: .fill(0))
      result = ReferenceResult(shape: [values.count], isComplex: false, values: values.map(Double.init))
    case "RealVoxelProjection":
      let eps = try options.number("eps") ?? 1e-6
      result = try project(
        reference, readMap(required(reference.volume, "volume")),
        with: RealVoxelProjection<Scalar>(eps: Scalar.attainable(eps)))
    case "FFTAtomProjection": result = try fftAtom(reference, &options)
    case "GaussianMixtureProjection": result = try gaussianMixture(reference, &options)
    case "PengScatteringFactors":
      let numbers = try required(reference.atomicNumbers, "atomic_numbers")
      let factors = try numbers.map { try ScatteringFactor.peng(atomicNumber: $0) }
      result = ReferenceResult(
        shape: [2, numbers.count, 5], isComplex: false,
        values: factors.flatMap(\.amplitudesInAngstroms) + factors.flatMap(\.widthsInSquareAngstroms))
    case "EulerAnglePose":
      result = ReferenceResult(
        matrices: try required(reference.phiThetaPsiDegrees, "phi_theta_psi_degrees").map {
          let angles = try triple($0)
          return try Rotation(
            phiInDegrees: angles.x, thetaInDegrees: angles.y, psiInDegrees: angles.z)
        })
    case "AxisAnglePose":
      result = ReferenceResult(
        matrices: try required(reference.eulerVectorDegrees, "euler_vector_degrees").map {
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
    let mask = try options.word("correction_mask").map { word in
      guard word.hasPrefix("InverseSincMask") else {
        throw ExitPlaneError(.unsupported, "correction_mask \(word) is not supported")
      }
      return InverseSincMask()
    }
    func extract<Volume: FourierSliceVolume>(_ volume: Volume) throws -> ReferenceResult
    where Volume.Scalar == Scalar {
      if reference.method == "EwaldSphereExtraction" {
        let integrator = EwaldSphereExtraction<Volume>(
          outputsIntegral: outputsIntegral, sliceGrid: .volume, outOfBounds: outOfBounds)
        let (pose, plane) = (try pose(reference), try plane(reference))
        return reference.outputsRealSpace == true
          ? ReferenceResult(try integrator.project(volume, at: pose, onto: plane))
          : ReferenceResult(try integrator.integrate(volume, at: pose, onto: plane))
      }
      return try project(
        reference, volume,
        with: FourierSliceExtraction(
          outputsIntegral: outputsIntegral, sliceGrid: .volume, outOfBounds: outOfBounds, correctionMask: mask
        ))
    }
    switch source.representation {
    case "FourierVoxelGridVolume":
      return try extract(FourierVoxelGridVolume(map, padScale: source.padScale ?? 1))
    case "FourierVoxelSplineVolume":
      return try extract(FourierVoxelSplineVolume(map, padScale: source.padScale ?? 1))
    default:
      throw ExitPlaneError(
        .unsupported, "representation \(source.representation ?? "none") is not supported")
    }
  }

  private func coordinates(
    _ reference: ReferenceCase, _ options: inout ReferenceOptions
  ) throws -> ReferenceResult {
    let order = try options.integer("order") ?? 1
    let fill = Scalar(try options.number("fill_value") ?? 0)
    let mode: CoordinateMode<Scalar> =
      switch try options.word("out_of_bounds_mode") ?? "fill" {
      case "fill": .fill(fill)
      case "clip": .clip
      case "wrap": .wrap
      case let word: throw ExitPlaneError(.unsupported, "out_of_bounds_mode \(word) is not supported")
      }
    let values = try mapCoordinates(readGrid(reference), at: points(reference), order: order, mode: mode)
    return ReferenceResult(shape: [values.count], isComplex: false, values: values.map(Double.init))
  }

  private func gaussianMixture(
    _ reference: ReferenceCase, _ options: inout ReferenceOptions
  ) throws -> ReferenceResult {
    let atoms = try folder.readAtoms(required(reference.volume, "volume").file)
    let volume = try GaussianMixtureVolume(
      positions: atoms.positions.map(triple), amplitudes: atoms.amplitudes, variances: atoms.variances)
    return try project(
      reference, volume,
      with: GaussianMixtureProjection<Scalar>(
        useErrorFunctions: try options.flag("use_error_functions") ?? true, shape: try options.shape("shape"),
        upsamplingFactor: try options.integer("upsampling_factor") ?? 1,
        nBatches: try options.integer("n_batches") ?? 1,
        // The tails must not add to the error that a case allows.
        accuracy: Scalar.self == Float.self ? 1e-8 : 1e-15))
  }

  private func fftAtom(
    _ reference: ReferenceCase, _ options: inout ReferenceOptions
  ) throws -> ReferenceResult {
    let source = try required(reference.volume, "volume")
    let atoms = try folder.readAtoms(source.file)
    let positions = try atoms.positions.map(triple)
    let types = try Set(atoms.atomicNumbers).sorted().map { number in
      let factor = try ScatteringFactor.peng(atomicNumber: number)
      return try IndependentAtomVolume.AtomType(
        positionsInAngstroms: zip(positions, atoms.atomicNumbers).filter { $0.1 == number }.map(\.0),
        amplitudesInAngstroms: factor.amplitudesInAngstroms,
        widthsInSquareAngstroms: factor.widthsInSquareAngstroms,
        bFactorInSquareAngstroms: source.bFactorByElement ?? 0)
    }
    return try project(
      reference, IndependentAtomVolume(types: types),
      with: FFTAtomProjection<Scalar>(
        antialias: try options.flag("antialias") ?? true,
        upsampleFactor: try options.integer("upsample_factor"), shape: try options.shape("shape"),
        eps: Scalar.attainable(try options.number("eps") ?? 1e-6)))
  }

  // MARK: Parts

  private func readGrid(_ reference: ReferenceCase) throws -> SampledGrid<Scalar> {
    let map = try readMap(required(reference.volume, "volume"))
    return try SampledGrid(depth: map.depth, rows: map.rows, columns: map.columns, values: map.values)
  }

  /// Coordinates as (z, y, x); cases list them by axis: all z, all y, all x.
  private func points(_ reference: ReferenceCase) throws -> [SIMD3<Double>] {
    let axes = try required(reference.coordinatesZyx, "coordinates_zyx")
    guard axes.count == 3, axes[0].count == axes[1].count, axes[1].count == axes[2].count else {
      throw ExitPlaneError.invalid(
        "coordinates_zyx", got: "\(axes.map(\.count))", need: "three lists of one length")
    }
    return axes[0].indices.map { SIMD3(axes[0][$0], axes[1][$0], axes[2][$0]) }
  }

  private func project<Integrator: VolumeIntegrator>(
    _ reference: ReferenceCase, _ volume: Integrator.Volume, with integrator: Integrator
  ) throws -> ReferenceResult
  where Integrator.Plan: RealImagePlan, Integrator.Plan.Scalar == Scalar {
    let (pose, plane) = (try pose(reference), try plane(reference))
    return reference.outputsRealSpace == true
      ? ReferenceResult(try integrator.project(volume, at: pose, onto: plane))
      : ReferenceResult(try integrator.integrate(volume, at: pose, onto: plane))
  }

  private func pose(_ reference: ReferenceCase) throws -> Pose {
    Pose(rotation: try Rotation(matrix: required(reference.rotationMatrix, "rotation_matrix")))
  }

  private func plane(_ reference: ReferenceCase) throws -> ImageConfiguration {
    let image = try required(reference.image, "image")
    return try ImageConfiguration(
      shape: GridShape(lengths: image.shape), pixelSizeInAngstroms: image.pixelSize,
      voltageInKilovolts: image.voltageInKilovolts ?? 300,
      paddedShape: GridShape(lengths: image.paddedShape))
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
