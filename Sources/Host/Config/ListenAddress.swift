/// Where the server listens: `127.0.0.1:8080`, `[::1]:8080` or `localhost:8080`.
struct ListenAddress: Equatable, Sendable, CustomStringConvertible {
  let host: String
  /// 0 lets the system choose.
  let port: Int

  init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// Nil when the text is not HOST:PORT.
  init?(_ text: String) {
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...])
    else { return nil }
    var host = text[..<colon]
    if host.hasPrefix("["), host.hasSuffix("]") {
      host = host.dropFirst().dropLast()
    } else if host.contains(":") {
      return nil
    }
    guard !host.isEmpty, !host.contains(where: { $0.isWhitespace || "[]/".contains($0) })
    else { return nil }
    self.init(host: String(host), port: Int(port))
  }

  var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }

  /// The address to put into a URL on this machine: "everywhere" becomes the loopback.
  var reachable: ListenAddress {
    switch host {
    case "0.0.0.0": ListenAddress(host: "127.0.0.1", port: port)
    case "::": ListenAddress(host: "::1", port: port)
    default: self
    }
  }
}
