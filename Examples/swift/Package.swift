// swift-tools-version: 6.1
import PackageDescription

/// The installation of Tally this plugin is built against; its PluginKit is sources, so nothing is
/// fetched.
let tally = Context.environment["TALLY_HOME"] ?? "../../dist"

let package = Package(
  name: "app-revenue",
  products: [.library(name: "app-revenue", type: .dynamic, targets: ["AppRevenue"])],
  dependencies: [.package(path: tally + "/share/tally/PluginKit")],
  targets: [
    .target(
      name: "AppRevenue", dependencies: [.product(name: "PluginKit", package: "PluginKit")],
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker", "--version-script=\(Context.packageDirectory)/exports.map",
          "-Xlinker", "-z", "-Xlinker", "nodelete",
        ])
      ])
  ])
