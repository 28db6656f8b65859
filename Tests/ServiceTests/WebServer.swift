import Foundation
import Harness

/// A server that tests send requests to: every connection has a thread, every path its way.
final class WebServer: @unchecked Sendable {
  let port: UInt16
  private let listener: Int32

  /// Listens on every address of this machine.
  init() throws {
    port = try Ports.free()
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var one: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = 0
    let bound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard bound == 0, listen(listener, 64) == 0 else { throw Stand.Failure(text: "cannot listen") }
    let opened = listener
    Thread.detachNewThread { [port] in
      while true {
        let connection = accept(opened, nil, nil)
        guard connection >= 0 else { return }
        Thread.detachNewThread { Self.serve(connection, port) }
      }
    }
  }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }

  private static func serve(_ connection: Int32, _ port: UInt16) {
    defer { close(connection) }
    var text = ""
    var chunk = [UInt8](repeating: 0, count: 65_536)
    while true {
      while !text.contains("\r\n\r\n") {
        let count = recv(connection, &chunk, chunk.count, 0)
        guard count > 0 else { return }
        text += String(decoding: chunk[..<count], as: UTF8.self)
      }
      let end = text.range(of: "\r\n\r\n")
      let head = String(text[..<(end?.lowerBound ?? text.endIndex)])
      var body = String(text[(end?.upperBound ?? text.endIndex)...])
      let length =
        head.lowercased().split(separator: "\r\n")
        .first { $0.hasPrefix("content-length:") }
        .flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
      while body.utf8.count < length {
        let count = recv(connection, &chunk, chunk.count, 0)
        guard count > 0 else { return }
        body += String(decoding: chunk[..<count], as: UTF8.self)
      }
      text = ""
      let words = head.split(separator: " ")
      guard answer(connection, String(words[1]), head, body, port) else { return }
    }
  }

  private static func answer(
    _ connection: Int32, _ path: String, _ head: String, _ body: String, _ port: UInt16
  ) -> Bool {
    switch path {
    case "/echo":
      let field = head.split(separator: "\r\n").first { $0.hasPrefix("X-Test:") } ?? "none"
      write(connection, 200, "\(head.split(separator: " ")[0]) \(field) \(body)")
    case "/missing": write(connection, 404, "no such page")
    case "/big": write(connection, 200, String(repeating: "x", count: 100_000))
    case "/never": sleep(20)
    case "/loop": redirect(connection, "/loop")
    case let path where path.hasPrefix("/to/"):
      redirect(connection, "http://\(path.dropFirst(4)):\(port)/echo")
    default: write(connection, 200, "ok")
    }
    return true
  }

  private static func write(_ connection: Int32, _ status: Int, _ body: String) {
    send(
      connection,
      "HTTP/1.1 \(status) Fine\r\nContent-Length: \(body.utf8.count)\r\nX-Kind: test\r\n\r\n\(body)"
    )
  }

  private static func redirect(_ connection: Int32, _ target: String) {
    send(
      connection, "HTTP/1.1 302 Found\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n")
  }

  private static func send(_ connection: Int32, _ text: String) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes {
        Glibc.send(connection, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return }
      bytes = bytes.dropFirst(count)
    }
  }
}
