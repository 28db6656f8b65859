import Glibc
import Harness
import Testing

extension FaultsEndToEnd {
  /// The real web SDK in a real browser; neither is part of this repository.
  @Suite(
    .serialized, .enabled(if: Environment["WEB_SDK"] != nil, "needs make sdk-check SDK=folder"))
  struct WebSDKTests {
    /// A page of the browser's own, with the SDK beside it.
    private func browse(_ server: TallyServer) throws -> Subprocess {
      let sdk = try #require(Environment["WEB_SDK"])
      try Files.write(Files.text(sdk + "/lib/countly.js"), to: server.folder + "/countly.js")
      let page = try Files.text(Fixture.root + "/Tests/Fixtures/web-sdk.html")
      try Files.write(page, to: server.folder + "/page.html")
      let address = "http://127.0.0.1:\(server.port),\(server.keys.appKey)"
      return try Subprocess(
        [
          "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run",
          "--user-data-dir=\(server.folder)/browser",
          "file://\(server.folder)/page.html#\(address)",
        ], logPath: server.folder + "/browser.log")
    }

    /// The year's part of a time document.
    private func year(_ server: TallyServer, _ query: String) throws -> JSON? {
      try server.ask(query).object?.first { $0.key != "meta" }?.value
    }

    private func count(_ server: TallyServer, _ event: String) -> Double {
      (try? year(server, "method=events&event=\(event)"))??["c"]?.number ?? 0
    }

    /// Waits until the server has counted so many of an event.
    private func wait(_ server: TallyServer, for event: String, _ least: Double) {
      #expect(Patience.wait { count(server, event) >= least }, "\(event): \(server.log)")
    }

    @Test("A page loses nothing and doubles nothing over a server that is killed")
    func page() throws {
      let server = try TallyServer()
      try server.start()
      let browser = try browse(server)
      defer { browser.killAndWait() }
      wait(server, for: "tick", 15)
      server.kill()
      usleep(3_000_000)
      try server.start()
      wait(server, for: "done", 1)
      try server.settle()
      #expect(try year(server, "method=events&event=tick")?["s"] == .number(30))
      #expect(["tick", "widgets", "done"].map { count(server, $0) } == [60, 1, 1])
      let users = try year(server, "method=users")
      #expect(["t", "n", "u"].map { users?[$0] } == [.number(1), .number(1), .number(1)])
      let views = try server.ask("method=views&action=getTable")["aaData"]?.array ?? []
      #expect(Set(views.compactMap { $0["view"]?.string }) == Set((1...6).map { "page \($0)" }))
      #expect(views.map { $0["t"] } == Array(repeating: .number(1), count: 6))
      #expect(try crashes(server) == 1)
      let widgets = try server.ask("method=events&event=widgets&segmentation=known")
      #expect(widgets["meta"]?["known"] == .array([.string("[]")]), "\(widgets.text)")
    }

    /// Requests with a crash, from the raw items.
    private func crashes(_ server: TallyServer) throws -> Double? {
      let query = #"{"rows":"items","where":[{"field":"param.crash","exists":true}]}"#
      let reply = try server.connect().send(
        "POST", "/o/raw?api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)",
        headers: ["Content-Type: application/json"], body: Array(query.utf8))
      return try JSON(reply.text)["groups"]?.array?.first?["values"]?.array?.first?.number
    }
  }
}
