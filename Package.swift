// swift-tools-version: 6.1
import PackageDescription

let package = Package(
  name: "ExitPlane",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "ExitPlane", targets: ["ExitPlane"]),
    .library(name: "ExitPlaneIO", targets: ["ExitPlaneIO"]),
    .library(name: "exitplane_c", type: .dynamic, targets: ["CExitPlane"]),
    .executable(name: "exitplane", targets: ["ExitPlaneCLI"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-numerics", from: "1.1.1"),
  ],
  targets: [
    .systemLibrary(
      name: "CFFTW", pkgConfig: "fftw3f", providers: [.apt(["libfftw3-dev"]), .brew(["fftw"])]),
    .systemLibrary(
      name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"]), .brew(["libpng"])]),
    .systemLibrary(
      name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
    .systemLibrary(name: "CPOSIX"),
    .target(name: "CKernels", linkerSettings: [.linkedLibrary("m")]),
    .target(
      name: "CGemmi", linkerSettings: [.linkedLibrary("z"), .linkedLibrary("m")]),
    .target(
      name: "ExitPlane",
      dependencies: [
        "CFFTW", "CKernels",
        .product(name: "Numerics", package: "swift-numerics"),
      ]),
    .target(name: "ExitPlaneIO", dependencies: ["ExitPlane", "CGemmi", "CPNG", "CPOSIX", "CZlib"]),
    .executableTarget(
      name: "ExitPlaneCLI",
      dependencies: [
        "ExitPlane", "ExitPlaneIO",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .systemLibrary(name: "CExitPlaneHeader"),
    .target(name: "CExitPlane", dependencies: ["CExitPlaneHeader", "ExitPlane", "ExitPlaneIO"]),
    .target(name: "Oracles", path: "Tests/Oracles"),
    .testTarget(name: "ExitPlaneTests", dependencies: ["ExitPlane", "Oracles"]),
    .testTarget(name: "ExitPlaneIOTests", dependencies: ["ExitPlaneIO", "Oracles"]),
    .testTarget(name: "ExitPlaneCLITests", dependencies: ["ExitPlaneCLI", "Oracles"]),
  ],
  swiftLanguageModes: [.v6],
  cLanguageStandard: .c17,
  cxxLanguageStandard: .cxx17
)

// What builds the documentation is for those who work on the package, not for those who depend on it.
if Context.environment["EXITPLANE_DOCUMENTATION"] != nil {
  package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}
