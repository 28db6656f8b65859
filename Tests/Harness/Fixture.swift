/// The plugins in C of `Tests/Fixtures`, built as their authors would.
package enum Fixture {
  /// The folder of this repository.
  package static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")

  /// Builds `Tests/Fixtures/Plugins/<name>.c` and puts it at `library` in one step, as an installer
  /// does: a server that watches the place never sees half a file.
  package static func compile(
    _ name: String, _ flags: [String] = [], to library: String
  ) throws(HarnessError) {
    let (status, output) = try Subprocess.run(
      [
        "cc", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-fvisibility=hidden", "-pthread",
        "-I\(root)/Sources/PluginABI/include",
      ] + flags + ["\(root)/Tests/Fixtures/Plugins/\(name).c", "-o", library + ".new"])
    guard status == .code(0) else { throw HarnessError("\(name).c does not compile: \(output)") }
    try Files.rename(library + ".new", to: library)
  }

  /// Builds a fixture as `lib<name>.so` in a folder; its path.
  package static func compile(
    _ name: String, _ flags: [String] = [], in folder: String
  ) throws(HarnessError) -> String {
    let library = "\(folder)/lib\(name).so"
    try compile(name, flags, to: library)
    return library
  }
}
