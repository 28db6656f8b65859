import Foundation
import Testing

@testable import Host

@Suite struct ControlServerTests {
  private let echo: @Sendable (ControlRequest) -> ControlReply = { request in
    request.command == "echo"
      ? .success(request.arguments)
      : .failure(CommandError(.invalidArgument, "unknown command \(request.command)"))
  }

  private func ask(
    _ command: String, in folder: String, _ arguments: [String: String] = [:]
  ) throws -> [String: String]? {
    try ControlClient.ask(ControlRequest(command: command, arguments: arguments), folder: folder)?
      .get()
  }

  private func connect(_ folder: String) throws -> ControlSocket {
    guard let socket = try ControlSocket.connect(folder: folder) else {
      throw CommandError(.control, "nobody listens in \(folder)")
    }
    return socket
  }

  @Test(
    "A command gets its answer, also in a folder deeper than a socket's name", arguments: [0, 6])
  func answers(depth: Int) throws {
    let folder = try TemporaryFolder(depth: depth)
    let server = try ControlServer.start(folder: DataFolder(locking: folder.path), handler: echo)
    defer { server.stop() }
    for text in ["a", "\n\"ü\u{0}", String(repeating: "x", count: 20_000)] {
      #expect(try ask("echo", in: folder.path, ["text": text]) == ["text": text])
    }
    let error = #expect(throws: CommandError.self) { try ask("sing", in: folder.path) }
    #expect(error == CommandError(.invalidArgument, "unknown command sing"))
  }

  @Test("Nobody there is no answer, before the server, after it, and behind a leftover")
  func nobody() throws {
    let folder = try TemporaryFolder()
    #expect(try ask("echo", in: folder.path) == nil)
    let lock = try DataFolder(locking: folder.path)
    let server = try ControlServer.start(folder: lock, handler: echo)
    server.stop()
    server.stop()
    #expect(!FileManager.default.fileExists(atPath: folder.path + "/control.sock"))
    do { _ = try ControlSocket.listen(folder: folder.path) }
    #expect(FileManager.default.fileExists(atPath: folder.path + "/control.sock"))
    #expect(try ask("echo", in: folder.path) == nil)
    let again = try ControlServer.start(folder: lock, handler: echo)
    defer { again.stop() }
    #expect(try ask("echo", in: folder.path) == [:])
  }

  @Test("Only this user may speak to the socket")
  func permissions() throws {
    let folder = try TemporaryFolder()
    let server = try ControlServer.start(folder: DataFolder(locking: folder.path), handler: echo)
    defer { server.stop() }
    let path = folder.path + "/control.sock"
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect(attributes[.posixPermissions] as? Int == 0o600)
  }

  @Test("Nonsense, endless lines and those who leave harm nobody")
  func nonsense() throws {
    let folder = try TemporaryFolder()
    let server = try ControlServer.start(folder: DataFolder(locking: folder.path), handler: echo)
    defer { server.stop() }
    do { _ = try connect(folder.path) }
    let wrong = try connect(folder.path)
    try wrong.send(["not", "a", "request"])
    #expect(try wrong.receive(ControlReply.self).refusal?.code == .control)
    let endless = try connect(folder.path)
    try? endless.send(String(repeating: "x", count: 1 << 20))
    #expect(try ask("echo", in: folder.path) == [:])
  }
}
