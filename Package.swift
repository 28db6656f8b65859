// swift-tools-version: 6.1
import PackageDescription

/// Rooms whose warnings are errors; the C shims and system libraries have no Swift settings.
let strict: [SwiftSetting] = [.unsafeFlags(["-warnings-as-errors"])]

/// The hot path is measured with whole-module optimisation and without exclusivity checks at run
/// time; debug builds and tests keep the checks on.
let hot: [SwiftSetting] =
  strict + [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]

func systemLibrary(_ name: String, _ package: String, apt: String) -> Target {
  .systemLibrary(name: name, path: "Sources/\(name)", pkgConfig: package, providers: [.apt([apt])])
}

/// A plugin is one line: its folder below `Plugins/` is its product, `lib<folder>.so`.
func loadablePlugin(
  folder: String, module: String, libraries: [Target.Dependency] = []
) -> (
  product: Product, target: Target, test: Target
) {
  (
    .library(name: folder, type: .dynamic, targets: [module, "PluginExports"]),
    .target(
      name: module, dependencies: ["PluginKit"] + libraries, path: "Plugins/\(folder)/Sources",
      swiftSettings: hot),
    .testTarget(
      name: module + "Tests",
      dependencies: [.byName(name: module), "Builtins", "FakeHost", "PluginTestKit"],
      path: "Plugins/\(folder)/Tests", swiftSettings: strict)
  )
}

func test(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, path: "Tests/\(name)", exclude: exclude,
    swiftSettings: strict)
}

let plugins = [
  loadablePlugin(folder: "views", module: "Views"),
  loadablePlugin(folder: "sdk-behaviour", module: "SDKBehaviour"),
  loadablePlugin(folder: "user-agent", module: "UserAgent", libraries: ["CPCRE2"]),
]

