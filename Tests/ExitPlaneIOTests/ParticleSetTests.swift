import ExitPlane
import Foundation
import Testing

@testable import ExitPlaneIO

private let modern = """
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
  first 1 300 2.7 0.1 1.25 64
  'the second' 4 200 0.01 0.07 2.5 32

  # version 30001
  data_particles
  loop_
  _rlnImageName #1
  _rlnAngleRot #2
  _rlnAngleTilt #3
  _rlnAnglePsi #4
  _rlnOriginXAngst #5
  _rlnOriginYAngst #6
  _rlnOpticsGroup #7
  _rlnDefocusU #8
  _rlnDefocusV #9
  _rlnDefocusAngle #10
  _rlnPhaseShift #11
  000007@stacks/a.mrcs 10 20 30 1.5 -2.5 1 10000 9000 45 90
  000008@stacks/a.mrcs -40 50 160 0 0.25 4 11000 9500 -30 0

  """

private let old = """
  data_images
  loop_
  _rlnImageName #1
  _rlnVoltage #2
  _rlnSphericalAberration #3
  _rlnAmplitudeContrast #4
  _rlnMagnification #5
  _rlnDetectorPixelSize #6
  _rlnAngleRot #7
  _rlnAngleTilt #8
  _rlnAnglePsi #9
  _rlnOriginX #10
  _rlnOriginY #11
  1@a.mrcs 300 2.7 0.1 40000 5 10 20 30 2 -4
  2@a.mrcs 300 2.7 0.1 20000 5 10 20 30 2 -4
  3@a.mrcs 300 2.7 0.1 40000 5 10 20 30 0 0

  """

