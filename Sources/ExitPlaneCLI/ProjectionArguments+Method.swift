import ExitPlane
import ExitPlaneIO

extension ProjectionArguments {
  /// How the input is to be projected; what would have no effect on that is refused.
  ///
  /// - Throws: `.mismatch` for an input that is no map or structure, or a method that is for the other kind.
  func chosenMethod(for input: String) throws -> Projecting.Method {
    let chosen: Projecting.Method
    switch InputKind(path: input) {
    case .map: chosen = wishes.method(isStructure: false)
    case .structure: chosen = wishes.method(isStructure: true)
    case .star:
      throw ExitPlaneError.mismatch("\(input) is a STAR file", "give a map or a structure to project")
    }
    if chosen.isOfStructure, InputKind(path: input) == .map {
      throw ExitPlaneError.mismatch("\(input) is a map", "--method \(chosen.rawValue) projects a structure")
    }
    if !chosen.isOfStructure, InputKind(path: input) == .structure {
      throw ExitPlaneError.mismatch(
        "\(input) is a structure", "make a map of it with exitplane render for --method \(chosen.rawValue)")
    }
    try uses(by: chosen).requireEffect("\(input) \(wishes.description(of: chosen))")
    return chosen
  }

  /// Every option that some method does not use.
  private func uses(by method: Projecting.Method) -> [OptionUse] {
    let isInterpolated = method == .fourierSlice && wishes.interpolation != .exact
    let interpolated = "slices of a map by linear or cubic interpolation"
    return [
      OptionUse(
        "--rescale", given: images.rescale, used: method == .fourierSlice, for: "Fourier slices of a map"),
      OptionUse("--sum", given: images.sum, used: method == .fourierSlice, for: "Fourier slices of a map"),
      OptionUse(
        "--voxel-size", given: images.voxelSize != nil, used: !method.isOfStructure, for: "maps"),
      OptionUse(
        "--accuracy", given: accuracy != nil, used: !isInterpolated,
        for: "exact slices of a map, nonuniform FFTs and Gaussians"),
      OptionUse(
        "--interpolation", given: slices.interpolation != nil, used: method == .fourierSlice,
        for: "Fourier slices of a map"),
      OptionUse("--pad-scale", given: slices.padScale != nil, used: isInterpolated, for: interpolated),
      OptionUse(
        "--no-gridding-correction", given: slices.noGriddingCorrection, used: isInterpolated,
        for: interpolated),
      OptionUse(
        "--slice-grid", given: slices.sliceGrid != nil, used: method == .fourierSlice,
        for: "Fourier slices of a map"),
      OptionUse(
        "--ewald", given: slices.ewald, used: method == .fourierSlice, for: "Fourier slices of a map"),
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
