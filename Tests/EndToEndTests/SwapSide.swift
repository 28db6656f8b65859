import Foundation
import Harness

/// An app with something of every kind in it, a member who administers it and one who looks at it.
struct SwapSide {
  let name: String
  let appID: String
  let adminKey: String
  let readerKey: String
  private let adminID: String
  private let readerID: String
  /// What somebody else could have heard of, and is no secret by itself.
  private(set) var names: [String] = []

  /// What stands in everything that only this side may see.
  static func secret(_ name: String) -> String { "unspeakable\(name)" }

  init(_ name: String, on server: TallyServer) throws {
    self.name = name
    let secret = Self.secret(name)
    let owner = server.keys.apiKey
    let app = try Self.order(
      server, "/i/apps/create", owner, ["args": ["name": secret, "key": "key\(name)"]])
    appID = try Self.text(app["_id"])
    func member(_ kind: String, _ right: String, _ appID: String) throws -> JSON {
      try Self.order(
        server, "/i/users/create", owner,
        [
          "args": [
            "full_name": secret, "username": kind + name, "password": "Secret-1",
            "email": "\(kind)@\(name).org", right: [appID],
          ]
        ])
    }
    let (admin, reader) = (
      try member("admin", "admin_of", appID), try member("reader", "user_of", appID)
    )
    (adminID, adminKey) = (try Self.text(admin["_id"]), try Self.text(admin["api_key"]))
    (readerID, readerKey) = (try Self.text(reader["_id"]), try Self.text(reader["api_key"]))
    names = [appID, adminID, readerID, "admin\(name)", "device\(name)", "event\(name)"]
    try fill(server, secret)
  }

  /// Users, events, notes, groups, entries, tokens, an export and what plugins are told.
  private mutating func fill(_ server: TallyServer, _ secret: String) throws {
    let event = "event\(name)"
    let sent = [
      "begin_session": "1", "metrics": #"{"_os":"iOS","_app_version":"\#(secret)"}"#,
      "user_details": #"{"name":"\#(secret)","custom":{"plan":"\#(secret)"}}"#,
      "events": #"[{"key":"\#(event)","segmentation":{"shop":"\#(secret)"}}]"#,
    ]
    _ = try Self.order(
      server, "/i", nil,
      sent.merging(["app_key": "key\(name)", "device_id": "device\(name)"]) { own, _ in own })
    try server.settle()
    func say(_ path: String, _ parameters: [String: Any]) throws -> JSON {
      try Self.order(
        server, path, adminKey, parameters.merging(["app_id": appID]) { own, _ in own })
    }
    for kind in ["public", "private"] {
      _ = try say("/i/notes/save", ["args": ["note": secret, "ts": 1, "noteType": kind]])
    }
    _ = try say("/i/events/edit_map", ["event_map": [event: ["name": secret, "desc": secret]]])
    _ = try say(
      "/i/event_groups/create",
      [
        "args": [
          "app_id": appID, "name": secret, "source_events": [event], "display_map": [:],
          "status": true,
        ]
      ])
    _ = try say(
      "/i/cms/save_entries", ["_id": "list\(name)", "entries": [["_id": "e", "text": secret]]])
    _ = try say("/i/apps/update/plugins", ["args": ["push": ["secret": secret]]])
    let export = try say("/i/app_users/export", ["query": ["uid": "1"]])
    let token = try say("/i/token/create", ["ttl": "0", "purpose": secret])
    let notes = try say("/o/notes", [:])["aaData"]?.array ?? []
    let groups = try say("/o", ["method": "get_event_groups"]).array ?? []
    names += try notes.map { try Self.text($0["_id"]) }
    names += try groups.map { try Self.text($0["_id"]) }
    names += [
      "list\(name)", try Self.text(export["result"]), try Self.text(token["result"]),
    ]
  }

  /// What this side has, as its own members and the owner are told.
  func everything(on server: TallyServer) throws -> String {
    let questions = [
      "get_events", "events&event=event\(name)", "events&event=event\(name)&segmentation=shop",
      "user_details", "users", "app_versions", "total_users&metric=users", "notes",
      "get_event_groups", "views",
    ].map { "/o?method=\($0)" }
    let paths = [
      "/o/apps/details?", "/o/cms/entries?_id=list\(name)", "/o/token/list?", "/o/users/me?",
      "/o/app_users/download/appUser_\(appID)_1.json?",
    ]
    let own = (questions + paths).flatMap { path in
      [adminKey, readerKey].map { "\(path)&app_id=\(appID)&api_key=\($0)" }
    }
    let key = server.keys.apiKey
    let all =
      own + [
        "/o/apps/plugins?app_id=\(appID)&api_key=\(key)",
        "/o/users/id?id=\(adminID)&api_key=\(key)",
        "/o/users/id?id=\(readerID)&api_key=\(key)", "/o/configs?api_key=\(key)",
        "/o/plugins-check?api_key=\(key)",
      ]
    return try all.map { path in
      let reply = try server.connect(seconds: 30).get(path)
      return "\(path) \(reply.status) \(path.contains("download") ? "" : reply.text)"
    }.joined(separator: "\n")
  }

  private static func order(
    _ server: TallyServer, _ path: String, _ key: String?, _ parameters: [String: Any]
  ) throws -> JSON {
    var all = parameters
    all["api_key"] = key
    let reply = try server.connect(seconds: 30).send(
      "POST", path, headers: ["Content-Type: application/json"],
      body: Array(try JSONSerialization.data(withJSONObject: all)))
    guard reply.status == 200 else {
      throw HarnessError("\(path) answered \(reply.status) \(reply.text)")
    }
    return try JSON(reply.text)
  }

  private static func text(_ value: JSON?) throws -> String {
    guard let text = value?.string else { throw HarnessError("no text: \(value?.text ?? "")") }
    return text
  }
}
