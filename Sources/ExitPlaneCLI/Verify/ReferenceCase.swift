/// One case of cases.json: what goes in, what must come out, how closely.
struct ReferenceCase: Decodable {
  struct Volume: Decodable {
    let file: String
    let representation: String?
    let padScale: Double?
    let bFactorByElement: Double?
  }

  struct Image: Decodable {
    let shape: [Int]
    let paddedShape: [Int]
    let pixelSize: Double
    let voltageInKilovolts: Double?
  }

  let name: String
  let method: String
  let outputsRealSpace: Bool?
  let volume: Volume?
  let rotationMatrix: [[Double]]?
  let image: Image?
  let options: [String: OptionValue]?
  let coordinatesZyx: [[Double]]?
  let phiThetaPsiDegrees: [[Double]]?
  let eulerVectorDegrees: [[Double]]?
  let atomicNumbers: [Int]?
  let expected: StoredArray
  let maxAbsErrorOverMaxAbs: Double
}