let package = Package(
  name: "tally",
  platforms: [.macOS(.v15)],
  products: [
    .executable(name: "tally", targets: ["Host"]),
    .executable(name: "tally-runner", targets: ["Runner"]),
  ] + plugins.map(\.product),
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
  ],
  targets: [
    // The contract and its two faces.
    .target(name: "PluginABI", path: "Sources/PluginABI"),
    .target(name: "PluginKit", dependencies: ["PluginABI"], swiftSettings: hot),
    // In the libraries of plugins and nowhere else: the linker lets them export their entry only.
    .target(
      name: "PluginExports", exclude: ["exports.map"],
      linkerSettings: [
        .unsafeFlags([
          "-Xlinker",
          "--version-script=\(Context.packageDirectory)/Sources/PluginExports/exports.map",
          "-Xlinker", "-z", "-Xlinker", "nodelete",
        ])
      ]),
    .target(
      name: "PluginRuntime",
      dependencies: [
        "PluginABI", "Store", "CBreadcrumb", "CCrypto", "CIsolation",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: hot),
    .target(name: "CBreadcrumb"),
    .target(
      name: "PluginTestKit",
      dependencies: [
        "PluginABI", "PluginRuntime", "Store", "Builtins",
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(name: "CIsolation"),
    systemLibrary("CSeccomp", "libseccomp", apt: "libseccomp-dev"),
    .executableTarget(
      name: "Runner", dependencies: ["PluginRuntime", "CSeccomp"], swiftSettings: hot),

    // Durable rooms.
    .target(name: "CCRC32C", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "CProcessor", cSettings: [.unsafeFlags(["-O3"])]),
    .target(name: "Journal", dependencies: ["CCRC32C"], swiftSettings: hot),
    .target(
      name: "Store",
      dependencies: [
        "CLZ4", "CXXHash", "CProcessor", "CCrypto",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: hot),

    // C libraries of the system, and the one shim over C++.
    systemLibrary("CYAML", "yaml-0.1", apt: "libyaml-dev"),
    systemLibrary("CXXHash", "libxxhash", apt: "libxxhash-dev"),
    systemLibrary("CLZ4", "liblz4", apt: "liblz4-dev"),
    systemLibrary("CCrypto", "libcrypto", apt: "libssl-dev"),
    systemLibrary("CArgon2", "libargon2", apt: "libargon2-dev"),
    systemLibrary("CCurl", "libcurl", apt: "libcurl4-openssl-dev"),
    systemLibrary("CPCRE2", "libpcre2-8", apt: "libpcre2-dev"),
    systemLibrary("CPNG", "libpng", apt: "libpng-dev"),
    systemLibrary("CTurboJPEG", "libturbojpeg", apt: "libturbojpeg0-dev"),
    systemLibrary("CGIF", "libgif", apt: "libgif-dev"),
    systemLibrary("CMaxMindDB", "libmaxminddb", apt: "libmaxminddb-dev"),
    .target(
      name: "CSimdjson", dependencies: ["PluginABI"],
      cxxSettings: [.unsafeFlags(["-O3", "-std=c++17"])],
      linkerSettings: [.linkedLibrary("simdjson")]),

    .target(name: "Builtins", dependencies: ["PluginKit"], swiftSettings: hot),
    .executableTarget(
      name: "Host",
      dependencies: [
        "PluginABI", "PluginRuntime", "PluginTestKit", "Journal", "Store", "Builtins",
        "CSimdjson", "CYAML", "CXXHash", "CCrypto", "CArgon2", "CCurl", "CMaxMindDB", "CPCRE2",
        "CProcessor", "CPNG", "CTurboJPEG", "CGIF",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOWebSocket", package: "swift-nio"),
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: hot),

    // The yardstick: SwiftNIO answering the same bytes and doing nothing else.
    .executableTarget(
      name: "bare-nio",
      dependencies: [
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
      ],
      path: "Benchmarks/bare-nio", swiftSettings: hot),
    .executableTarget(
      name: "bench", dependencies: ["Harness"], path: "Benchmarks/bench", swiftSettings: strict),

    .executableTarget(
      name: "hook-bench",
      dependencies: [
        "PluginABI", "PluginKit", "PluginRuntime", "Store",
        .product(name: "Logging", package: "swift-log"),
      ],
      path: "Benchmarks/hooks", exclude: ["walk.c"], swiftSettings: hot),

    // Tests. `Harness` drives the finished program from outside and knows none of its rooms;
    // `FakeHost` is the host's side of the contract with plain dictionaries, for tests of plugins
    // alone.
    .target(name: "Harness", path: "Tests/Harness", swiftSettings: strict),
    .target(name: "TestThreads", path: "Tests/TestThreads", swiftSettings: strict),
    .target(
      name: "FakeHost", dependencies: ["PluginABI", "PluginTestKit"], path: "Tests/FakeHost",
      swiftSettings: strict),
    test("TidyTests", []),
    test(
      "PluginABITests", ["PluginABI", "PluginKit", "FakeHost"], exclude: ["golden-1.0.txt"]),
    test("PluginKitTests", ["PluginKit", "FakeHost"]),
    test("PluginTestKitTests", ["PluginTestKit", "PluginABI", "Harness"]),
    test(
      "PluginRuntimeTests",
      [
        "PluginABI", "PluginRuntime", "Store", "CCrypto", "Harness",
        .product(name: "Logging", package: "swift-log"),
      ]),
    test("BuiltinsTests", ["Builtins", "FakeHost"]),
    test("JournalTests", ["Journal", "CCRC32C", "Harness"]),
    test("StoreTests", ["Store", .product(name: "GRDB", package: "GRDB.swift")]),
    test(
      "HostTests",
      [
        "Host", "Journal", "Store", "PluginABI", "PluginRuntime", "CSimdjson", "PluginTestKit",
        "Harness",
      ]),
    test(
      "ServiceTests",
      [
        "Host", "Journal", "Store", "PluginABI", "PluginKit", "PluginRuntime", "Builtins",
        "Harness", "TestThreads", .product(name: "GRDB", package: "GRDB.swift"),
      ]),
    test("EndToEndTests", ["Harness", "TestThreads"], exclude: ["Conversations"]),
    test("SimulationTests", ["Harness", "TestThreads"]),
  ] + plugins.map(\.test)
    + plugins.map(\.target),
  cxxLanguageStandard: .cxx17
)
