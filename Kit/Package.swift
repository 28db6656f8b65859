// swift-tools-version: 6.1
import PackageDescription

// What `make build` lays beside these sources in share/tally/PluginKit of an installation: the
// contract and its Swift face, to be compiled into a plugin. Nothing is fetched.
let package = Package(
  name: "PluginKit",
  products: [.library(name: "PluginKit", type: .static, targets: ["PluginKit"])],
  targets: [
    .target(name: "PluginABI"),
    .target(
      name: "PluginKit", dependencies: ["PluginABI"],
      swiftSettings: [
        .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))
      ]
    ),
  ])
