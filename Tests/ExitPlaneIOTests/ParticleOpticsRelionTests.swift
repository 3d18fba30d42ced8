import ExitPlane
import Foundation
import Oracles
import Testing

@testable import ExitPlaneIO

@Suite("Optics as RELION sees them")
struct ParticleOpticsRelionTests {
  private let side = 32
  private let pixelSize = 1.5
  private let mixture: GaussianMixtureVolume
  private let stack: ParticleStack
  private let poses: PoseGenerator
  private let defocus: DefocusGenerator

  init() throws {
    mixture = try GaussianMixtureVolume(
      positions: [SIMD3(2, -3, 4), SIMD3(-6, 4, -1), SIMD3(5, 6, 2), SIMD3(-2, -7, -6)],
      amplitudes: [[5], [8], [6], [4]], variances: [[1.5], [1.2], [2], [1.5]])
    stack = try ParticleStack(path: "images.mrcs", imageSize: 32, pixelSizeInAngstroms: 1.5)
    poses = try PoseGenerator(shifts: .gaussian(standardDeviationInAngstroms: 2), seed: 5)
    defocus = try DefocusGenerator(
      base: ContrastTransferFunction(defocusUInAngstroms: 0), defocusInAngstroms: 6000...12000,
      astigmatismInAngstroms: 300...1500, seed: 5)
  }

  private var map: RealVoxelGridVolume<Double> {
    get throws {
      try GaussianMixtureRendering(accuracy: 1e-9).render(
        mixture, boxSize: side, voxelSizeInAngstroms: pixelSize)
    }
  }

  private func correlation(_ a: [Double], _ b: [Double]) -> (coefficient: Double, slope: Double) {
    let (ma, mb) = (a.reduce(0, +) / Double(a.count), b.reduce(0, +) / Double(b.count))
    var (ab, aa, bb) = (0.0, 0.0, 0.0)
    for (x, y) in zip(a, b) {
      ab += (x - ma) * (y - mb)
      aa += (x - ma) * (x - ma)
      bb += (y - mb) * (y - mb)
    }
    return (ab / (aa * bb).squareRoot(), ab / aa)
  }

  private func writeSTAR(
    _ path: String, count: Int, aberrations: AntisymmetricAberrations? = nil
  ) throws {
    var bytes: [UInt8] = []
    var writer = try ParticleRowWriter(
      describing: stack, columns: .init(imageNames: true, transferFunctions: true), aberrations: aberrations,
      to: { bytes.append(contentsOf: $0) })
    for index in 0..<count {
      try writer.append(
        .init(
          pose: poses.pose(index),
          imageName: ParticleImageName(number: index + 1, path: "images.mrcs").description,
          transfer: defocus.transferFunction(index)))
    }
    try writer.finish()
    try save(bytes, path)
  }

  @Test(
    "projection times transfer function is relion_project's, in sign, scale and astigmatism",
    .enabled(if: program("relion_project") != nil, "RELION is not installed"))
  func projections() throws {
    let project = try #require(program("relion_project"))
    try withFolder { folder in
      let map = try map
      try writeMRCVolume(folder + "/map.mrc", map)
      try writeSTAR(folder + "/p.star", count: 6)
      let arguments = [
        "--i", "map.mrc", "--ang", "p.star", "--o", "out", "--ctf", "--angpix", "1.5", "--pad", "4",
      ]
      try output(of: project, arguments, in: folder)
      let theirs = try MRCFile(path: folder + "/out.mrcs")
      let plane = try ImageConfiguration(shape: GridShape(square: side), pixelSizeInAngstroms: pixelSize)
      let volume = try FourierVoxelWindowVolume(map, accuracy: 1e-6)
      let integrator = FourierSliceExtraction<FourierVoxelWindowVolume<Double>>(
        outputsIntegral: false, resolutionInAngstroms: 3.01)
      let plan = try ImageFormationPlan(integrator.makeProjector(for: volume, onto: plane))
      var workspace = try plan.makeWorkspace()
      for index in 0..<6 {
        // As the file has them, in six decimals.
        let set = try ParticleSet(contentsOf: folder + "/p.star")
        let transfer = try #require(try set.transferFunctions())[index]
        let ours = try plan.image(
          of: ImagedParticle(number: 0, pose: set.poses[index], transfer: transfer), using: &workspace)
        let (coefficient, slope) = correlation(
          Array(ours), try theirs.readImage(index, as: Double.self).values)
        #expect(coefficient > 0.999 && abs(slope - 1) < 0.01, "\(index): \(coefficient), \(slope)")
      }
    }
  }

