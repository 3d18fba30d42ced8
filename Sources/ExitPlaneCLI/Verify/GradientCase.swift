/// One case of gradients.json: a projection, a cotangent g of its image, and the gradients of ⟨g, image⟩ to what the
/// image is made of (Docs/Conventions.md, Gradients).
struct GradientCase: Decodable {
  struct Plane: Decodable {
    let shape: [Int]
    let pixelSize: Double
  }

  /// Atoms that scatter alike, by their places among the positions.
  struct AtomType: Decodable {
    let amplitudes: [Double]
    let variances: [Double]
    let members: [Int]
  }

  let name: String
  let method: String
  let rotationMatrix: [[Double]]
  let shiftInAngstroms: [Double]
  let options: [String: OptionValue]?
  let imagePlane: Plane
  let voxelSize: Double?
  let atomTypes: [AtomType]?
  let tolerance: Double
  /// The voxels, or the atoms' positions, amplitudes and variances, by name.
  let inputs: [String: StoredArray]
  let cotangent: StoredArray
  let image: StoredArray?
  /// The gradients by the inputs' names, and those to the rotation and to the shift.
  let expected: [String: StoredArray]
}
