import ExitPlane
import Foundation
import Oracles
import Testing

@testable import ExitPlaneIO

private let stack = Result { try ParticleStack(path: "new.mrcs", imageSize: 48, pixelSizeInAngstroms: 1.5) }

private let old = """
  data_
  loop_
  _rlnVoltage #1
  _rlnDefocusU #2
  _rlnSphericalAberration #3
  _rlnDetectorPixelSize #4
  _rlnMagnification #5
  _rlnAmplitudeContrast #6
  _rlnImageName #7
  _rlnOriginX #8
  _rlnOriginY #9
  _rlnAngleRot #10
  _rlnAngleTilt #11
  _rlnAnglePsi #12
  _rlnOriginXPrior #13
  _rlnMyOwnColumn #14
  300 10000 2.7 5 50000 0.1 1@old.mrcs 2 -1.5 10 20 30 1 "two words"
  300 11000 2.7 5 25000 0.1 2@old.mrcs 2 -1.5 -110 20 30 1 x
  300 12000 2.7 5 50000 0.1 3@old.mrcs 0 0.5 110.123456 20 30 1 y

  """

private func randomPoses(_ count: Int) throws -> [Pose] {
  var generator = SeededGenerator(seed: 3)
  func next() -> Double { Double.random(in: -1...1, using: &generator) }
  return try (0..<count).map { _ in
    Pose(
      rotation: try Rotation(quaternion: next(), next(), next(), next()),
      shiftInAngstroms: SIMD2(9 * next(), 9 * next()))
  }
}

private func generated(_ poses: [Pose]) throws -> [UInt8] {
  var bytes: [UInt8] = []
  var writer = try ParticleSTARWriter(describing: stack.get()) { bytes.append(contentsOf: $0) }
  for pose in poses { try writer.append(pose) }
  try writer.finish()
  return bytes
}

