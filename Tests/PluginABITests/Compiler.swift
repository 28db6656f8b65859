import Foundation

/// A C compiler of this machine, and where the sources of this repository are.
struct Compiler: CustomStringConvertible, Sendable {
  let path: String
  let language: [String]

  var description: String { "\(path) \(language.joined(separator: " "))" }

  static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// Every compiler that is there, with every language the header promises.
  static var all: [Compiler] {
    ["gcc", "clang"].compactMap(find).flatMap { path in
      [
        ["-std=c99"], ["-std=c11"], ["-std=c17"], ["-x", "c++", "-std=c++17"],
        ["-x", "c++", "-std=c++20"],
      ].map { Compiler(path: path, language: $0) }
    }
  }

  /// The Swift compiler, where there is one.
  static var swift: String? { find("swiftc") }

  /// The first compiler there is, for C99.
  static var any: Compiler? { all.first }

  private static func find(_ name: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { "\($0)/\(name)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  /// Compiles strictly; what the compiler said when it refused.
  func compile(_ source: String, to output: String, _ options: [String] = []) throws -> String {
    let (status, text) = try Self.run(
      path,
      language + ["-Wall", "-Wextra", "-Wpedantic", "-Werror"] + options
        + ["-I\(Self.root)/Sources/PluginABI/include", source, "-o", output])
    return status == 0 ? "" : text + "status \(status)"
  }

  /// Runs a program to its end.
  static func run(_ path: String, _ arguments: [String]) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(filePath: path)
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let text = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    return (process.terminationStatus, text)
  }

  /// A folder of its own for one test.
  static func withFolder<T>(_ body: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appending(
      component: "tally-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }
}
