import Glibc

/// A blocking WebSocket client, as small as one can be. Confined to one thread.
package final class WebSocket {
  /// What the server sent.
  package enum Message: Equatable, Sendable {
    case text(String)
    case pong([UInt8])
    case close(code: Int, reason: String)
  }

  private let socket: Int32
  private var buffer: [UInt8] = []
  /// The status line and headers of the handshake's answer.
  package private(set) var answer = ""

  /// Connects and sends the handshake with `more` behind it. `receiveBytes` bounds what the system
  /// keeps for a client that does not read.
  package init(
    port: UInt16, target: String, headers: [String]? = nil, before: [UInt8] = [],
    more: [UInt8] = [], receiveBytes: Int32? = nil, seconds: Int = 20
  ) throws(HarnessError) {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    if var size = receiveBytes { setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &size, 4) }
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw HarnessError("cannot connect to port \(port)") }
    let lines = headers ?? Self.handshake
    let head = "GET \(target) HTTP/1.1\r\nHost: a\r\n" + lines.map { $0 + "\r\n" }.joined()
    send(before + Array((head + "\r\n").utf8) + more)
  }

  /// The headers of a handshake, with the key of RFC 6455.
  package static let handshake = [
    "Upgrade: websocket", "Connection: keep-alive, Upgrade", "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
  ]
  package static let accept = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

  deinit { close(socket) }

  /// Reads the answer to the handshake; true when the server switched.
  package func open() throws(HarnessError) -> Bool {
    answer = ""
    while !answer.hasSuffix("\r\n\r\n") {
      answer += String(decoding: try take(1), as: UTF8.self)
    }
    return answer.hasPrefix("HTTP/1.1 101 ")
  }

  /// A frame as clients send it, masked.
  package static func frame(_ opcode: UInt8, _ data: [UInt8]) -> [UInt8] {
    let mask: [UInt8] = [1, 2, 3, 4]
    precondition(data.count < 126)
    return [0x80 | opcode, 0x80 | UInt8(data.count)] + mask
      + data.enumerated().map { $1 ^ mask[$0 % 4] }
  }

  package func send(_ bytes: [UInt8]) {
    _ = Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// The next message; throws when the connection ended or nothing came in time.
  package func next() throws(HarnessError) -> Message {
    let head = try take(2)
    var count = Int(head[1] & 0x7F)
    if count == 126 { count = try take(2).reduce(0) { $0 << 8 | Int($1) } }
    if count == 127 { count = try take(8).reduce(0) { $0 << 8 | Int($1) } }
    let data = try take(count)
    switch head[0] & 0x0F {
    case 1: return .text(String(decoding: data, as: UTF8.self))
    case 10: return .pong(data)
    case 8:
      let code = data.count >= 2 ? Int(data[0]) << 8 | Int(data[1]) : 1_005
      return .close(code: code, reason: String(decoding: data.dropFirst(2), as: UTF8.self))
    default: throw HarnessError("frame with opcode \(head[0] & 0x0F)")
    }
  }

  /// The next text as JSON.
  package func message() throws(HarnessError) -> JSON {
    guard case .text(let text) = try next() else { throw HarnessError("no text") }
    return try JSON(text)
  }

  /// Reads bytes as they come.
  package func take(_ count: Int) throws(HarnessError) -> [UInt8] {
    while buffer.count < count {
      var chunk = [UInt8](repeating: 0, count: 1 << 14)
      let received = recv(socket, &chunk, chunk.count, 0)
      guard received > 0 else { throw HarnessError("connection closed or timed out") }
      buffer += chunk[..<received]
    }
    defer { buffer.removeFirst(count) }
    return Array(buffer[..<count])
  }
}
