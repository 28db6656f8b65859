import NIOCore
import NIOHTTP1
import PluginRuntime

/// An answer of the SDK lane: one of a few that are known beforehand, so that sending it is
/// copying a reference to its bytes.
struct Reply: Equatable {
  /// What is answered.
  enum Content: Equatable {
    case success
    /// Allowed methods and headers for a browser's question beforehand.
    case preflight
    /// "Go on and send the body": not an answer yet.
    case proceed
    case refusal(Refusal)
    /// What a plugin answers, by its place in the table.
    case custom(UInt16)
    /// A refusal without its body, for HEAD.
    case bareRefusal(Refusal)
  }

  /// What becomes of the connection.
  enum Connection: Int, CaseIterable {
    case keep
    /// HTTP/1.0 needs to be told that the connection stays open.
    case keepExplicitly
    case close
  }

  let content: Content
  var connection: Connection

  /// Each reply as the bytes on the wire. One set per event loop: its reference counts stay there.
  struct Table {
    /// Different answers of plugins that are kept; beyond them the general one is given.
    static let customMax: UInt16 = 1_024

    private var replies: [ByteBuffer]
    private var customs: [IntakeStage.Refusal: UInt16] = [:]

    /// The place of what a plugin answers; nil when there are too many different ones.
    mutating func place(of refusal: IntakeStage.Refusal) -> UInt16? {
      if let known = customs[refusal] { return known }
      let place = UInt16(customs.count)
      guard place < Self.customMax else { return nil }
      customs[refusal] = place
      replies += Connection.allCases.map {
        let reply = ErrorReply(status: refusal.status, text: refusal.message)
        return ByteBuffer(string: Self.refusal(reply, $0, hasBody: true))
      }
      return place
    }

    init() {
      let contents =
        [Content.success, .preflight, .proceed]
        + Refusal.allCases.map { .refusal($0) } + Refusal.allCases.map { .bareRefusal($0) }
      replies = contents.flatMap { content in
        Connection.allCases.map { ByteBuffer(string: Self.text(content, $0)) }
      }
    }

    @inline(__always)
    subscript(reply: Reply) -> ByteBuffer {
      replies[Self.index(of: reply.content) * Connection.allCases.count + reply.connection.rawValue]
    }

    private static func index(of content: Content) -> Int {
      switch content {
      case .success: 0
      case .preflight: 1
      case .proceed: 2
      case .refusal(let refusal): 3 + refusal.index
      case .bareRefusal(let refusal): 3 + Refusal.allCases.count + refusal.index
      case .custom(let place): 3 + Refusal.allCases.count * 2 + Int(place)
      }
    }

    private static func text(_ content: Content, _ connection: Connection) -> String {
      switch content {
      case .success: message(200, body: #"{"result":"Success"}"#, connection)
      case .proceed: "HTTP/1.1 100 Continue\r\n\r\n"
      case .preflight: message(200, body: "", connection, extra: Reply.preflightHeaders)
      case .refusal(let refusal): self.refusal(ErrorReply(refusal), connection, hasBody: true)
      case .bareRefusal(let refusal):
        self.refusal(ErrorReply(refusal), connection, hasBody: false)
      case .custom: preconditionFailure("a plugin's answer is added when it is given")
      }
    }

    private static func refusal(
      _ reply: ErrorReply, _ connection: Connection, hasBody: Bool
    ) -> String {
      let body = String(
        decoding: QueryReply(status: reply.status, message: reply.text).body, as: UTF8.self)
      return message(
        reply.status, body: body, connection,
        extra: reply.retryAfter.map { [("Retry-After", "\($0)")] } ?? [], hasBody: hasBody)
    }

    private static func message(
      _ status: Int, body: String, _ connection: Connection, extra: [(String, String)] = [],
      hasBody: Bool = true
    ) -> String {
      let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
      var headers = [("Content-Type", Reply.contentType)] + Reply.defaultHeaders + extra
      headers.append(("Content-Length", "\(body.utf8.count)"))
      switch connection {
      case .keep: break
      case .keepExplicitly: headers.append(("Connection", "keep-alive"))
      case .close: headers.append(("Connection", "close"))
      }
      let lines = headers.map { "\($0): \($1)\r\n" }.joined()
      return "HTTP/1.1 \(status) \(reason)\r\n\(lines)\r\n\(hasBody ? body : "")"
    }
  }

  static let contentType = "application/json; charset=utf-8"

  /// Headers of every answer, errors included.
  static let defaultHeaders = [
    ("X-Frame-Options", "deny"),
    ("X-XSS-Protection", "1; mode=block"),
    ("Access-Control-Allow-Origin", "*"),
  ]

  static let preflightHeaders = [
    ("Access-Control-Allow-Methods", "POST, GET, OPTIONS"),
    ("Access-Control-Allow-Headers", "countly-token, Content-Type"),
  ]
}