  @Test(
    "relion_star_handler takes the file, and what it writes is read as the same",
    .enabled(if: program("relion_star_handler") != nil, "RELION is not installed"))
  func starHandler() throws {
    let handler = try #require(program("relion_star_handler"))
    try withFolder { folder in
      let aberrations = try AntisymmetricAberrations(beamTiltInMilliradians: SIMD2(0.5, -0.25))
      try writeSTAR(folder + "/p.star", count: 9, aberrations: aberrations)
      try output(of: handler, ["--i", "p.star", "--o", "q.star"], in: folder)
      let (ours, theirs) = try (
        ParticleSet(contentsOf: folder + "/p.star"), ParticleSet(contentsOf: folder + "/q.star")
      )
      // RELION writes five or six decimals.
      for (a, b) in zip(ours.poses, theirs.poses) {
        let off = a.shiftInAngstroms - b.shiftInAngstroms
        #expect(a.rotation.angleInDegrees(to: b.rotation) < 3e-5 && max(abs(off.x), abs(off.y)) < 6e-6)
      }
      #expect(try theirs.aberrations() == [aberrations])
      let (mine, read) = (try ours.transferFunctions(), try theirs.transferFunctions())
      let pairs = try zip(#require(mine), #require(read))
      #expect(pairs.allSatisfy { abs($0.defocusUInAngstroms - $1.defocusUInAngstroms) < 6e-6 })
      #expect(pairs.allSatisfy { abs($0.astigmatismAngleInDegrees - $1.astigmatismAngleInDegrees) < 6e-6 })
    }
  }

  /// Images of the mixture, as a microscope with these aberrations and this distortion gives them, in "images.mrcs".
  private func writeImages(
    count: Int, _ antisymmetric: AntisymmetricAberrations, symmetric: SymmetricAberrations = .none,
    magnification: AnisotropicMagnification = .none, in folder: String
  ) throws {
    let plane = try ImageConfiguration(
      shape: GridShape(square: side), pixelSizeInAngstroms: pixelSize, magnification: magnification)
    let plan = try ImageFormationPlan(
      GaussianMixtureProjection<Double>().makeProjector(for: mixture, onto: plane))
    let factors = try AberrationFactors<Double>(
      antisymmetric, symmetric: symmetric, magnification: magnification, shape: plane.shape,
      pixelSizeInAngstroms: pixelSize, voltageInKilovolts: 300, sphericalAberrationInMillimetres: 2.7)
    let images = try MRCStackWriter(
      path: folder + "/images.mrcs", shape: plane.shape, count: count, pixelSizeInAngstroms: pixelSize)
    let (poses, defocus) = (poses, defocus)
    try plan.imageEach(
      count: count, threads: 2,
      particle: {
        ImagedParticle(
          number: UInt64($0), pose: poses.pose($0), transfer: defocus.transferFunction($0),
          aberrations: factors)
      }, consume: { index, image in try images.write(image, at: index) })
    try images.finish()
  }

  /// How like the map is what relion_reconstruct makes of the images by a STAR file.
  private func likenessOfReconstruction(_ star: String, in folder: String) throws -> Double {
    let reconstruct = try #require(program("relion_reconstruct"))
    try output(of: reconstruct, ["--i", star, "--o", "r.mrc", "--ctf"], in: folder)
    let result = try MRCFile(path: folder + "/r.mrc").readVolume(as: Double.self)
    return try correlation(map.values, result.values).coefficient
  }

  /// relion_reconstruct takes the aberrations out of images that say they have them.
  @Test(
    "beam tilt and Zernike coefficients are undone by relion_reconstruct, and not with the other sign",
    .enabled(if: program("relion_reconstruct") != nil, "RELION is not installed"))
  func reconstruction() throws {
    let count = 400
    let right = try AntisymmetricAberrations(
      beamTiltInMilliradians: SIMD2(6, -4), oddZernike: [0, 0, 40, 0, 0, -60])
    let wrong = try AntisymmetricAberrations(
      beamTiltInMilliradians: SIMD2(-6, 4), oddZernike: [0, 0, -40, 0, 0, 60])
    try withFolder { folder in
      try writeImages(count: count, right, in: folder)
      func likeness(_ aberrations: AntisymmetricAberrations) throws -> Double {
        try writeSTAR(folder + "/p.star", count: count, aberrations: aberrations)
        return try likenessOfReconstruction("p.star", in: folder)
      }
      let (good, bad) = (try likeness(right), try likeness(wrong))
      #expect(good > 0.97 && bad < 0.9, "\(good) and \(bad)")
    }
  }

  /// relion_reconstruct undoes the distortion and has it, and symmetric aberrations, in the transfer function.
  @Test(
    "magnification and even Zernike coefficients are undone by relion_reconstruct, and not if they are others",
    .enabled(if: program("relion_reconstruct") != nil, "RELION is not installed"))
  func distortedReconstruction() throws {
    let count = 400
    let (right, zernike) = ([1.15, 0.12, -0.06, 0.88], [0.0, 40, 30, -50])
    try withFolder { folder in
      try writeImages(
        count: count, AntisymmetricAberrations(), symmetric: SymmetricAberrations(evenZernike: zernike),
        magnification: AnisotropicMagnification(
          firstRow: SIMD2(right[0], right[1]), secondRow: SIMD2(right[2], right[3])), in: folder)
      try writeSTAR(folder + "/p.star", count: count)
      let document = try STARDocument(contentsOf: folder + "/p.star")
      func likeness(_ m: [Double], _ zernike: [Double]) throws -> Double {
        var changed = document
        var optics = try #require(document["optics"]?.table)
        for (name, value) in zip(["00", "01", "10", "11"], m) {
          try optics.setColumn(STARColumn(name: "rlnMagMat" + name, values: ["\(value)"]))
        }
        try optics.setColumn(STARColumn(name: "rlnEvenZernike", values: ["\(zernike)".filter { $0 != " " }]))
        let index = try #require(changed.blocks.firstIndex { $0.name == "optics" })
        changed.blocks[index].table = optics
        try save(written(changed).utf8, folder + "/q.star")
        return try likenessOfReconstruction("q.star", in: folder)
      }
      let good = try likeness(right, zernike)
      #expect(good > 0.96, "\(good)")
      // Undistorted, transposed, inverted, and the other sign of the aberrations.
      for (m, z) in [
        ([1, 0, 0, 1], zernike), ([1.15, -0.06, 0.12, 0.88], zernike),
        ([0.864, -0.118, 0.059, 1.129], zernike),
        (right, zernike.map { -$0 }),
      ] {
        let other = try likeness(m, z)
        #expect(other < good - 0.02, "\(m) \(z): \(other), and \(good)")
      }
    }
  }
}
