import NIOPosix
import Store
import TestThreads
import Testing

@testable import Host

/// Tokens of a server, asked as its clients ask.
@Suite(.serialized, .ownThread) struct TokenTests {
  private let stand: Stand
  private let own: App
  private let foreign: App
  private let admin: Member
  private let reader: Member

  init() throws {
    stand = try Stand(worker)
    let store = stand.core.store
    own = try store.createApp(NewApp(name: "own"), nowMs: 1)
    foreign = try store.createApp(NewApp(name: "foreign"), nowMs: 1)
    admin = try #require(try store.member(username: "owner"))
    let rights = Permission(administering: [], using: [own.hex, foreign.hex])
    reader = try store.createMember(
      NewMember(username: "reader", permission: rights.document.text(escaping: false)), nowMs: 1)
    try stand.core.reloadAdministration()
  }

  private func ask(_ path: String, _ parameters: [String: String]) -> QueryReply {
    OwnRoutes(core: stand.core).answer(
      QueryRequest(httpMethod: "GET", path: path, parameters: parameters))
  }

  private func text(_ reply: QueryReply) -> String { String(decoding: reply.body, as: UTF8.self) }

  private func token(_ parameters: [String: String] = [:], of key: String? = nil) throws -> String {
    let all = parameters.merging(["api_key": key ?? admin.apiKey]) { given, _ in given }
    let reply = ask("/i/token/create", all)
    let token = try #require(JSONValue(text(reply))?.value(at: "result")?.string)
    #expect(reply.status == 200 && token.count == 40, "\(text(reply))")
    return token
  }

  private func document(_ token: String) -> JSONValue? {
    guard
      case .array(let all)? = JSONValue(text(ask("/o/token/list", ["api_key": admin.apiKey])))?
        .value(at: "result")
    else { return nil }
    return all.first { $0.value(at: "_id")?.string == token }
  }

  private static let invalid = #"{"result":"Token not valid"}"#

  private func isRefused(_ path: String, _ token: String, _ more: [String: String] = [:]) -> Bool {
    let reply = ask(path, more.merging(["auth_token": token]) { given, _ in given })
    return reply.status == 400 && text(reply) == Self.invalid
  }

  @Test("What nobody said of a token is what clients expect; what they said is kept")
  func documents() throws {
    let plain = document(try token())
    #expect(plain?.value(at: "app") == .string("") && plain?.value(at: "endpoint") == .string(""))
    #expect(plain?.value(at: "purpose") == .string("") && plain?.value(at: "multi") == .bool(true))
    #expect(plain?.value(at: "ttl") == .number(1_800))
    #expect(plain?.value(at: "owner") == .string(admin.id))
    let said = document(
      try token([
        "apps": own.hex, "endpoint": "/a,/b", "purpose": "p", "multi": "false", "ttl": "60",
      ]))
    #expect(said?.value(at: "app") == .texts([own.hex]))
    #expect(said?.value(at: "endpoint") == .texts(["/a", "/b"]))
    #expect(said?.value(at: "multi") == .bool(false) && said?.value(at: "ttl") == .number(60))
    let query = #"[{"endpoint":"/o","params":{"method":"get_events"}}]"#
    let verbatim = document(try token(["endpointquery": query, "endpoint": "/a"]))
    #expect(verbatim?.value(at: "endpoint") == JSONValue(query))
    let unread = document(try token(["endpointquery": "{", "endpoint": "/a"]))
    #expect(unread?.value(at: "endpoint") == .texts(["/a"]))
    for wrong in [["ttl": "-1"], ["ttl": "x"], ["apps": "x"], ["endpoint": "("], ["max_ends": "1"]]
    {
      let reply = ask("/i/token/create", wrong.merging(["api_key": admin.apiKey]) { $1 })
      #expect(reply.status == 404, "\(wrong)")
    }
  }

  @Test("A valid token decides; one that is not leaves it to the api key")
  func credentials() throws {
    let good = try token()
    #expect(ask("/o/users/me", ["auth_token": good, "api_key": "fakekey"]).status == 200)
    #expect(ask("/o/users/me", ["auth_token": "x", "api_key": admin.apiKey]).status == 200)
    let wrong = ask("/o/users/me", ["auth_token": "x", "api_key": "x"])
    #expect(text(wrong) == #"{"result":"User does not exist"}"#)
    #expect(isRefused("/o/users/me", "x") && isRefused("/o/users/me", ""))
  }

  @Test("A token that works once is gone with its first success, over a restart too")
  func single() throws {
    let once = try token(["multi": "false", "endpoint": "/o/apps"])
    #expect(isRefused("/o/users/me", once))
    #expect(ask("/o/apps/mine", ["auth_token": once]).status == 200)
    #expect(isRefused("/o/apps/mine", once))
    try stand.restart()
    #expect(isRefused("/o/apps/mine", once))
    let kept = try token()
    try stand.restart()
    #expect(ask("/o/apps/mine", ["auth_token": kept]).status == 200)
  }

