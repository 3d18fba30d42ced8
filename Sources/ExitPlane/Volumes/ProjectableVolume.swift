/// What an integrator projects: voxels, a transform of them, Gaussians or atoms.
public protocol ProjectableVolume: Sendable {
  /// What a plan is made for: everything about a volume but its numbers.
  associatedtype Layout: Hashable & Sendable
  /// Of this volume.
  var layout: Layout { get }
}
