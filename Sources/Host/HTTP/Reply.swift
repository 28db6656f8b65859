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

    /// Every answer carries them.
    let headers: [AnswerHeader]
    private var replies: [ByteBuffer]
    private var customs: [IntakeStage.Refusal: UInt16] = [:]
    /// The same by place.
    private var customReplies: [ErrorReply] = []

    /// The place of what a plugin answers; nil when there are too many different ones.
    mutating func place(of refusal: IntakeStage.Refusal) -> UInt16? {
      if let known = customs[refusal] { return known }
      let place = UInt16(customs.count)
      guard place < Self.customMax else { return nil }
      customs[refusal] = place
      let reply = ErrorReply(status: refusal.status, text: refusal.message)
      customReplies.append(reply)
      replies += Connection.allCases.map { Message(reply).bytes($0, headers) }
      return place
    }

    init(_ headers: [AnswerHeader] = AnswerHeader.standard) {
      self.headers = headers
      let contents =
        [Content.success, .preflight, .proceed]
        + Refusal.allCases.map { .refusal($0) } + Refusal.allCases.map { .bareRefusal($0) }
      replies = contents.flatMap { content in
        Connection.allCases.map { Message(content).bytes($0, headers) }
      }
    }

    /// The same answers at the same places with other headers.
    init(_ table: Table, _ headers: [AnswerHeader]) {
      self.init(headers)
      (customs, customReplies) = (table.customs, table.customReplies)
      replies += customReplies.flatMap { reply in
        Connection.allCases.map { Message(reply).bytes($0, headers) }
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

    /// An answer that is put together for one request.
    func message(_ content: Content) -> Message {
      if case .custom(let place) = content { return Message(customReplies[Int(place)]) }
      return Message(content)
    }
  }

  static let contentType = "application/json; charset=utf-8"

  static let preflightHeaders = [
    ("Access-Control-Allow-Methods", "POST, GET, OPTIONS"),
    ("Access-Control-Allow-Headers", "countly-token, Content-Type"),
  ]
}
