import Hummingbird
import HummingbirdCore
import NIOHTTP1

/// Who may be told what happens: the way in for readers of `/live`, by WebSocket or by server-sent
/// events.
struct LiveDoor: Sendable {
  static let path = "/live"

  let access: Access
  let apps: AppRegistry
  let feed: LiveFeed

  /// What a reader may be told about, and whether that still holds.
  struct Pass: Sendable {
    let app: RegisteredApp
    let isValid: @Sendable () -> Bool
  }

  /// What a WebSocket handshake may be told about; nil for every other request and for refused
  /// ones, which are answered as requests are.
  func admit(_ head: HTTPRequestHead) -> Pass? {
    guard Self.isHandshake(head) else { return nil }
    let uri = URI(head.uri)
    guard Self.isOurs(uri.path) else { return nil }
    let query = head.uri.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
    var parameters = FormParameters.read(Array(query))
    if let token = head.headers.first(name: "countly-token") { parameters["auth_token"] = token }
    return try? pass(parameters)
  }

  /// What the caller asks about and may read.
  func pass(_ parameters: [String: String]) throws -> Pass {
    guard let id = parameters["app_id"] else { throw QueryError(code: .missingAppID) }
    guard id.utf16.count == QueryRequest.identifierLength else {
      throw QueryError(code: .invalidAppID)
    }
    let caller = try caller(parameters, app: id)
    guard let app = apps.snapshot.app(hexID: id) else { throw AccessDenial.appUnknown }
    return Pass(app: app) { isValid(caller, parameters, app: id) }
  }

  private func caller(_ parameters: [String: String], app: String) throws -> Access.Caller {
    let known = apps.snapshot
    return try access.caller(.init(parameters, path: Self.path), .readCore, appID: app) {
      known.app(hexID: $0) != nil
    }
  }

  /// Who came with a token that works once is asked for no more than their own account and the app.
  private func isValid(
    _ caller: Access.Caller, _ parameters: [String: String], app: String
  ) -> Bool {
    guard caller.token?.isMulti == false else {
      return (try? self.caller(parameters, app: app)) != nil
    }
    guard let owner = access.members.caller(id: caller.member.id) else { return false }
    return !owner.member.isLocked && owner.may(.read, "core", app: app)
      && apps.snapshot.app(hexID: app) != nil
  }

  static func isOurs(_ path: String) -> Bool { path == Self.path || path == Self.path + "/" }

  /// Whether the head is a whole WebSocket handshake (RFC 6455, 4.2.1) without a body.
  static func isHandshake(_ head: HTTPRequestHead) -> Bool {
    func has(_ name: String, _ word: String) -> Bool {
      head.headers[canonicalForm: name].contains { $0.lowercased() == word }
    }
    let headers = head.headers
    return head.method == .GET && head.version.minor >= 1 && has("upgrade", "websocket")
      && has("connection", "upgrade") && headers["sec-websocket-version"] == ["13"]
      && headers["sec-websocket-key"].count == 1 && !headers.contains(name: "transfer-encoding")
      && (headers.first(name: "content-length") ?? "0") == "0"
  }
}
