import Foundation
import Harness
import Testing

extension EndToEnd {
  /// `/openapi.json` against the server that hands it out.
  @Suite(.serialized) struct OpenAPITests {
    private func document(_ server: TallyServer) throws -> JSON {
      let reply = try server.connect().get("/openapi.json")
      #expect(reply.status == 200)
      #expect(!reply.text.contains(server.keys.apiKey) && !reply.text.contains(server.keys.appKey))
      return try JSON(reply.text)
    }

    private func members(_ value: JSON?) -> [String: JSON] {
      if case .object(let members)? = value { members } else { [:] }
    }

    /// Path, HTTP method and parameters of everything that the document names.
    private func questions(_ document: JSON) -> [(path: String, http: String, example: JSON?)] {
      var found: [(path: String, http: String, example: JSON?)] = []
      for (path, item) in members(document["paths"]) {
        for (http, operation) in members(item) {
          let choices = operation["parameters"]?.array?.first?["schema"]?["oneOf"]?.array ?? []
          for choice in choices {
            let method = choice["const"]?.string ?? "?"
            found.append(("\(path)?method=\(method)", http, choice["x-example"]))
          }
          if choices.isEmpty { found.append((path, http, operation["x-example"])) }
        }
      }
      return found
    }

    @Test("Every route it names is answered, and its examples are answered with 200")
    func answered() throws {
      let server = try TallyServer(config: TallyServer.everything)
      try server.start()
      let document = try document(server)
      #expect(document["openapi"]?.string == "3.1.0")
      let questions = questions(document)
      #expect(questions.count > 100)
      let connection = server.connect(seconds: 20)
      for (path, http, example) in questions where path != "/live" {
        var target = path.replacing("{name}", with: "x").replacing("{id}", with: "x")
          .replacing("{token}", with: "x")
        if example != nil || http == "get" && target.hasPrefix("/o") {
          target += target.contains("?") ? "&" : "?"
          target += "api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)"
        }
        for (name, value) in members(example) { target += "&\(name)=\(value.string ?? "")" }
        let reply = try connection.send(http.uppercased(), target)
        let unknown = ["Invalid path", "Invalid method", "Method not allowed"]
        #expect(!unknown.contains { reply.text.contains($0) }, "\(http) \(path): \(reply.text)")
        if example != nil { #expect(reply.status == 200, "\(http) \(target): \(reply.text)") }
      }
      #expect(server.terminate() == .code(0))
    }

    @Test(
      "What plugins say that they read is in it, and breaks none of them, in both lanes",
      arguments: ["inproc", "isolated"])
    func plugins(lane: String) throws {
      let server = try TallyServer(
        config: TallyServer.everything.replacing("enabled: true", with: "mode: \(lane)"))
      try server.start()
      let paths = try document(server)["paths"]
      let methods = paths?["/o"]?["get"]?["parameters"]?.array?.first?["schema"]?["oneOf"]?.array
      let own = (methods ?? []).filter { $0["x-plugin"] != nil }
      var asked: [(target: String, names: [String])] = own.map {
        ("/o?method=\($0["const"]?.string ?? "")&", members($0["x-parameters"]).keys.sorted())
      }
      for (path, item) in members(paths) where item["get"]?["x-plugin"] != nil && path != "/o" {
        let names = (item["get"]?["parameters"]?.array ?? []).compactMap { $0["name"]?.string }
        asked.append((path + "?", names.sorted()))
      }
      func names(_ target: String) -> [String] { asked.first { $0.target == target }?.names ?? [] }
      #expect(names("/o?method=views&").contains("selectedViews"))
      #expect(names("/o?method=events&").contains("segmentation"))
      #expect(names("/o/analytics/metric?") == ["before", "metric", "period"])
      let connection = server.connect(seconds: 20)
      for (target, names) in asked {
        let given = names.map { "\($0)=%5B%22x%22%5D&" }.joined()
        let reply = try connection.get(
          "\(target)\(given)api_key=\(server.keys.apiKey)&app_id=\(server.keys.appID)")
        #expect(reply.status < 500, "\(target)\(given): \(reply.text)")
      }
      #expect(server.terminate() == .code(0))
    }

    @Test("What conversations ask successfully is in it")
    func complete() throws {
      let server = try TallyServer(config: TallyServer.everything)
      try server.start()
      let questions = questions(try document(server)).map(\.path)
      #expect(server.terminate() == .code(0))
      let patterns = questions.map { $0.split(separator: "/", omittingEmptySubsequences: false) }
      for conversation in Conversation.all where conversation.config == nil {
        for step in conversation.steps where step.answer.hasPrefix("200") {
          guard let target = step.requests.last?.target, target.hasPrefix("/"),
            !step.requests.contains(where: { $0.method == "OPTIONS" })
          else { continue }
          let named = name(target)
          guard named != "/o" && named != "/o/sdk" else { continue }
          let parts = named.split(separator: "/", omittingEmptySubsequences: false)
          let isKnown = patterns.contains { pattern in
            pattern.count == parts.count
              && zip(pattern, parts).allSatisfy { $0.hasPrefix("{") || $0 == $1 }
          }
          #expect(isKnown, "\(conversation.name): \(named)")
        }
      }
    }

    /// A path, and of `/o` and `/o/sdk` the method as well.
    private func name(_ target: String) -> String {
      let parts = target.split(separator: "?", maxSplits: 1).map(String.init)
      var path = parts[0]
      if path.count > 1, path.hasSuffix("/") { path.removeLast() }
      guard path == "/o" || path == "/o/sdk", parts.count > 1 else { return path }
      let method = parts[1].split(separator: "&").first { $0.hasPrefix("method=") }
      return method.map { "\(path)?\($0)" } ?? path
    }
  }
}
