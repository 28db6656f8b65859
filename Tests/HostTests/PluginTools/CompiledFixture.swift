import Harness
import PluginTestKit

/// Programs of the harness that tests of the plugin tools need; the harness and the host have names
/// in common, so no file imports both.
enum CompiledFixture {
  static let root = Fixture.root

  static func library(_ name: String, in folder: TestFolder, flags: [String] = []) throws -> String
  {
    try Fixture.compile(name, flags, in: folder.path)
  }

  /// Runs `make` in a folder; whether it succeeded.
  static func make(in folder: String, _ arguments: String...) throws -> Bool {
    try Subprocess.run(["make", "-s", "-C", folder] + arguments).status == .code(0)
  }
}
