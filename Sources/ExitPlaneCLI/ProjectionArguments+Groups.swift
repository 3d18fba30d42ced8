import ArgumentParser
import ExitPlane
import ExitPlaneIO

extension ProjectionArguments {
  /// The pixel size of images whose poses do not say theirs: that asked for, or the map's.
  func pixelSize<Scalar: GridScalar>(ofImagesOf source: ProjectedObject<Scalar>) throws -> Double? {
    if let asked = try images.checkedPixelSize() { return asked }
    guard case .map(let map) = source else { return nil }
    return map.voxelSizeInAngstroms
  }

  /// The planes of the images: of every optics group its own pixel size and box, where they are the map's or asked
  /// for.
  ///
  /// - Parameters:
  ///   - input: the name of what is projected.
  ///   - voltage: in kilovolts, by optics group; of poses that come from no file, of nil.
  /// - Throws: `.mismatch`, with the group's name, for a pixel size or box that is neither; what reading the set's
  ///   magnification throws.
  func imageGroups<Scalar: GridScalar>(
    of source: ProjectedObject<Scalar>, named input: String, for poses: PoseSource,
    voltage: (ParticleOpticsGroup?) -> Double = { _ in 300 }
  ) throws -> ImageGroups {
    let groups = try uncheckedGroups(of: source, named: input, for: poses, voltage: voltage)
    if case .map(let map) = source {
      let isRescaled = groups.planes.contains { plane in
        plane.pixelSizeInAngstroms != map.voxelSizeInAngstroms
          || images.box == nil && plane.shape.columns != map.columns
      }
      try [
        OptionUse(
          "--rescale", given: images.rescale, used: isRescaled || (try images.checkedPixelSize()) != nil,
          for: "images of another pixel size than the map's")
      ].requireEffect("none is asked for", remedy: "give --pixel-size, or leave it out")
      let isOtherBox = groups.planes.contains { $0.shape.columns != map.columns || $0.shape.rows != map.rows }
      try [
        OptionUse(
          "--slice-grid", given: slices.sliceGrid != nil, used: wishes.interpolation != .exact || isOtherBox,
          for: "linear and cubic slices, and for images of another box than the map's")
      ].requireEffect("exact slices in the map's own box are the same on both grids")
    }
    return groups
  }

  private func uncheckedGroups<Scalar: GridScalar>(
    of source: ProjectedObject<Scalar>, named input: String, for poses: PoseSource,
    voltage: (ParticleOpticsGroup?) -> Double
  ) throws -> ImageGroups {
    guard let set = poses.particleSet else {
      return ImageGroups(try plane(of: source, input, StatedImages(), voltageInKilovolts: voltage(nil)))
    }
    let magnifications = try set.magnifications()
    return try ImageGroups(of: set) { group in
      let stated = set.opticsGroups[group]
      return try plane(
        of: source, input,
        StatedImages(
          pixelSizeInAngstroms: stated.pixelSizeInAngstroms, side: stated.imageSize,
          group: set.name(ofOpticsGroup: group)),
        magnification: magnifications[group], voltageInKilovolts: voltage(stated))
    }
  }

  /// What an optics group of the poses' file says of its images.
  private struct StatedImages {
    var pixelSizeInAngstroms: Double?
    var side: Int?
    /// As messages call it.
    var group: String?
  }

  private func plane<Scalar: GridScalar>(
    of source: ProjectedObject<Scalar>, _ input: String, _ stated: StatedImages,
    magnification: AnisotropicMagnification = .none, voltageInKilovolts: Double
  ) throws -> ImageConfiguration {
    let (pixelSize, side) =
      switch source {
      case .map(let map): try size(of: map, input, stated)
      case .structure: try size(ofStructure: input, stated)
      }
    let plane = try ImageConfiguration(
      shape: images.shape(defaultSide: side), pixelSizeInAngstroms: pixelSize,
      voltageInKilovolts: voltageInKilovolts, magnification: magnification)
    if let resolution { try requireEffect(ofResolution: resolution, on: plane, of: source) }
    return plane
  }

  private func size(
    ofStructure input: String, _ stated: StatedImages
  ) throws -> (pixelSize: Double, side: Int) {
    if let pixelSize = try images.checkedPixelSize() ?? stated.pixelSizeInAngstroms,
      let side = images.box?.columns ?? stated.side
    {
      return (pixelSize, side)
    }
    let lack = stated.group.map { ", which \($0) lacks in the poses' file" } ?? ""
    throw ValidationError(
      "a structure needs --box and --pixel-size\(lack): 'exitplane info \(input)' suggests a box")
  }