  @Test("Paths, parameters and apps bound a token; an app counts where one is named")
  func scopes() throws {
    let path = try token(["endpoint": "/o/users/me"])
    #expect(ask("/o/users/me", ["auth_token": path]).status == 200)
    #expect(isRefused("/o/users/all", path))
    let query = #"[{"endpoint":"^/o$","params":{"method":"worker"}}]"#
    let method = try token(["endpointquery": query])
    func answer(_ token: String, _ method: String, _ app: App) -> QueryReply {
      stand.answer([
        "auth_token": token, "method": method, "app_id": app.hex, "do": "get", "key": "k",
      ])
    }
    #expect(text(answer(method, "worker", own)) != Self.invalid)
    #expect(text(answer(method, "users", own)) == Self.invalid)
    let app = try token(["apps": own.hex])
    #expect(text(answer(app, "worker", own)) != Self.invalid)
    #expect(text(answer(app, "worker", foreign)) == Self.invalid)
    #expect(ask("/o/token/list", ["auth_token": app]).status == 200)
    #expect(isRefused("/o/apps/details", app, ["app_id": foreign.hex]))
    #expect(ask("/o/apps/details", ["auth_token": app, "app_id": own.hex]).status == 200)
  }

  @Test("A token never does more than it is for, whoever its owner is")
  func narrow() throws {
    let app = try token(["apps": own.hex])
    let mine = text(ask("/o/apps/mine", ["auth_token": app]))
    #expect(mine.contains(own.hex) && !mine.contains(foreign.hex))
    let rename = #"{"app_id":"\#(foreign.hex)","name":"taken"}"#
    let update = ask(
      "/i/apps/update", ["auth_token": app, "app_id": own.hex, "args": rename])
    #expect(update.status == 401)
    #expect(ask("/o/users/all", ["auth_token": app]).status == 401)
    let rights = #"{"r":{"\#(own.hex)":{"all":true,"allowed":{}}}}"#
    let reading = try token(["token_permission": rights, "endpoint": "/nowhere"])
    #expect(ask("/o/ledger", ["auth_token": reading, "app_id": own.hex]).status == 200)
    #expect(ask("/o/ledger", ["auth_token": reading, "app_id": foreign.hex]).status == 401)
    #expect(ask("/o/apps/details", ["auth_token": reading, "app_id": own.hex]).status == 401)
    let wide = #"{"_":{"a":["\#(own.hex)"]}}"#
    let readers = try token(["token_permission": wide], of: reader.apiKey)
    #expect(ask("/o/ledger", ["auth_token": readers, "app_id": own.hex]).status == 200)
    #expect(ask("/o/apps/details", ["auth_token": readers, "app_id": own.hex]).status == 401)
    let narrow = [app, reading, try token(["endpoint": "/"]), try token(["multi": "false"])]
    for token in narrow {
      #expect(!text(ask("/o/users/me", ["auth_token": token])).contains(admin.apiKey))
    }
    for token in narrow.prefix(3) {
      #expect(ask("/i/token/create", ["auth_token": token]).status == 401)
      let told = text(ask("/o/token/list", ["auth_token": token]))
      #expect(narrow.filter(told.contains) == [token])
    }
  }

  @Test("A token ends in time, never behind its bound, and what it makes ends with it")
  func ends() throws {
    let second = Clock.system.nowMs / 1_000
    let bounded = try token(["ttl": "0", "max_ends": "\(second + 100)"])
    let made = ask("/i/token/create", ["auth_token": bounded, "ttl": "0"])
    let child = try #require(JSONValue(text(made))?.value(at: "result")?.string)
    for token in [bounded, child] {
      #expect(document(token)?.value(at: "ends") == .number(Double(second + 100)))
    }
    var access = stand.core.access
    access.nowMs = { (second + 100) * 1_000 }
    #expect(throws: AccessDenial.tokenInvalid) {
      try access.member(.init(authToken: bounded), .member)
    }
    #expect(isRefused("/o/users/me", bounded))
  }

  @Test("Whether a token goes on is told, and how long")
  func check() throws {
    func check(_ token: String?) -> String {
      var parameters = ["api_key": admin.apiKey]
      parameters["token"] = token
      return text(ask("/o/token/check", parameters))
    }
    #expect(check(nil) == #"{"result":"Missing parameter \"token\""}"#)
    #expect(check("x") == #"{"result":{"time":0,"valid":false}}"#)
    #expect(check(try token(["ttl": "0"])) == #"{"result":{"time":-1,"valid":true}}"#)
    let left = JSONValue(check(try token(["ttl": "1000"])))?.value(at: "result.time")
    #expect(left == .number(1_000) || left == .number(999))
  }

  @Test("Each deletes their own tokens; they go with their member, sessions with the password")
  func deleting() throws {
    let (mine, theirs) = (try token(), try token(of: reader.apiKey))
    let none = ask("/i/token/delete", ["api_key": admin.apiKey])
    #expect(none.status == 404 && text(none) == #"{"result":"Token id not provided"}"#)
    func delete(_ token: String) -> Int {
      ask("/i/token/delete", ["api_key": admin.apiKey, "tokenid": token]).status
    }
    #expect(delete(theirs) == 200 && delete(mine) == 200 && delete("x") == 200)
    #expect(isRefused("/o/users/me", mine))
    #expect(ask("/o/users/me", ["auth_token": theirs]).status == 200)
    let session = try token(["purpose": AccessToken.sessionPurpose], of: reader.apiKey)
    func change(_ path: String, _ arguments: String) -> Int {
      ask(path, ["api_key": admin.apiKey, "args": arguments]).status
    }
    #expect(
      change("/i/users/update", #"{"user_id":"\#(reader.id)","password":"Another-1"}"#) == 200)
    #expect(isRefused("/o/users/me", session))
    #expect(ask("/o/users/me", ["auth_token": theirs]).status == 200)
    #expect(change("/i/users/delete", #"{"user_ids":["\#(reader.id)"]}"#) == 200)
    #expect(isRefused("/o/users/me", theirs))
    #expect(try stand.core.store.tokens().isEmpty)
  }
}
