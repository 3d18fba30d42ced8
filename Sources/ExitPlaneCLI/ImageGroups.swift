import ArgumentParser
import ExitPlane
import ExitPlaneIO

/// What images the optics groups of the poses' file have: a plane each, where groups differ.
struct ImageGroups: Sendable {
  /// Each once.
  let planes: [ImageConfiguration]
  /// By optics group the plane of its images. Poses that come from no file are one group.
  private let planeOfGroup: [Int]
  /// By particle its group; empty where all are of the first.
  private let groupOfParticle: [Int]

  init(_ plane: ImageConfiguration) {
    (planes, planeOfGroup, groupOfParticle) = ([plane], [0], [])
  }

  /// - Parameter plane: of a group's images, by its index.
  init(of set: ParticleSet, plane: (Int) throws -> ImageConfiguration) rethrows {
    var planes: [ImageConfiguration] = []
    // What groups without particles would have is nobody's concern.
    var planeOfGroup = [Int](repeating: 0, count: set.opticsGroups.count)
    for group in set.usedOpticsGroups {
      let wanted = try plane(group)
      planeOfGroup[group] = planes.firstIndex(of: wanted) ?? planes.count
      if planeOfGroup[group] == planes.count { planes.append(wanted) }
    }
    self.planes = planes
    self.planeOfGroup = planeOfGroup
    groupOfParticle = set.opticsGroups.count > 1 ? set.opticsGroupIndices : []
  }

  /// The number of a particle's plane.
  func plane(of particle: Int) -> Int {
    groupOfParticle.isEmpty ? planeOfGroup[0] : planeOfGroup[groupOfParticle[particle]]
  }

  /// The plane of an optics group's images.
  func plane(ofGroup group: Int) -> ImageConfiguration { planes[planeOfGroup[group]] }

  /// The kinds of images there are, each once.
  var kinds: [ParticleStacks.Kind] {
    planes.map { .init($0) }.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }

  /// A plane of images of a kind.
  func plane(ofKind kind: ParticleStacks.Kind) -> ImageConfiguration {
    planes.first { ParticleStacks.Kind($0) == kind } ?? planes[0]
  }

  /// The stacks of some particles' images.
  ///
  /// - Parameter path: of the one stack, if all images are of one kind; others are named by it.
  func stacks(_ path: String, of poses: PoseSource, rows: Range<Int>) -> ParticleStacks {
    guard let set = poses.particleSet else {
      return ParticleStacks(path: path, kind: .init(planes[0]), rows: rows)
    }
    return ParticleStacks(
      path: path, kinds: planeOfGroup.map { .init(planes[$0]) }, of: set, rows: rows)
  }
}
