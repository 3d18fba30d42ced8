import ExitPlane

/// How an input is projected, as asked for or by default.
enum ProjectionMethod: Hashable {
  case fourierSlice(InterpolationName)
  case realVoxel
  case gaussian
  case fftAtom

  /// - Throws: `.mismatch` for an input that is no map or structure, or a method that is for the other kind.
  init(of input: String, asked method: MethodName?, interpolation: InterpolationName) throws {
    switch (InputKind(path: input), method) {
    case (.map, nil), (.map, .fourierSlice): self = .fourierSlice(interpolation)
    case (.map, .realVoxel): self = .realVoxel
    case (.structure, nil), (.structure, .gaussian): self = .gaussian
    case (.structure, .fftAtom): self = .fftAtom
    case (.map, .some(let method)):
      throw ExitPlaneError.mismatch("\(input) is a map", "--method \(method.rawValue) projects a structure")
    case (.structure, .some(let method)):
      throw ExitPlaneError.mismatch(
        "\(input) is a structure", "make a map of it with exitplane render for --method \(method.rawValue)")
    case (.star, _):
      throw ExitPlaneError.mismatch("\(input) is a STAR file", "give a map or a structure to project")
    }
  }

  var isSlice: Bool { if case .fourierSlice = self { true } else { false } }
  var isInterpolated: Bool { self == .fourierSlice(.linear) || self == .fourierSlice(.cubic) }
  var isOfStructure: Bool { self == .gaussian || self == .fftAtom }

  /// After the input's name: "model.pdb is projected as a sum of Gaussians".
  var description: String {
    switch self {
    case .fourierSlice(let interpolation): "is projected by Fourier slices, \(interpolation.rawValue) ones"
    case .realVoxel: "is projected by a nonuniform FFT of its voxels"
    case .gaussian: "is projected as a sum of Gaussians"
    case .fftAtom: "is projected by a nonuniform FFT of its atoms"
    }
  }
}

extension ProjectionArguments {
  /// How the input is to be projected; what would have no effect on that is refused.
  func chosenMethod(for input: String) throws -> ProjectionMethod {
    let chosen = try ProjectionMethod(of: input, asked: method, interpolation: slices.chosenInterpolation)
    try uses(by: chosen).requireEffect("\(input) \(chosen.description)")
    return chosen
  }

  /// Every option that some method does not use.
  private func uses(by method: ProjectionMethod) -> [OptionUse] {
    let interpolated = "slices of a map by linear or cubic interpolation"
    return [
      OptionUse("--rescale", given: images.rescale, used: method.isSlice, for: "Fourier slices of a map"),
      OptionUse("--sum", given: images.sum, used: method.isSlice, for: "Fourier slices of a map"),
      OptionUse(
        "--voxel-size", given: images.voxelSize != nil, used: !method.isOfStructure, for: "maps"),
      OptionUse(
        "--accuracy", given: accuracy != nil, used: !method.isInterpolated,
        for: "exact slices of a map, nonuniform FFTs and Gaussians"),
      OptionUse(
        "--interpolation", given: slices.interpolation != nil, used: method.isSlice,
        for: "Fourier slices of a map"),
      OptionUse("--pad-scale", given: slices.padScale != nil, used: method.isInterpolated, for: interpolated),
      OptionUse(
        "--no-gridding-correction", given: slices.noGriddingCorrection, used: method.isInterpolated,
        for: interpolated),
      OptionUse(
        "--slice-grid", given: slices.sliceGrid != nil, used: method.isSlice, for: "Fourier slices of a map"),
      OptionUse("--ewald", given: slices.ewald, used: method.isSlice, for: "Fourier slices of a map"),
      OptionUse(
        "--algorithm", given: algorithm != nil, used: method == .realVoxel,
        for: "maps with --method real-voxel"),
      OptionUse(
        "--point-sampling", given: gaussians.pointSampling, used: method == .gaussian,
        for: "structures with --method gaussian"),
      OptionUse(
        "--upsampling", given: gaussians.upsampling != nil, used: method == .gaussian,
        for: "structures with --method gaussian"),
      OptionUse(
        "--upsample", given: fftAtoms.upsample != nil, used: method == .fftAtom,
        for: "structures with --method fft-atom"),
      OptionUse(
        "--no-antialias", given: fftAtoms.noAntialias, used: method == .fftAtom,
        for: "structures with --method fft-atom"),
    ] + atoms.uses(areUsed: method.isOfStructure)
  }
}
