import ArgumentParser
import ExitPlane
import ExitPlaneIO

struct NoiseOptions: ParsableArguments {
  @Option(
    parsing: .unconditional,
    help: """
      Add noise at this signal-to-noise ratio: the variance of the noiseless images over that of the noise, over \
      all pixels. It is taken of 400 images spread evenly over the whole set (of all where there are fewer), the \
      same for every shard.
      """)
  var snr: Double?

  @Option(parsing: .unconditional, help: "Add noise of this standard deviation a pixel.")
  var noiseStd: Double?

  @Option(
    parsing: .unconditional,
    help: "Colour the noise: its power falls as 1/(1 + (q/Q)²), this Q in 1/Å; with --snr or --noise-std.")
  var noiseFalloff: Double?

  @Option(
    help: """
      Colour the noise as RELION's MODEL.star has it, at that file's power unless --snr or --noise-std scales it.
      """)
  var noiseModel: String?

  @Flag(help: "Draw electron counts from Poisson's distribution; the images must be expected counts.")
  var poisson = false

  mutating func validate() throws {
    if snr != nil, noiseStd != nil { throw ValidationError("give --snr or --noise-std, not both") }
    if noiseFalloff != nil, noiseModel != nil {
      throw ValidationError("give --noise-falloff or --noise-model, not both")
    }
    if noiseFalloff != nil, snr == nil, noiseStd == nil {
      throw ValidationError("--noise-falloff needs --snr or --noise-std")
    }
    if poisson, snr != nil || noiseStd != nil || noiseFalloff != nil || noiseModel != nil {
      throw ValidationError("--poisson is all of the noise: leave out the other options of noise")
    }
  }

  /// The noise of a plan's images, given the variance of noiseless ones to those who ask.
  func noise(on plane: ImageConfiguration, signalVariance: () throws -> Double) throws -> ImageNoise {
    if poisson { return .poisson }
    var variance: Double?
    if let snr {
      variance = try ImageNoise.variance(signalVariance: signalVariance(), signalToNoiseRatio: snr)
    } else if let noiseStd {
      variance = noiseStd * noiseStd
    }
    var spectrum: NoiseSpectrum?
    if let noiseFalloff {
      spectrum = try NoiseSpectrum(halfPowerFrequencyInReciprocalAngstroms: noiseFalloff)
    }
    if let noiseModel { spectrum = try NoiseSpectrum(relionModel: STARDocument(contentsOf: noiseModel)) }
    guard let spectrum else { return variance.map { .white(standardDeviation: $0.squareRoot()) } ?? .none }
    return .coloured(try variance.map { try spectrum.scaled(toVariance: $0, on: plane) } ?? spectrum)
  }

  func describe(into parameters: inout RunParameters) throws {
    parameters.append("SNR", snr.map { "\($0)" } ?? "none")
    parameters.append("noise deviation", noiseStd.map { "\($0)" } ?? "none")
    parameters.append("noise falloff", noiseFalloff.map { "\($0)" } ?? "none")
    parameters.append("noise model", try noiseModel.map { try fileFingerprint($0) } ?? "none")
    parameters.append("Poisson noise", poisson)
  }
}
