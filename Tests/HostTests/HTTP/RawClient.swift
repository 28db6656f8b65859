import Glibc
import Harness

/// A socket that sends exactly what a test says, in the pieces it says. Confined to one thread.
final class RawClient {
  private let socket: Int32
  private var buffer: [UInt8] = []
  /// The server closed or reset the connection; silence alone is no end.
  private var hasEnded = false

  struct Failure: Error {
    let message: String
  }

  init(port: Int, seconds: Int = Int(Patience.seconds)) throws {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    var one: Int32 = 1
    let limitSize = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, limitSize)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, limitSize)
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else { throw Failure(message: "cannot connect: \(errno)") }
  }

  deinit { close(socket) }

  /// Sends as much as the server takes.
  func send(_ text: String) { send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      sent += count
    }
  }

  /// Says that nothing more will be sent.
  func endSending() { shutdown(socket, Int32(SHUT_WR)) }

  /// One reply, exactly as sent: head and body.
  func reply() throws -> String {
    while true {
      if let reply = takeReply() { return reply }
      guard fill() else {
        throw Failure(message: "no reply in: \(String(decoding: buffer, as: UTF8.self))")
      }
    }
  }

  /// Status and body of the next replies.
  func replies(_ count: Int) throws -> [String] {
    try (0..<count).map { _ in Self.summary(try reply()) }
  }

  /// Everything up to the end of the connection.
  func rest() -> String {
    while fill() {}
    defer { buffer = [] }
    return String(decoding: buffer, as: UTF8.self)
  }

  /// Whether the server has closed, with nothing left to read.
  func isClosed() -> Bool { buffer.isEmpty && !fill() && hasEnded }

  /// "200 {…}" of a reply.
  static func summary(_ reply: String) -> String {
    let parts = reply.split(separator: "\r\n\r\n", maxSplits: 1)
    let status = reply.split(separator: " ").dropFirst().first ?? ""
    return "\(status) \(parts.count > 1 ? parts[1] : "")"
  }

  private func takeReply() -> String? {
    let text = String(decoding: buffer, as: UTF8.self)
    guard let end = text.firstRange(of: "\r\n\r\n") else { return nil }
    let head = text[..<end.upperBound]
    var length = 0
    for line in head.split(separator: "\r\n") where line.lowercased().hasPrefix("content-length:") {
      length = Int(line.split(separator: ":")[1].filter(\.isNumber)) ?? 0
    }
    let total = head.utf8.count + length
    guard buffer.count >= total else { return nil }
    defer { buffer.removeFirst(total) }
    return String(decoding: buffer[..<total], as: UTF8.self)
  }

  private func fill() -> Bool {
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    let count = recv(socket, &chunk, chunk.count, 0)
    guard count > 0 else {
      hasEnded = count == 0 || errno == ECONNRESET
      return false
    }
    buffer += chunk[..<count]
    return true
  }
}
