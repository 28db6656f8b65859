import Harness
import Testing

/// A server in which one fixture of `Tests/Fixtures/Plugins` is loaded.
enum FixtureServer {
  private static let root = #filePath.split(separator: "/", omittingEmptySubsequences: false)
    .dropLast(3).joined(separator: "/")

  /// Compiles the fixture and writes it into the server's file; `more` follows in its braces.
  static func make(
    _ plugin: String, more: String = "", flags: [String] = []
  ) throws -> TallyServer {
    let server = try TallyServer(
      config: """
        host:
          limits: { journal_segment_bytes: 1048576, read_wait_ms: 5000 }
        plugins:
          \(plugin): { enabled: true, path: ./lib\(plugin).so\(more) }

        """)
    let compile = [
      "cc", "-shared", "-fPIC", "-fvisibility=hidden", "-I\(root)/Sources/PluginABI/include",
      "\(root)/Tests/Fixtures/Plugins/\(plugin).c", "-o", "\(server.folder)/lib\(plugin).so",
    ]
    let (status, output) = try Subprocess.run(compile + flags)
    try #require(status == .code(0), "\(output)")
    return server
  }
}
