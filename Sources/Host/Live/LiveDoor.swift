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

  /// The app a WebSocket handshake may be told about; nil for every other request and for refused
  /// ones, which are answered as requests are.
  func admit(_ head: HTTPRequestHead) -> RegisteredApp? {
    guard Self.isHandshake(head) else { return nil }
    let uri = URI(head.uri)
    guard Self.isOurs(uri.path) else { return nil }
    let query = head.uri.utf8.drop { $0 != UInt8(ascii: "?") }.dropFirst()
    var parameters = FormParameters.read(Array(query))
    if let token = head.headers.first(name: "countly-token") { parameters["auth_token"] = token }
    return try? app(parameters)
  }

  /// The app the caller asks about and may read.
  func app(_ parameters: [String: String]) throws -> RegisteredApp {
    guard let id = parameters["app_id"] else { throw QueryError(code: .missingAppID) }
    guard id.utf16.count == QueryRequest.identifierLength else {
      throw QueryError(code: .invalidAppID)
    }
    let known = apps.snapshot
    _ = try access.member(.init(parameters, path: Self.path), .readCore, appID: id) {
      known.app(hexID: $0) != nil
    }
    guard let app = known.app(hexID: id) else { throw AccessDenial.appUnknown }
    return app
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
