import Foundation
import Harness
import Testing

extension EndToEnd {
  /// A plugin that refuses an item, and what its operator does about it.
  @Suite(.serialized) struct DeadLetterCommandTests {
    private let folder: String
    private let server: TallyServer

    init() throws {
      folder = try Files.temporaryFolder()
      server = try TallyServer(
        config: """
          host:
            limits: { read_wait_ms: 5000 }
          plugins:
            views: { enabled: true }
            picky: { enabled: true, path: \(folder)/libpicky.so }

          """)
    }

    private func build(_ flags: String...) throws {
      _ = try Fixture.compile("picky", flags, in: folder)
    }

    private func tally(_ arguments: String...) throws -> (Subprocess.ExitStatus?, String) {
      try Subprocess.run(
        [TallyServer.binary] + arguments + [
          "--data", server.dataPath, "--config", server.configPath,
        ])
    }

    private func send(_ device: String, _ more: String = "") throws {
      let now = Clock.unixMilliseconds - 60_000
      let request =
        "/i?app_key=\(server.keys.appKey)&device_id=\(device)&timestamp=\(now)&begin_session=1\(more)"
      #expect(try server.connect().get(request).status == 200)
    }

    private func taken() throws -> [String] {
      let document = try server.ask("method=picky&period=30days").text
      return ["taken", "healed"].filter { document.contains("\"\($0)\"") }
    }

    @Test("A client that waits for the commit is told of success: all others have counted it")
    func waiting() throws {
      defer { Files.remove(folder) }
      try build()
      try server.start()
      try send("b", "&trap_me=1&safe_api_response=true")
      let (_, list) = try tally("deadletter", "list")
      #expect(list.contains("1 dead letters, 1 shown"), "\(list)")
      #expect(try server.ask("method=users&period=30days").text.contains("\"t\":1"))
      #expect(server.terminate() == .code(0))
    }

    @Test(
      "It is listed and shown, stays while its plugin refuses it, and is counted once it is healed")
    func replay() throws {
      defer { Files.remove(folder) }
      try build()
      try server.start()
      try send("a")
      try send("b", "&trap_me=1")
      try send("c")
      try server.settle()

      let (_, list) = try tally("deadletter", "list")
      #expect(
        list.contains("1  picky  hook 0  app \(server.keys.appID)  position 2 item 0"), "\(list)")
      #expect(list.contains("status -1: the item is not to my taste"), "\(list)")
      #expect(list.contains("1 dead letters, 1 shown"), "\(list)")
      let (_, shown) = try tally("deadletter", "show", "1")
      #expect(shown.contains("device b") && shown.contains("trap_me = 1"), "\(shown)")
      let (missing, why) = try tally("deadletter", "show", "9")
      #expect(missing != .code(0))
      #expect(
        why.contains("there is no dead letter 9; `tally deadletter list` names them"), "\(why)")

      let (again, refused) = try tally("deadletter", "replay", "1")
      #expect(again == .code(1))
      #expect(
        refused.contains("1  picky  refused again: status -1: the item is not to my taste"),
        "\(refused)")

      // Healed, without a server.
      #expect(server.terminate() == .code(0))
      try build("-DHEALED")
      let (healed, counted) = try tally("deadletter", "replay", "--plugin", "picky", "--json")
      #expect(healed == .code(0), "\(counted)")
      #expect(counted.contains("\"counted\":true"), "\(counted)")
      let (none, nothing) = try tally("deadletter", "replay", "1")
      #expect(none != .code(0))
      #expect(nothing.contains("there is no dead letter 1;"), "\(nothing)")

      try server.start()
      #expect(try taken() == ["taken", "healed"])
      // No other consumer counted the item again: three users, three sessions.
      let users = try server.ask("method=users&period=30days").text
      #expect(users.contains("\"t\":3") && !users.contains("\"t\":4"), "\(users)")
      let (_, books) = try verify()
      #expect(books.contains("dead letters 0"), "\(books)")
    }

    @Test("It is dropped for good")
    func drop() throws {
      defer { Files.remove(folder) }
      try build()
      try server.start()
      for device in ["a", "b", "c"] { try send(device, "&trap_me=1") }
      try server.settle()
      let (status, dropped) = try tally("deadletter", "drop", "2")
      #expect(status == .code(0) && dropped.contains("1 dropped"), "\(dropped)")
      let (_, all) = try tally("deadletter", "drop", "--all")
      #expect(all.contains("2 dropped"), "\(all)")
      let (_, list) = try tally("deadletter", "list", "--json")
      #expect(list.contains("{\"letters\":[],\"total\":0}"), "\(list)")
      let (usage, words) = try tally("deadletter", "drop")
      #expect(usage != .code(0))
      #expect(words.contains("Name the letters by number, by --plugin, or by --all."), "\(words)")
    }

    @Test("A safe start runs the built-ins and nothing else")
    func safe() throws {
      defer { Files.remove(folder) }
      try build()
      try server.launch(arguments: ["--safe"])
      try #require(server.waitUntilReady(), "\(server.log)")
      try send("a", "&trap_me=1")
      #expect(
        Patience.wait { server.log.contains("plugins=users sessions events") }, "\(server.log)")
      #expect(!server.log.contains("plugins=users sessions events views"), "\(server.log)")
      #expect(server.log.contains("safe start: only the built-in plugins run"), "\(server.log)")
      let reply = try server.connect().get(
        "/i/plugins?api_key=\(server.keys.apiKey)&plugin=%7B%22views%22:true%7D")
      #expect(
        reply.text == "{\"result\":\"the server runs with --safe; restart it without\"}",
        "\(reply.text)")
      let views = try server.connect().get(
        "/o?method=views&api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)")
      #expect(views.text == "{\"result\":\"Invalid method\"}", "\(views.text)")
      #expect(server.terminate() == .code(0))
    }

    private func verify() throws -> (Subprocess.ExitStatus?, String) {
      #expect(server.terminate() == .code(0))
      return try Subprocess.run([TallyServer.binary, "verify", "--data", server.dataPath])
    }
  }
}