@Suite("STAR files for stacks")
struct ParticleWritingTests {
  @Test("generated poses read back: within 1e-6° and 1e-6 Å")
  func generatedPoses() throws {
    let poses = try randomPoses(500)
    let set = try ParticleSet(STARDocument(parsing: generated(poses), path: "generated.star"))
    #expect(set.count == 500)
    for (pose, again) in zip(poses, set.poses) {
      // Three angles, each off by half a unit of the sixth decimal at most.
      #expect(pose.rotation.angleInDegrees(to: again.rotation) < 1.5e-6)
      let shift = pose.shiftInAngstroms - again.shiftInAngstroms
      #expect(max(abs(shift.x), abs(shift.y)) < 0.51e-6)
    }
    #expect(
      set.opticsGroups == [
        ParticleOpticsGroup(
          name: "opticsGroup1", number: 1, pixelSizeInAngstroms: 1.5, imageSize: 48,
          voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7, amplitudeContrast: 0.1)
      ])
    #expect(try set.imageNames()?.last == ParticleImageName(number: 500, path: "new.mrcs"))
    #expect(set.document["optics"]?.table?["rlnImageDimensionality"]?[0] == "2")
  }

  @Test("views at the poles and in the plane read back")
  func specialPoses() throws {
    let poses = try [(0, 0, 0), (0, 180, 0), (90, 0, 0), (0, 90, 180), (-180, 90, 0), (30, 180, 60)].map {
      try Pose(relionRotInDegrees: $0.0, tiltInDegrees: $0.1, psiInDegrees: $0.2)
    }
    let set = try ParticleSet(STARDocument(parsing: generated(poses), path: "x"))
    for (pose, again) in zip(poses, set.poses) {
      #expect(pose.rotation.angleInDegrees(to: again.rotation) < 1.5e-6)
    }
  }

  @Test("a file in 3.1's layout keeps all but what describes the images")
  func derivedFromModern() throws {
    let text = """
      data_general
      _rlnNote 'as it was'
      data_optics
      loop_
      _rlnOpticsGroup #1
      _rlnOpticsGroupName #2
      _rlnVoltage #3
      _rlnImagePixelSize #4
      _rlnMtfFileName #5
      2 b 200.0 3 mtf.star
      7 c 100.0 4 mtf.star

      data_particles
      loop_
      _rlnMyOwnColumn #1
      _rlnImageName #2
      _rlnAngleRot #3
      _rlnAngleTilt #4
      _rlnAnglePsi #5
      _rlnOriginX #6
      _rlnOriginXAngst #7
      _rlnOpticsGroup #8
      "a b" 5@old.mrcs 1.10 2.200 3 9 1.25 7
      c 6@old.mrcs -1 -2 -3 8 0 2

      data_last
      loop_
      _x
      1

      """
    let document = try ParticleSet(parsed(text)).document(describing: stack.get())
    #expect(
      try written(document) == """

        # version 30001

        data_general

        _rlnNote "as it was"


        # version 30001

        data_optics

        loop_
        _rlnOpticsGroup #1
        _rlnOpticsGroupName #2
        _rlnVoltage #3
        _rlnImagePixelSize #4
        _rlnSphericalAberration #5
        _rlnAmplitudeContrast #6
        _rlnImageSize #7
        _rlnImageDimensionality #8
        2 b 200.0 1.5 2.7 0.1 48 2
        7 c 100.0 1.5 2.7 0.1 48 2


        # version 30001

        data_particles

        loop_
        _rlnMyOwnColumn #1
        _rlnImageName #2
        _rlnAngleRot #3
        _rlnAngleTilt #4
        _rlnAnglePsi #5
        _rlnOriginXAngst #6
        _rlnOpticsGroup #7
        _rlnImageOriginalName #8
        "a b" 000001@new.mrcs 1.10 2.200 3 1.25 7 5@old.mrcs
        c 000002@new.mrcs -1 -2 -3 0 2 6@old.mrcs


        # version 30001

        data_last

        loop_
        _x #1
        1


        """)
  }

  @Test("a file in 3.0's layout becomes one in 3.1's")
  func derivedFromOld() throws {
    let set = try ParticleSet(parsed(old))
    let text = try written(set.document(describing: stack.get()))
    #expect(
      text == """

        # version 30001

        data_optics

        loop_
        _rlnOpticsGroupName #1
        _rlnOpticsGroup #2
        _rlnVoltage #3
        _rlnSphericalAberration #4
        _rlnAmplitudeContrast #5
        _rlnImagePixelSize #6
        _rlnImageSize #7
        _rlnImageDimensionality #8
        opticsGroup1 1 300 2.7 0.1 1.5 48 2
        opticsGroup2 2 300 2.7 0.1 1.5 48 2


        # version 30001

        data_particles

        loop_
        _rlnDefocusU #1
        _rlnImageName #2
        _rlnOriginXAngst #3
        _rlnOriginYAngst #4
        _rlnAngleRot #5
        _rlnAngleTilt #6
        _rlnAnglePsi #7
        _rlnOriginXPriorAngst #8
        _rlnMyOwnColumn #9
        _rlnImageOriginalName #10
        _rlnOpticsGroup #11
        10000 000001@new.mrcs 2.000000 -1.500000 10 20 30 1.000000 "two words" 1@old.mrcs 1
        11000 000002@new.mrcs 4.000000 -3.000000 -110 20 30 2.000000 x 2@old.mrcs 2
        12000 000003@new.mrcs 0.000000 0.500000 110.123456 20 30 1.000000 y 3@old.mrcs 1


        """)
    #expect(try ParticleSet(parsed(text)).poses == set.poses)
  }

  @Test("a bare table of angles gets what RELION needs")
  func derivedFromBare() throws {
    let text = "data_\n_rlnAngleRot 1\n_rlnAngleTilt 2\n_rlnAnglePsi 3\n_rlnOriginX 2\n"
    let set = try ParticleSet(parsed(text), pixelSizeInAngstroms: 2)
    let document = try set.document(describing: stack.get())
    #expect(document.blocks.map(\.name) == ["optics", "particles"])
    #expect(document.blocks.map(\.pairs.count) == [0, 0])
    let again = try ParticleSet(parsed(written(document)))
    #expect(again.poses == set.poses)
    #expect(again.poses[0].shiftInAngstroms == SIMD2(-4, 0))
    #expect(again.opticsGroups[0].pixelSizeInAngstroms == 1.5)
  }

  @Test("stacks that cannot be")
  func badStacks() {
    #expect(throws: ExitPlaneError.self) {
      _ = try ParticleStack(path: "", imageSize: 1, pixelSizeInAngstroms: 1)
    }
    #expect(throws: ExitPlaneError.self) {
      _ = try ParticleStack(path: "a", imageSize: 0, pixelSizeInAngstroms: 1)
    }
    for bad in [0, -1, Double.nan, .infinity] {
      #expect(throws: ExitPlaneError.self) {
        _ = try ParticleStack(path: "a", imageSize: 1, pixelSizeInAngstroms: bad)
      }
      #expect(throws: ExitPlaneError.self) {
        _ = try ParticleStack(path: "a", imageSize: 1, pixelSizeInAngstroms: 1, voltageInKilovolts: bad)
      }
    }
    #expect(throws: ExitPlaneError.self) {
      _ = try ParticleStack(path: "a", imageSize: 1, pixelSizeInAngstroms: 1, amplitudeContrast: 1.1)
    }
    #expect(throws: ExitPlaneError.self) {
      _ = try ParticleStack(
        path: "a", imageSize: 1, pixelSizeInAngstroms: 1, sphericalAberrationInMillimetres: .nan)
    }
  }

  // MARK: Other programs

  @Test(
    "relion_star_handler reads what is written, and what it writes is read as the same",
    .enabled(if: program("relion_star_handler") != nil, "RELION is not installed"))
  func relionStarHandler() throws {
    let handler = try #require(program("relion_star_handler"))
    let poses = try randomPoses(20)
    let texts = try [
      generated(poses), Array(written(ParticleSet(parsed(old)).document(describing: stack.get())).utf8),
    ]
    for text in texts {
      try withFolder { folder in
        try save(text, folder + "/ours.star")
        try output(of: handler, ["--i", "ours.star", "--o", "theirs.star"], in: folder)
        let ours = try STARDocument(contentsOf: folder + "/ours.star")
        let theirs = try STARDocument(contentsOf: folder + "/theirs.star")
        #expect(theirs.blocks.map(\.name) == ours.blocks.map(\.name))
        for (our, their) in zip(ours.blocks, theirs.blocks) {
          try expectEqual(try #require(our.table), try #require(their.table))
        }
        // Ours, of theirs, is theirs again.
        try save(written(theirs).utf8, folder + "/again.star")
        try output(of: handler, ["--i", "again.star", "--o", "twice.star"], in: folder)
        #expect(try STARDocument(contentsOf: folder + "/twice.star") == theirs)
      }
    }
  }

  @Test(
    "RELION converts 3.0's layout as it is done here",
    .enabled(if: program("relion_star_handler") != nil, "RELION is not installed"))
  func relionConversion() throws {
    let handler = try #require(program("relion_star_handler"))
    try withFolder { folder in
      try save(old.utf8, folder + "/old.star")
      try output(of: handler, ["--i", "old.star", "--o", "new.star"], in: folder)
      let theirs = try ParticleSet(contentsOf: folder + "/new.star")
      let set = try ParticleSet(parsed(old))
      #expect(theirs.opticsGroups.map(\.pixelSizeInAngstroms) == set.opticsGroups.map(\.pixelSizeInAngstroms))
      #expect(theirs.opticsGroupIndices == set.opticsGroupIndices)
      #expect(theirs.poses == set.poses)
      var ours = try ParticleSet(parsed(written(set.document(describing: stack.get())))).table
      try ours.setColumn(#require(theirs.table["rlnImageName"]))
      ours.removeColumn("rlnImageOriginalName")
      #expect(Set(theirs.table.columns.map(\.name)) == Set(ours.columns.map(\.name)))
      try expectEqual(ours, theirs.table)
    }
  }

  /// Equal columns; numbers to RELION's five or six decimals.
  private func expectEqual(_ a: STARTable, _ b: STARTable) throws {
    #expect(a.columns.count == b.columns.count)
    for column in a.columns {
      let other = try #require(b[column.name])
      guard let numbers = try? a.numbers(column.name), let others = try b.numbers(column.name) else {
        #expect(column == other)
        continue
      }
      #expect(zip(numbers, others).allSatisfy { abs($0 - $1) <= 5.001e-6 })
    }
  }

  @Test(
    "the starfile package reads what is written, and what it writes is read as the same",
    .enabled(
      if: pythonWithStarfile != nil, "no python with the starfile package (EXITPLANE_PYTHON names one)"))
  func starfile() throws {
    let python = try #require(pythonWithStarfile)
    let script = """
      import starfile
      blocks = starfile.read("ours.star", always_dict=True)
      assert list(blocks) == ["optics", "particles"], list(blocks)
      starfile.write(blocks, "theirs.star", overwrite=True)
      """
    let texts = try [
      generated(randomPoses(20)),
      Array(written(ParticleSet(parsed(old)).document(describing: stack.get())).utf8),
    ]
    for text in texts {
      try withFolder { folder in
        try save(text, folder + "/ours.star")
        try output(of: python, ["-c", script], in: folder)
        let ours = try ParticleSet(contentsOf: folder + "/ours.star")
        let theirs = try ParticleSet(contentsOf: folder + "/theirs.star")
        #expect(theirs.poses == ours.poses)
        #expect(theirs.opticsGroups == ours.opticsGroups)
        try expectEqual(ours.table, theirs.table)
      }
    }
  }

  /// A blob off the centre of a box, seen by RELION's own projector, lands where the pose says.
  @Test(
    "RELION's projections agree with the sense of poses, in both layouts",
    .enabled(if: program("relion_project") != nil, "RELION is not installed"))
  func relionProjections() throws {
    let project = try #require(program("relion_project"))
    let (size, pixelSize) = (32, 2.0)
    let blob = SIMD3<Double>(5, -3, 4)
    let optics =
      "data_optics\nloop_\n_rlnOpticsGroup\n_rlnImagePixelSize\n_rlnVoltage\n"
      + "_rlnSphericalAberration\n_rlnImageSize\n1 2 300 2.7 32\n\n"
    let names = "_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n"
    let rows = ["0 0 0 0 0", "35 70 -20 4 -6", "-110 130 75 -3 5", "10 20 30 0 2"]
    let modern =
      optics + "data_particles\nloop_\n" + names
      + "_rlnOriginXAngst\n_rlnOriginYAngst\n_rlnOpticsGroup\n" + rows.map { $0 + " 1\n" }.joined() + "\n"
    let set = try ParticleSet(parsed(modern))
    try withFolder { folder in
      try save(volume(size: size, pixelSize: pixelSize, blob: blob), folder + "/blob.mrc")
      try save(written(parsed(modern)).utf8, folder + "/poses.star")
      try output(
        of: project, ["--i", "blob.mrc", "--ang", "poses.star", "--o", "out", "--angpix", "2"], in: folder)
      let bytes = try [UInt8](contentsOfFile: folder + "/out.mrcs")
      for (index, pose) in set.poses.enumerated() {
        let seen = centreOfMass(of: index, in: bytes, size: size)
        let moved = pose.rotation * (blob * pixelSize)
        let expected = (SIMD2(moved.x, moved.y) + pose.shiftInAngstroms) / pixelSize
        #expect(max(abs(seen.x - expected.x), abs(seen.y - expected.y)) < 0.05, "image \(index + 1)")
      }
      // And the poses that RELION writes beside its images are the ones it was given.
      #expect(try ParticleSet(contentsOf: folder + "/out.star").poses == set.poses)
    }
  }

  /// A map of one Gaussian with σ = 1.5 pixels, `blob` pixels from the origin.
  private func volume(size: Int, pixelSize: Double, blob: SIMD3<Double>) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 1024)
    func put(_ word: Int, _ value: Int32) {
      withUnsafeBytes(of: value.littleEndian) { header.replaceSubrange(word * 4..<word * 4 + 4, with: $0) }
    }
    for word in [0, 1, 2, 7, 8, 9] { put(word, Int32(size)) }
    put(3, 2)
    for word in [10, 11, 12] { put(word, Int32(bitPattern: Float(Double(size) * pixelSize).bitPattern)) }
    for (word, axis) in [(16, 1), (17, 2), (18, 3), (22, 1)] { put(word, Int32(axis)) }
    header.replaceSubrange(208..<216, with: Array("MAP ".utf8) + [0x44, 0x44, 0, 0])
    var bytes = header
    for z in 0..<size {
      for y in 0..<size {
        for x in 0..<size {
          let index: SIMD3<Double> = SIMD3(Double(x), Double(y), Double(z))
          let r = index - Double(size / 2) - blob
          let exponent: Double = -(r * r).sum() / 4.5
          let value = Float(exp(exponent))
          withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) }
        }
      }
    }
    return bytes
  }

  /// In pixels from the origin, of what stands well above the background.
  private func centreOfMass(of image: Int, in bytes: [UInt8], size: Int) -> SIMD2<Double> {
    let start = 1024 + image * size * size * 4
    let values = (0..<size * size).map { index in
      bytes.withUnsafeBytes { Double($0.loadUnaligned(fromByteOffset: start + index * 4, as: Float.self)) }
    }
    let threshold = 0.05 * (values.max() ?? 0)
    var (sum, mass) = (SIMD2<Double>(0, 0), 0.0)
    for (index, value) in values.enumerated() where value > threshold {
      let (row, column) = index.quotientAndRemainder(dividingBy: size)
      let place: SIMD2<Double> = SIMD2(Double(column - size / 2), Double(row - size / 2))
      sum += value * place
      mass += value
    }
    return sum / mass
  }
}

/// The python that `EXITPLANE_PYTHON` names, else the path's own, if it has the starfile package.
private let pythonWithStarfile: String? = {
  let named = ProcessInfo.processInfo.environment["EXITPLANE_PYTHON"]
  guard let python = named ?? program("python3") else { return nil }
  return (try? output(of: python, ["-c", "import starfile"], in: "/")) == nil ? nil : python
}()
