import Foundation
import Harness
import Testing

extension EndToEnd {
  /// Two apps, two members: whatever one of them can name is put where the other asks, in every
  /// parameter of every route that the server says it has.
  @Suite(.serialized) struct SwapTests {
    private let server: TallyServer
    private let own: SwapSide
    private let foreign: SwapSide

    init() throws {
      server = try TallyServer(config: TallyServer.everything)
      try server.start()
      own = try SwapSide("alpha", on: server)
      foreign = try SwapSide("beta", on: server)
    }

    /// A request that another's name is in.
    private struct Attempt {
      let method: String
      let path: String
      var parameters: [String: String]

      /// With a name in its path, and besides in each of some parameters.
      func swapped(_ name: String, _ disguises: [String], in names: [String]) -> [Attempt] {
        let start = path.prefix { $0 != "{" }
        let target = start + (start.count == path.count ? "" : name)
        let bare = Attempt(method: method, path: String(target), parameters: parameters)
        let named = names.filter { !path.contains("{\($0)}") }
        return [bare]
          + named.flatMap { parameter in
            disguises.map { disguise in
              var swapped = bare
              swapped.parameters[parameter] = disguise
              return swapped
            }
          }
      }
    }

    /// What a foreign name may stand in, whatever the parameter expects.
    private func disguises(_ name: String) throws -> [String] {
      let all = ["_id", "app_id", "user_id", "note_id", "group_id", "key", "name"]
      var arguments = Dictionary(uniqueKeysWithValues: all.map { ($0, name as Any) })
      let more: [String: Any] = [
        "user_ids": [name], "source_events": [name], "remove_keys": [name], "display_map": [:],
        "status": true, "note": "taken", "noteType": "public", "ts": 1, "period": "reset",
        "full_name": "taken", name: ["name": "taken", "is_visible": false],
      ]
      arguments.merge(more) { _, new in new }
      let query = ["$or": ["_id", "did", "app_id"].map { [$0: name] }]
      let objects: [Any] = [[name], query, arguments]
      return [name]
        + (try objects.map {
          String(decoding: try JSONSerialization.data(withJSONObject: $0), as: UTF8.self)
        })
    }

    /// Every route of the document, about the own app with each parameter, and each part of its path,
    /// in turn the foreign name; about the foreign app, and about none.
    private func attempts(key: String) throws -> [Attempt] {
      let disguised = try foreign.names.map { (name: $0, disguises: try disguises($0)) }
      let document = try JSON(try server.connect().get("/openapi.json").text)
      var attempts: [Attempt] = []
      for (path, item) in document["paths"]?.object ?? [:] where path != "/live" {
        let method = path.hasPrefix("/i") || item.object?["get"] == nil ? "POST" : "GET"
        guard let operation = item.object?[method.lowercased()] else { continue }
        for (base, names) in questions(operation) {
          for app in [own.appID, foreign.appID, nil] {
            var parameters = base.merging(["api_key": key]) { own, _ in own }
            parameters["app_id"] = app
            let one = Attempt(method: method, path: path, parameters: parameters)
            let swapped = app == own.appID ? names : []
            for (name, disguises) in disguised {
              attempts += one.swapped(name, disguises, in: swapped)
            }
          }
        }
      }
      return attempts
    }

    /// Of an operation, or of each of its methods: what is always sent, and names of parameters.
    private func questions(_ operation: JSON) -> [(base: [String: String], names: [String])] {
      let parameters = operation["parameters"]?.array ?? []
      let choices = parameters.first?["schema"]?["oneOf"]?.array ?? []
      guard !choices.isEmpty else {
        return [([:], parameters.compactMap { $0["name"]?.string })]
      }
      return choices.map { choice in
        let names = choice["x-parameters"]?.object?.keys.sorted() ?? []
        return (["method": choice["const"]?.string ?? ""], names)
      }
    }

    @Test("Nothing of one app or member is told to the other, and nothing is changed")
    func swapped() throws {
      let before = try foreign.everything(on: server)
      #expect(before.contains(SwapSide.secret("beta")), "there is something to tell")
      var (asked, refused) = (0, 0)
      for key in [own.adminKey, own.readerKey] {
        let attempts = try attempts(key: key)
        // One that waits for long is closed.
        let connection = server.connect(seconds: 30)
        for attempt in attempts {
          let fields = attempt.parameters.map { "\($0.key)=\(Self.escaped($0.value))" }
          let sent = fields.sorted().joined(separator: "&")
          let isForm = attempt.method == "POST"
          let reply = try connection.send(
            attempt.method, isForm ? attempt.path : "\(attempt.path)?\(sent)",
            headers: isForm ? ["Content-Type: application/x-www-form-urlencoded"] : [],
            body: isForm ? Array(sent.utf8) : nil)
          (asked, refused) = (asked + 1, refused + (reply.status == 200 ? 0 : 1))
          if reply.text.contains(SwapSide.secret("beta")) || reply.status >= 502 {
            Issue.record("\(attempt.method) \(attempt.path) \(sent): \(reply.text.prefix(300))")
          }
        }
      }
      #expect(asked > 5_000 && refused > asked / 2, "\(asked) \(refused)")
      #expect(try foreign.everything(on: server) == before)
      #expect(server.terminate() == .code(0))
    }

    private static func escaped(_ text: String) -> String {
      text.utf8.map { byte in
        let character = UnicodeScalar(byte)
        return character.properties.isAlphabetic && byte < 128 || (48..<58).contains(byte)
          ? "\(character)" : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
      }.joined()
    }
  }
}