/// RELION's angles as its documentation has them: `A = Rz(-psi) Ry(-tilt) Rz(-rot)` takes the volume to
/// the image, written out as products of plain matrices.
private func relionMatrix(rot: Double, tilt: Double, psi: Double) -> [[Double]] {
  func turned(_ degrees: Double, _ i: Int, _ j: Int) -> [[Double]] {
    let angle = degrees * .pi / 180
    var matrix: [[Double]] = [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
    (matrix[i][i], matrix[i][j]) = (cosine(angle), -sine(angle))
    (matrix[j][i], matrix[j][j]) = (sine(angle), cosine(angle))
    return matrix
  }
  func product(_ a: [[Double]], _ b: [[Double]]) -> [[Double]] {
    (0..<3).map { i in (0..<3).map { j in (0..<3).reduce(0) { $0 + a[i][$1] * b[$1][j] } } }
  }
  // About y, z turns into x: the pair (2, 0).
  return product(turned(-psi, 0, 1), product(turned(-tilt, 2, 0), turned(-rot, 0, 1)))
}

/// By their series, so that the oracle shares nothing with the library.
private func sine(_ x: Double) -> Double {
  var (term, sum) = (x, x)
  for k in 1..<40 {
    term *= -x * x / Double((2 * k) * (2 * k + 1))
    sum += term
  }
  return sum
}

private func cosine(_ x: Double) -> Double { sine(.pi / 2 - x) }

private func difference(_ a: [[Double]], _ b: [[Double]]) -> Double {
  zip(a.joined(), b.joined()).map { abs($0 - $1) }.max() ?? .infinity
}

@Suite("Particles of a STAR file")
struct ParticleSetTests {
  @Test("RELION 3.1: poses, groups and all else")
  func modernLayout() throws {
    let set = try ParticleSet(parsed(modern))
    #expect(set.count == 2)
    #expect(set.opticsGroupIndices == [0, 1])
    #expect(
      set.opticsGroups == [
        ParticleOpticsGroup(
          name: "first", number: 1, pixelSizeInAngstroms: 1.25, imageSize: 64, voltageInKilovolts: 300,
          sphericalAberrationInMillimetres: 2.7, amplitudeContrast: 0.1),
        ParticleOpticsGroup(
          name: "the second", number: 4, pixelSizeInAngstroms: 2.5, imageSize: 32, voltageInKilovolts: 200,
          sphericalAberrationInMillimetres: 0.01, amplitudeContrast: 0.07),
      ])
    #expect(difference(set.poses[0].rotation.matrix, relionMatrix(rot: 10, tilt: 20, psi: 30)) < 1e-14)
    #expect(difference(set.poses[1].rotation.matrix, relionMatrix(rot: -40, tilt: 50, psi: 160)) < 1e-14)
    #expect(set.poses.map(\.shiftInAngstroms) == [SIMD2(-1.5, 2.5), SIMD2(0, -0.25)])
    let defocus = try #require(try set.defocus())
    #expect(
      defocus == [
        .init(uInAngstroms: 10000, vInAngstroms: 9000, angleInDegrees: 45, phaseShiftInDegrees: 90),
        .init(uInAngstroms: 11000, vInAngstroms: 9500, angleInDegrees: -30, phaseShiftInDegrees: 0),
      ])
    #expect(
      try set.imageNames() == [
        .init(number: 7, path: "stacks/a.mrcs"), .init(number: 8, path: "stacks/a.mrcs"),
      ])
  }

  @Test("RELION 3.0: pixels become ångströms, rows of equal optics groups")
  func oldLayout() throws {
    for text in [
      old, old.replacing("data_images", with: "data_"), old.replacing("data_images", with: "data_particles"),
    ] {
      let set = try ParticleSet(parsed(text))
      #expect(set.opticsGroupIndices == [0, 1, 0])
      #expect(set.opticsGroups.map(\.pixelSizeInAngstroms) == [1.25, 2.5])
      #expect(set.opticsGroups.map(\.number) == [1, 2])
      #expect(set.opticsGroups.map(\.voltageInKilovolts) == [300, 300])
      #expect(set.poses.map(\.shiftInAngstroms) == [SIMD2(-2.5, 5), SIMD2(-5, 10), SIMD2(0, 0)])
      #expect(difference(set.poses[2].rotation.matrix, relionMatrix(rot: 10, tilt: 20, psi: 30)) < 1e-14)
      #expect(try set.defocus() == nil)
    }
  }

  @Test("origins in pixels in 3.1's layout take their group's pixel size; those in ångströms go first")
  func pixelOrigins() throws {
    let pixels = modern.replacing("OriginXAngst", with: "OriginX").replacing("OriginYAngst", with: "OriginY")
    #expect(
      try ParticleSet(parsed(pixels)).poses.map(\.shiftInAngstroms)
        == [SIMD2(-1.875, 3.125), SIMD2(0, -0.625)])
    let both = modern.replacing("_rlnDefocusU", with: "_rlnOriginX")
    #expect(try ParticleSet(parsed(both)).poses[0].shiftInAngstroms == SIMD2(-1.5, 2.5))
  }

  @Test("origins that are not given are 0, and those that are 0 need no pixel size")
  func missingOrigins() throws {
    let table = "data_\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n"
    #expect(try ParticleSet(parsed(table + "1 2 3\n")).poses[0].shiftInAngstroms == SIMD2(0, 0))
    #expect(
      try ParticleSet(parsed(table + "_rlnOriginY\n1 2 3 0\n")).poses[0].shiftInAngstroms == SIMD2(0, 0))
    #expect(
      message { _ = try ParticleSet(parsed(table + "_rlnOriginY\n1 2 3 0\n1 2 3 -4\n")) }
        == "particles.star, line 8: _rlnOriginY is in pixels, whose size is nowhere given; "
        + "_rlnImagePixelSize in data_optics, _rlnDetectorPixelSize with _rlnMagnification in the table, "
        + "or a pixel size beside the file is needed")
    let given = try ParticleSet(parsed(table + "_rlnOriginY\n1 2 3 -4\n"), pixelSizeInAngstroms: 1.5)
    #expect(given.poses[0].shiftInAngstroms == SIMD2(0, 6))
    #expect(throws: ExitPlaneError.self) {
      _ = try ParticleSet(parsed(table + "1 2 3\n"), pixelSizeInAngstroms: 0)
    }
  }

  @Test("a single particle written as pairs, and optics as pairs")
  func pairs() throws {
    let text = """
      data_optics
      _rlnOpticsGroup 1
      _rlnImagePixelSize 2
      data_particles
      _rlnAngleRot 1
      _rlnAngleTilt 2
      _rlnAnglePsi 3
      _rlnOriginX 4
      """
    let set = try ParticleSet(parsed(text))
    #expect(set.count == 1)
    #expect(set.poses[0].shiftInAngstroms == SIMD2(-8, 0))
    #expect(set.opticsGroups[0].name == "opticsGroup1")
  }

  @Test(
    "names of images",
    arguments: [
      ("000012@stack.mrcs", 12, "stack.mrcs"), ("3@a/b@c.mrcs", 3, "a/b@c.mrcs"), ("img.mrc", 1, "img.mrc"),
    ])
  func imageNames(text: String, number: Int, path: String) {
    #expect(ParticleImageName(text) == ParticleImageName(number: number, path: path))
  }

  @Test("what names no image", arguments: ["", "@a.mrcs", "0@a.mrcs", "-1@a.mrcs", "x@a.mrcs", "1@"])
  func noImageNames(text: String) {
    #expect(ParticleImageName(text) == nil)
    let table = modern.replacing("000008@stacks/a.mrcs", with: text.isEmpty ? "\"\"" : text)
    #expect(
      message { _ = try ParticleSet(parsed(table)).imageNames() }
        == "particles.star, line 29: _rlnImageName is '\(text)'; a name like 000001@stack.mrcs is needed, "
        + "numbered from 1")
  }

  @Test("stacks are looked for in the working directory, beside the STAR file, and in the folders above it")
  func paths() throws {
    let name = ParticleImageName(number: 1, path: "stack.mrcs")
    #expect(name.description == "000001@stack.mrcs")
    #expect(ParticleImageName(number: 1_234_567, path: "s").description == "1234567@s")
    try withFolder { folder in
      for path in ["/a/b/beside.mrcs", "/a/Extract/above.mrcs", "/a/b/both.mrcs", "/a/both.mrcs"] {
        try FileManager.default.createDirectory(
          atPath: (folder + path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try save([], folder + path)
      }
      func found(_ path: String) -> String {
        ParticleImageName(number: 1, path: path).stackPath(namedIn: folder + "/a/b/particles.star")
      }
      #expect(found("beside.mrcs") == folder + "/a/b/beside.mrcs")
      #expect(found("both.mrcs") == folder + "/a/b/both.mrcs")
      #expect(found("Extract/above.mrcs").hasSuffix("/a/Extract/above.mrcs"))
      // Nowhere: the name itself, for messages. There: whatever the working directory.
      #expect(found("gone.mrcs") == "gone.mrcs")
      #expect(found(folder + "/a/both.mrcs") == folder + "/a/both.mrcs")
      // The working directory goes first; this test's own has the package.
      #expect(found("Package.swift") == "Package.swift")
    }
  }

  // MARK: Bad input

  @Test("tables that give no poses, by what the error says")
  func noPoses() {
    func refused(_ text: String) -> String { message { _ = try ParticleSet(parsed(text)) } }
    #expect(
      refused(modern.replacing("_rlnAngleTilt", with: "_rlnTilt").replacing("_rlnAnglePsi", with: "_rlnPsi"))
        == "particles.star, line 16: no column _rlnAngleTilt and _rlnAnglePsi among _rlnImageName, "
        + "_rlnAngleRot, _rlnTilt, _rlnPsi, _rlnOriginXAngst, _rlnOriginYAngst, _rlnOpticsGroup, "
        + "_rlnDefocusU, _rlnDefocusV, _rlnDefocusAngle, _rlnPhaseShift; "
        + "poses need _rlnAngleRot, _rlnAngleTilt and _rlnAnglePsi")
    #expect(
      refused("data_optics\n_rlnOpticsGroup 1\ndata_general\n_rlnX 1\n")
        == "particles.star: no table of particles in data_optics, data_general; a data_particles table "
        + "with _rlnAngleRot, _rlnAngleTilt and _rlnAnglePsi is needed")
    #expect(
      refused("data_particles\n\nloop_\n_rlnAngleRot\n_rlnAngleTilt\n_rlnAnglePsi\n")
        == "particles.star, line 3: data_particles has no rows; a pose at least is needed")
    #expect(
      refused(modern.replacing("-40 50 160", with: "-40 fifty 160"))
        == "particles.star, line 29: _rlnAngleTilt is 'fifty'; a number is needed")
    #expect(
      refused(modern.replacing("-40 50 160", with: "-40 nan 160"))
        == "particles.star, line 29: _rlnAngleTilt is 'nan'; a finite number is needed")
    #expect(
      refused(modern.replacing("0.25 4", with: "0.25"))
        == "particles.star, line 29: row has 10 values; the loop has 11 columns")
  }

  @Test("optics that do not fit, by what the error says")
  func badOptics() {
    func refused(_ text: String) -> String { message { _ = try ParticleSet(parsed(text)) } }
    #expect(
      refused(modern.replacing("0.25 4", with: "0.25 3"))
        == "particles.star, line 29: _rlnOpticsGroup is 3, which data_optics does not define; "
        + "one of 1, 4 is needed")
    #expect(
      refused(modern.replacing("'the second' 4", with: "x 1"))
        == "particles.star, line 12: _rlnOpticsGroup is 1 again; numbers that differ are needed "
        + "(the first is group 'first')")
    #expect(
      refused(modern.replacing("_rlnOpticsGroup #2", with: "_rlnNumber #2"))
        == "particles.star, line 3: data_optics has no _rlnOpticsGroup column; the groups' numbers are needed"
    )
    #expect(
      refused(modern.replacing("_rlnOpticsGroup #7", with: "_rlnNumber #7"))
        == "particles.star, line 16: no column _rlnOpticsGroup, and data_optics has 2 groups; "
        + "a group's number in every row is needed")
    #expect(
      refused(modern.replacing("0.07 2.5", with: "0.07 0"))
        == "particles.star, line 12: _rlnImagePixelSize is 0; a number above 0 is needed")
    #expect(
      refused(modern.replacing("2.5 32", with: "2.5 -32"))
        == "particles.star, line 12: _rlnImageSize is -32; a size above 0 is needed")
    #expect(
      refused(old.replacing("20000 5", with: "0 5"))
        == "particles.star, line 15: _rlnMagnification is 0; a number above 0 is needed")
    #expect(
      refused(old.replacing("20000 5", with: "high 5"))
        == "particles.star, line 15: _rlnMagnification is 'high'; a number is needed")
    #expect(
      refused(old.replacing("1@a.mrcs 300", with: "1@a.mrcs 300kV"))
        == "particles.star, line 14: _rlnVoltage is '300kV'; a number is needed")
  }
}
