// swift-tools-version: 6.1
import PackageDescription

// A package of its own: its flags are unsafe ones, which no package that others depend on may have.
let package = Package(
  name: "Fuzzing",
  dependencies: [.package(name: "ExitPlane", path: "..")],
  targets: [
    .executableTarget(
      name: "fuzz-readers",
      dependencies: [
        .product(name: "ExitPlane", package: "ExitPlane"),
        .product(name: "ExitPlaneIO", package: "ExitPlane"),
      ],
      // gold, the default on Linux, stops at an internal error over libFuzzer's debug information.
      linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])])
  ],
  swiftLanguageModes: [.v6]
)
