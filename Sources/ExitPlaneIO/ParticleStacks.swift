import ExitPlane

/// Into which stacks the images of a set go: all into one where they are of one kind, else one an optics group.
///
/// A stack has one shape and one pixel size. Where groups differ in either, group 2 of "set" is "set-group2.mrcs",
/// by its `rlnOpticsGroup`; groups without particles have no stack. Within a stack, images are in the set's order.
public struct ParticleStacks: Sendable {
  /// What images are, apart from what they show.
  public struct Kind: Hashable, Sendable {
    /// Rows and columns.
    public let shape: GridShape
    /// The same on both axes.
    public let pixelSizeInAngstroms: Double

    /// Images of a shape and a pixel size.
    public init(shape: GridShape, pixelSizeInAngstroms: Double) {
      self.shape = shape
      self.pixelSizeInAngstroms = pixelSizeInAngstroms
    }

    /// Images of a plane.
    public init(_ plane: ImageConfiguration) {
      self.init(shape: plane.shape, pixelSizeInAngstroms: plane.pixelSizeInAngstroms)
    }
  }

  /// One stack of the set.
  public struct Stack: Hashable, Sendable {
    /// Of its file.
    public let path: String
    /// Of its images.
    public let kind: Kind
    /// The number of its images.
    public internal(set) var count: Int
  }

  /// Those that some of the particles are in.
  public let stacks: [Stack]
  /// For each optics group the stack that has, or would have, its images.
  public let pathOfGroup: [String]
  private let rows: Range<Int>
  /// Of each particle, where there are several stacks.
  private let places: [(stack: Int32, index: Int32)]

  /// All images in one stack.
  public init(path: String, kind: Kind, groupCount: Int = 1, rows: Range<Int>) {
    self.init(
      [Stack(path: path, kind: kind, count: rows.count)],
      pathOfGroup: [String](repeating: path, count: groupCount), rows: rows, places: [])
  }

  private init(
    _ stacks: [Stack], pathOfGroup: [String], rows: Range<Int>, places: [(stack: Int32, index: Int32)]
  ) {
    self.stacks = stacks
    self.pathOfGroup = pathOfGroup
    self.rows = rows
    self.places = places
  }

  /// The images of some of a set's particles.
  ///
  /// - Parameters:
  ///   - path: of the one stack, where all images are of one kind.
  ///   - kinds: of each optics group's images.
  ///   - set: whose images they are.
  ///   - rows: the particles.
  public init(path: String, kinds: [Kind], of set: ParticleSet, rows: Range<Int>) {
    let used = set.usedOpticsGroups
    guard let first = used.first, used.contains(where: { kinds[$0] != kinds[first] }) else {
      self.init(
        path: path, kind: kinds[used.first ?? 0], groupCount: kinds.count, rows: rows)
      return
    }
    let paths = set.opticsGroups.map { Self.path(path, ofGroup: $0.number) }
    var stacks: [Stack] = []
    var stackOfGroup = [Int?](repeating: nil, count: kinds.count)
    var places: [(stack: Int32, index: Int32)] = []
    places.reserveCapacity(rows.count)
    for row in rows {
      let group = set.opticsGroupIndices[row]
      let stack = stackOfGroup[group] ?? stacks.count
      if stackOfGroup[group] == nil {
        stackOfGroup[group] = stack
        stacks.append(Stack(path: paths[group], kind: kinds[group], count: 0))
      }
      places.append((Int32(stack), Int32(stacks[stack].count)))
      stacks[stack].count += 1
    }
    self.init(stacks, pathOfGroup: paths, rows: rows, places: places)
  }

  /// The particle of an image of the first stack, by the image's number from 0.
  public var firstRows: @Sendable (Int) -> Int {
    guard !places.isEmpty else { return { [first = rows.lowerBound] in first + $0 } }
    let members = rows.filter { place(of: $0).stack == 0 }
    return { members[$0] }
  }

  /// "set-group2.mrcs" of "set.mrcs".
  static func path(_ path: String, ofGroup number: Int) -> String {
    let name = path.lastIndex(of: "/").map { path[path.index(after: $0)...] } ?? path[...]
    guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return "\(path)-group\(number)" }
    return "\(path[..<dot])-group\(number)\(path[dot...])"
  }

  /// "500 images of 128 × 128 to set.mrcs", and so for every stack.
  public var description: String {
    stacks.map { "\($0.count) images of \($0.kind.shape) to \($0.path)" }.joined(separator: ", ")
  }

  /// Where a particle's image goes: which of `stacks`, and which image of it, from 0.
  public func place(of row: Int) -> (stack: Int, index: Int) {
    guard !places.isEmpty else { return (0, row - rows.lowerBound) }
    let place = places[row - rows.lowerBound]
    return (Int(place.stack), Int(place.index))
  }
}

extension ParticleSet {
  /// The optics groups that have particles, in the file's order.
  public var usedOpticsGroups: [Int] {
    var isUsed = [Bool](repeating: false, count: opticsGroups.count)
    for group in opticsGroupIndices { isUsed[group] = true }
    return isUsed.indices.filter { isUsed[$0] }
  }

  /// A group as messages call it: "optics group 2 'krios' of set.star".
  public func name(ofOpticsGroup index: Int) -> String {
    let group = opticsGroups[index]
    let file = document.path.map { " of \($0)" } ?? ""
    return "optics group \(group.number) '\(group.name)'\(file)"
  }
}
