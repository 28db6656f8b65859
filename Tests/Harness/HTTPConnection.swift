import Glibc

/// One answer.
package struct HTTPReply: Sendable {
  package var status = 0
  package var headers: [String: String] = [:]
  package var body: [UInt8] = []

  package var text: String { String(decoding: body, as: UTF8.self) }
}

/// A blocking keep-alive connection, as small as a client can be. Confined to one thread.
package final class HTTPConnection {
  private let port: UInt16
  private let seconds: Int
  private var socket: Int32 = -1
  private var buffer: [UInt8] = []
  private var start = 0

  package init(port: UInt16, seconds: Int = 10) {
    self.port = port
    self.seconds = seconds
  }

  deinit { disconnect() }

  package func disconnect() {
    if socket >= 0 { close(socket) }
    socket = -1
    buffer.removeAll(keepingCapacity: true)
    start = 0
  }

  package func get(_ target: String) throws(HarnessError) -> HTTPReply {
    try send("GET", target)
  }

  /// Sends one request and reads its answer. After an error the connection is closed; the next
  /// call opens a new one.
  package func send(
    _ method: String, _ target: String, headers: [String] = [], body: [UInt8]? = nil
  ) throws(HarnessError) -> HTTPReply {
    var head = "\(method) \(target) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for header in headers { head += header + "\r\n" }
    if let body { head += "Content-Length: \(body.count)\r\n" }
    return try exchange(Array((head + "\r\n").utf8) + (body ?? []))
  }

  /// Sends bytes as they are and reads one answer.
  package func exchange(_ bytes: [UInt8]) throws(HarnessError) -> HTTPReply {
    do {
      if socket < 0 { try connect() }
      try write(bytes)
      let reply = try readReply()
      if reply.headers["connection"]?.lowercased() == "close" { disconnect() }
      return reply
    } catch {
      disconnect()
      throw error
    }
  }

  private func connect() throws(HarnessError) {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var limit = timeval(tv_sec: seconds, tv_usec: 0)
    var one: Int32 = 1
    let limitSize = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, limitSize)
    setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, limitSize)
    setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw HarnessError("cannot connect to port \(port)") }
  }

  private func write(_ bytes: [UInt8]) throws(HarnessError) {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      if count < 0, errno == EINTR { continue }
      // A server that refuses a body early closes its side: its answer may still be readable.
      guard count > 0 else { return }
      sent += count
    }
  }

  private func readReply() throws(HarnessError) -> HTTPReply {
    var reply = HTTPReply()
    let parts = try readLine().split(separator: " ", maxSplits: 2)
    guard parts.count >= 2, let status = Int(parts[1]) else {
      throw HarnessError("no HTTP status line")
    }
    reply.status = status
    while true {
      let line = try readLine()
      if line.isEmpty { break }
      guard let colon = line.firstIndex(of: ":") else { continue }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      reply.headers[line[..<colon].lowercased()] = String(value)
    }
    if reply.headers["transfer-encoding"]?.lowercased() == "chunked" {
      reply.body = try readChunks()
    } else if let length = Int(reply.headers["content-length"] ?? "0") {
      reply.body = try take(length)
    }
    return reply
  }

  private func readChunks() throws(HarnessError) -> [UInt8] {
    var body: [UInt8] = []
    while true {
      guard let size = Int(try readLine(), radix: 16) else { throw HarnessError("bad chunk") }
      body += try take(size)
      _ = try readLine()
      if size == 0 { return body }
    }
  }

  private func readLine() throws(HarnessError) -> String {
    var end = start
    while true {
      while end < buffer.count {
        if buffer[end] == 10 {
          let line = buffer[start..<end].filter { $0 != 13 }
          start = end + 1
          return String(decoding: line, as: UTF8.self)
        }
        end += 1
      }
      let offset = end - start
      try fill()
      end = start + offset
    }
  }

  private func take(_ count: Int) throws(HarnessError) -> [UInt8] {
    while buffer.count - start < count { try fill() }
    defer { start += count }
    return Array(buffer[start..<start + count])
  }

  private func fill() throws(HarnessError) {
    if start > 0 {
      buffer.removeFirst(start)
      start = 0
    }
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    var count = recv(socket, &chunk, chunk.count, 0)
    // Whoever is stopped while he waits is told so when he goes on, and nothing has happened.
    while count < 0, errno == EINTR { count = recv(socket, &chunk, chunk.count, 0) }
    guard count > 0 else { throw HarnessError("connection closed or timed out") }
    buffer += chunk[..<count]
  }
}
