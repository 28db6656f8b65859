import NIOCore
import NIOHTTP1

extension Reply {
  /// An answer by its parts, before it is bytes.
  struct Message: Equatable {
    var status: Int
    var body: [UInt8]
    var headers: [(name: String, value: String)] = []
    /// HEAD is told of a body that it does not get.
    var hasBody = true

    init(status: Int, body: [UInt8]) {
      self.status = status
      self.body = body
    }

    init(_ reply: ErrorReply) {
      self.init(
        status: reply.status, body: QueryReply(status: reply.status, message: reply.text).body)
      headers = reply.retryAfter.map { [("Retry-After", "\($0)")] } ?? []
    }

    /// What a plugin answers is known to the table alone.
    init(_ content: Content) {
      switch content {
      case .success: self.init(status: 200, body: Array(#"{"result":"Success"}"#.utf8))
      case .proceed: self.init(status: 100, body: [])
      case .preflight:
        self.init(status: 200, body: [])
        headers = Reply.preflightHeaders.map { ($0.0, $0.1) }
      case .refusal(let refusal): self.init(ErrorReply(refusal))
      case .bareRefusal(let refusal):
        self.init(ErrorReply(refusal))
        hasBody = false
      case .custom: preconditionFailure("a plugin's answer is added when it is given")
      }
    }

    static func == (one: Message, other: Message) -> Bool {
      one.bytes(.keep, []) == other.bytes(.keep, [])
    }

    /// Hands the body to a function.
    mutating func call(_ callback: CallbackName) {
      body = callback.call(with: body)
      headers += CallbackName.headers
    }

    /// As it goes over the wire, with the headers of all answers that it has none of itself.
    func bytes(_ connection: Connection, _ all: [AnswerHeader]) -> ByteBuffer {
      if status == 100 { return ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n") }
      let reason = HTTPResponseStatus(statusCode: status).reasonPhrase
      var lines: [(name: String, value: String)] = []
      if !headers.contains(where: { $0.name == "Content-Type" }) {
        lines.append(("Content-Type", Reply.contentType))
      }
      for header in all where !headers.contains(where: { header.isNamed($0.name) }) {
        lines.append((header.name, header.value))
      }
      lines += headers
      lines.append(("Content-Length", "\(body.count)"))
      switch connection {
      case .keep: break
      case .keepExplicitly: lines.append(("Connection", "keep-alive"))
      case .close: lines.append(("Connection", "close"))
      }
      var buffer = ByteBuffer(string: "HTTP/1.1 \(status) \(reason)\r\n")
      for line in lines { buffer.writeString("\(line.name): \(line.value)\r\n") }
      buffer.writeString("\r\n")
      if hasBody { buffer.writeBytes(body) }
      return buffer
    }
  }
}
