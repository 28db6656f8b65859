import Foundation

/// Sends bulk requests to a server as an SDK would, one after another on one connection.
final class DemoSender {
  private let address: ListenAddress
  private var socket: Int32 = -1
  /// How long one answer is waited for.
  private static let patienceSeconds = 30
  private static let answerBytesMax = 64 << 10

  init(_ address: ListenAddress) { self.address = address }

  deinit { disconnect() }

  /// Sends items of an app and waits until they are durable; what was not answered is sent again, as
  /// it is, and then counts once.
  func send(_ items: [String], appKey: String) throws(CommandError) {
    let body = "{\"app_key\":\"\(appKey)\",\"requests\":[\(items.joined(separator: ","))]}"
    let head =
      "POST /i/bulk HTTP/1.1\r\nHost: \(address.host)\r\nContent-Type: application/json\r\n"
      + "Content-Length: \(body.utf8.count)\r\n\r\n"
    let bytes = Array((head + body).utf8)
    var answer = ""
    for attempt in 0..<Self.attemptsMax {
      if attempt > 0 { usleep(UInt32(attempt) * 200_000) }
      answer = exchange(bytes) ?? ""
      if answer.hasPrefix("HTTP/1.1 200 ") { return }
      disconnect()
    }
    let line = answer.split(separator: "\r\n").first.map(String.init) ?? "nothing"
    throw CommandError(
      .control,
      "\(address.host):\(address.port) answered \(line); name the server with --address")
  }

  private static let attemptsMax = 5

  private func exchange(_ bytes: [UInt8]) -> String? {
    if socket < 0, !connect() { return nil }
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return nil }
      sent += count
    }
    return receive()
  }

  /// A whole answer: answers of `/i/bulk` are one line behind their headers.
  private func receive() -> String? {
    var text = ""
    var chunk = [UInt8](repeating: 0, count: 4 << 10)
    while text.utf8.count < Self.answerBytesMax {
      if text.contains("\r\n\r\n"), text.hasSuffix("}") { return text }
      let count = recv(socket, &chunk, chunk.count, 0)
      guard count > 0 else { return nil }
      text += String(decoding: chunk[..<count], as: UTF8.self)
    }
    return nil
  }

  private func connect() -> Bool {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(address.reachable.host, "\(address.port)", &hints, &found) == 0 else {
      return false
    }
    defer { freeaddrinfo(found) }
    var next = found
    while let candidate = next?.pointee {
      socket = Glibc.socket(candidate.ai_family, candidate.ai_socktype, candidate.ai_protocol)
      var limit = timeval(tv_sec: Self.patienceSeconds, tv_usec: 0)
      let size = socklen_t(MemoryLayout<timeval>.size)
      setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, size)
      setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &limit, size)
      if Glibc.connect(socket, candidate.ai_addr, candidate.ai_addrlen) == 0 { return true }
      disconnect()
      next = candidate.ai_next
    }
    return false
  }

  private func disconnect() {
    if socket >= 0 { close(socket) }
    socket = -1
  }
}