  /// - Throws: `.mismatch` for a group whose images are not the map's, unless that is asked for.
  private func size<Scalar: GridScalar>(
    of map: RealVoxelGridVolume<Scalar>, _ input: String, _ stated: StatedImages
  ) throws -> (pixelSize: Double, side: Int) {
    let voxelSize = map.voxelSizeInAngstroms
    func isTheMaps(_ size: Double) -> Bool { abs(size - voxelSize) <= 1e-4 * voxelSize }
    let asked = try images.checkedPixelSize()
    if let asked, !isTheMaps(asked), !images.rescale {
      throw ExitPlaneError.mismatch(
        "--pixel-size is \(asked) Å and the voxel size of \(input) is \(rounded(voxelSize, places: 4)) Å",
        method == .realVoxel
          ? "leave --pixel-size out, or project by --method fourier-slice with --rescale"
          : "leave --pixel-size out, or add --rescale to resample the map")
    }
    let rescaling =
      method == .realVoxel ? "project by --method fourier-slice with --rescale" : "add --rescale"
    let said = stated.group ?? "the poses' file"
    if asked == nil, let size = stated.pixelSizeInAngstroms, !isTheMaps(size), !images.rescale {
      throw ExitPlaneError.mismatch(
        "\(said) has a pixel size of \(plainNumber(size)) Å and \(input) a voxel size of "
          + "\(plainNumber(voxelSize)) Å\(images.voxelSize == nil ? "" : " (--voxel-size)")",
        "\(rescaling) to have each group at its own pixel size, or --pixel-size "
          + "\(plainNumber(voxelSize)) to have all at the map's")
    }
    let wanted = asked ?? stated.pixelSizeInAngstroms ?? voxelSize
    let pixelSize = isTheMaps(wanted) ? voxelSize : wanted
    let whole = (Double(map.columns) * voxelSize / pixelSize).rounded()
    guard whole <= Double(GridShape.largestAxis) else {
      throw ExitPlaneError.mismatch(
        "the map's \(map.columns) voxels of \(voxelSize) Å are \(whole) pixels of \(pixelSize) Å",
        "images have 1 to \(GridShape.largestAxis) a side: give a larger --pixel-size, or a --box")
    }
    let side = max(1, Int(whole))
    // A box that is said of pixels of another size says nothing of these.
    let isOfThesePixels = stated.pixelSizeInAngstroms.map { abs($0 - wanted) <= 1e-4 * wanted } ?? true
    guard images.box == nil, isOfThesePixels, let box = stated.side, box != side else {
      return (pixelSize, side)
    }
    guard images.rescale else {
      throw ExitPlaneError.mismatch(
        "\(said) has images of \(box) pixels and \(input) makes images of \(side)",
        "\(rescaling) to have each group in its own box, or --box \(side) to have all in the map's")
    }
    return (pixelSize, box)
  }

  /// - Throws: `.invalidValue` for what is no resolution; `.mismatch` for one beyond which there is nothing anyway.
  private func requireEffect<Scalar: GridScalar>(
    ofResolution resolution: Double, on plane: ImageConfiguration, of source: ProjectedObject<Scalar>
  ) throws {
    try PlausibleRange.resolution.require(resolution)
    var finest = plane.finestResolutionInAngstroms
    if case .map(let map) = source, plane.pixelSizeInAngstroms < map.voxelSizeInAngstroms {
      // Of a map that is resampled to finer pixels: the corner of its transform's cube.
      finest = max(finest, 2 / 3.0.squareRoot() * map.voxelSizeInAngstroms)
    }
    guard resolution <= finest else { return }
    throw ExitPlaneError.mismatch(
      "--resolution is \(resolution) Å, and the images hold nothing beyond \(rounded(finest, places: 3)) Å",
      "leave it out, or give a coarser one")
  }
}

/// Plans of one method as what they are: all of one type.
func plansOfOneType<Plan: RealImageProjector>(
  _ plans: [any RealImageProjector<Plan.Scalar>], _: Plan.Type
) throws -> [Plan] {
  let same = plans.compactMap { $0 as? Plan }
  guard same.count == plans.count else {
    throw ExitPlaneError(.unsupported, "optics groups that need different methods are not projected together")
  }
  return same
}
