import ExitPlane
import ExitPlaneIO
import Foundation
import Testing

/// Files as other programs write them, down to their comments and column numbers.
@Suite("STAR files of other programs")
struct STARLayoutTests {
  struct Layout: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let text: String
    /// Of all groups, in order.
    let pixelSizes: [Double]
    /// Of the first particle, in ångströms.
    let shift: SIMD2<Double>
    let defocus: Double
  }

  static let layouts = [
    Layout(
      testDescription: "RELION 3.0",
      text: """

        data_

        loop_
        _rlnVoltage #1
        _rlnDefocusU #2
        _rlnDefocusV #3
        _rlnDefocusAngle #4
        _rlnSphericalAberration #5
        _rlnDetectorPixelSize #6
        _rlnMagnification #7
        _rlnAmplitudeContrast #8
        _rlnImageName #9
        _rlnMicrographName #10
        _rlnAngleRot #11
        _rlnAngleTilt #12
        _rlnAnglePsi #13
        _rlnOriginX #14
        _rlnOriginY #15
        _rlnBeamTiltX #16
        _rlnBeamTiltY #17
        _rlnClassNumber #18
        _rlnNormCorrection #19
          300.000000 10864.146484 10575.793945    77.995003     2.700000     5.000000 33333.332031     0.100000 000001@Extract/job101/Movies/20170629_00021_frameImage.mrcs MotionCorr/job002/Movies/20170629_00021_frameImage.mrc    -1.500000    45.250000    12.000000     1.000000    -2.000000     0.100000    -0.200000            1     0.866539
          300.000000 10864.146484 10575.793945    77.995003     2.700000     5.000000 33333.332031     0.100000 000002@Extract/job101/Movies/20170629_00021_frameImage.mrcs MotionCorr/job002/Movies/20170629_00021_frameImage.mrc    90.500000    91.250000    -5.000000     0.000000     3.000000     0.100000    -0.200000            2     0.812939

        """, pixelSizes: [1.5], shift: SIMD2(-1.5, 3), defocus: 10864.146484),
    Layout(
      testDescription: "RELION 3.1 and 4",
      text: """

        # version 30001

        data_optics

        loop_
        _rlnOpticsGroupName #1
        _rlnOpticsGroup #2
        _rlnMtfFileName #3
        _rlnMicrographOriginalPixelSize #4
        _rlnVoltage #5
        _rlnSphericalAberration #6
        _rlnAmplitudeContrast #7
        _rlnImagePixelSize #8
        _rlnImageSize #9
        _rlnImageDimensionality #10
        _rlnBeamTiltX #11
        _rlnBeamTiltY #12
        _rlnOddZernike #13
        _rlnEvenZernike #14
        _rlnMagMat00 #15
        _rlnMagMat01 #16
        _rlnMagMat10 #17
        _rlnMagMat11 #18
        opticsGroup1            1 mtf_k2_200kV.star     0.885000   200.000000     1.400000     0.100000     1.500000           16            2     0.078600     -0.01460 [0.00167743,-0.00210233,11.4327,-3.03172,4.27731,8.69573] [-0.0137352,-1.55073,-0.0297632,-1.38219,-10.2306,2.67331,-0.150223,5.0093,3.30157]     1.000203     0.000160     0.000160     0.999602


        # version 30001

        data_particles

        loop_
        _rlnCoordinateX #1
        _rlnCoordinateY #2
        _rlnAnglePsi #3
        _rlnImageName #4
        _rlnMicrographName #5
        _rlnOpticsGroup #6
        _rlnCtfMaxResolution #7
        _rlnDefocusU #8
        _rlnDefocusV #9
        _rlnDefocusAngle #10
        _rlnCtfBfactor #11
        _rlnCtfScalefactor #12
        _rlnPhaseShift #13
        _rlnAngleRot #14
        _rlnAngleTilt #15
        _rlnOriginXAngst #16
        _rlnOriginYAngst #17
        _rlnRandomSubset #18
         1614.217657   985.306608   -169.10000 000001@Extract/job018/Movies/20170629_00021_frameImage.mrcs MotionCorr/job002/Movies/20170629_00021_frameImage.mrc            1     4.809192 10863.857422 10575.721680    77.995003     0.000000     1.000000     0.000000   -99.800000    58.200000     2.204000    -0.531000            1
         1650.000000  1985.306608     14.30000 000002@Extract/job018/Movies/20170629_00021_frameImage.mrcs MotionCorr/job002/Movies/20170629_00021_frameImage.mrc            1     4.809192 10863.857422 10575.721680    77.995003     0.000000     1.000000     0.000000    19.800000    98.200000    -1.204000     0.531000            2

        """, pixelSizes: [1.5], shift: SIMD2(-2.204, 0.531), defocus: 10863.857422),
    Layout(
      testDescription: "RELION 5",
      text: """

        # version 50001

        data_optics

        loop_
        _rlnOpticsGroupName #1
        _rlnOpticsGroup #2
        _rlnMicrographOriginalPixelSize #3
        _rlnVoltage #4
        _rlnSphericalAberration #5
        _rlnAmplitudeContrast #6
        _rlnImagePixelSize #7
        _rlnImageSize #8
        _rlnImageDimensionality #9
        _rlnCtfDataAreCtfPremultiplied #10
        opticsGroup1            1     0.885000   300.000000     2.700000     0.100000     1.500000           16            2            0
        opticsGroup2            2     0.885000   300.000000     2.700000     0.100000     1.500000           16            2            0


        # version 50001

        data_particles

        loop_
        _rlnImageName #1
        _rlnOpticsGroup #2
        _rlnAngleRot #3
        _rlnAngleTilt #4
        _rlnAnglePsi #5
        _rlnOriginXAngst #6
        _rlnOriginYAngst #7
        _rlnDefocusU #8
        _rlnDefocusV #9
        _rlnDefocusAngle #10
        000001@Extract/job018/a.mrcs 1 -1.5 45.25 12 1.5 -3 10000 9900 3
        000002@Extract/job018/a.mrcs 2 10.5 95.25 12 0 0 9000 8900 3

        """, pixelSizes: [1.5, 1.5], shift: SIMD2(-1.5, 3), defocus: 10000),
    Layout(
      testDescription: "cryoSPARC by csparc2star.py (pyem)",
      text: """
        # Created by the starfile Python package (version 0.4.11) at 10:11:12 on 01/02/2023

        data_optics

        loop_
        _rlnVoltage #1
        _rlnImagePixelSize #2
        _rlnSphericalAberration #3
        _rlnAmplitudeContrast #4
        _rlnOpticsGroup #5
        _rlnImageSize #6
        _rlnImageDimensionality #7
        _rlnOpticsGroupName #8
        300.000000\t1.500000\t2.700000\t0.100000\t1\t16\t2\topticsGroup1


        data_particles

        loop_
        _rlnImageName #1
        _rlnMicrographName #2
        _rlnCoordinateX #3
        _rlnCoordinateY #4
        _rlnAngleRot #5
        _rlnAngleTilt #6
        _rlnAnglePsi #7
        _rlnOriginXAngst #8
        _rlnOriginYAngst #9
        _rlnDefocusU #10
        _rlnDefocusV #11
        _rlnDefocusAngle #12
        _rlnPhaseShift #13
        _rlnCtfBfactor #14
        _rlnOpticsGroup #15
        _rlnRandomSubset #16
        _rlnClassNumber #17
        _cryosparcUid #18
        000001@J12/extract/000000_particles.mrc\tJ2/motioncorrected/a.mrc\t100\t200\t-1.5\t45.25\t12\t1.5\t-3\t12000.5\t11800.25\t-30.1\t0\t0\t1\t1\t1\t13087421982364
        000002@J12/extract/000000_particles.mrc\tJ2/motioncorrected/a.mrc\t130\t220\t31.5\t95.25\t12\t0\t0\t12000.5\t11800.25\t-30.1\t0\t0\t1\t2\t1\t73087421982364

        """, pixelSizes: [1.5], shift: SIMD2(-1.5, 3), defocus: 12000.5),
    Layout(
      testDescription: "cisTEM's export to RELION",
      text: """
        data_

        loop_
        _rlnMicrographName #1
        _rlnCoordinateX #2
        _rlnCoordinateY #3
        _rlnImageName #4
        _rlnDefocusU #5
        _rlnDefocusV #6
        _rlnDefocusAngle #7
        _rlnPhaseShift #8
        _rlnVoltage #9
        _rlnSphericalAberration #10
        _rlnAmplitudeContrast #11
        _rlnMagnification #12
        _rlnDetectorPixelSize #13
        _rlnAngleRot #14
        _rlnAngleTilt #15
        _rlnAnglePsi #16
        _rlnOriginX #17
        _rlnOriginY #18
        a.mrc 12.5 17.25 000001@stack.mrcs 20000 19800 10.5 0.000000 300.00 2.70 0.07 10000.000000 1.500000 -1.5 45.25 12.0 1.0 -2.0
        a.mrc 92.5 37.25 000002@stack.mrcs 20000 19800 10.5 0.000000 300.00 2.70 0.07 10000.000000 1.500000 -31.5 65.25 12.0 0.0 0.0

        """, pixelSizes: [1.5], shift: SIMD2(-1.5, 3), defocus: 20000),
  ]

  @Test("are read, projected and simulated, and what is written is RELION 3.1's", arguments: Self.layouts)
  func reads(_ layout: Layout) throws {
    let folder = try ScratchFolder()
    try folder.write("map.mrc", blobMap(16))
    try folder.write("poses.star", layout.text)
    for command in ["project", "simulate"] {
      let run = try CommandRun(
        [command, "map.mrc", "--poses", "poses.star", "--output", command == "project" ? "out.mrcs" : "out"],
        in: folder.path)
      #expect(run.status == 0, "\(run.standardError)")
      let set = try ParticleSet(contentsOf: folder["out.star"])
      #expect(set.document.blocks.map(\.name) == ["optics", "particles"])
      #expect(set.count == 2 && set.opticsGroups.map(\.pixelSizeInAngstroms) == layout.pixelSizes)
      #expect(set.opticsGroups.map(\.imageSize) == layout.pixelSizes.map { _ in 16 })
      let off = set.poses[0].shiftInAngstroms - layout.shift
      #expect(max(abs(off.x), abs(off.y)) < 1e-6)
      #expect(try abs((set.transferFunctions()?[0].defocusUInAngstroms ?? 0) - layout.defocus) < 1e-6)
      #expect(try set.imageNames()?.map(\.description) == ["000001@out.mrcs", "000002@out.mrcs"])
      #expect(set.table["rlnImageOriginalName"]?[1].hasPrefix("000002@") == true)
      #expect(
        set.table["rlnNormCorrection"] == nil && set.document["optics"]?.table?["rlnMtfFileName"] == nil)
    }
  }
}
