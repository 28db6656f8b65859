import Store

/// What a browser is known by: before the login something random, then the token of its session.
/// Scripts cannot read it, and other sites cannot have it sent with what changes something.
struct SessionCookie: Equatable, Sendable {
  static let name = "tally_session"
  private static let bytes = 32...64
  private static let cookiesMax = 64

  let value: String

  init(_ value: String) { self.value = value }

  /// Out of the header `Cookie`; nil when there is none that could be ours.
  init?(header: String?) {
    guard let header else { return nil }
    for pair in header.split(separator: ";", maxSplits: Self.cookiesMax) {
      let parts = pair.split(separator: "=", maxSplits: 1)
      guard parts.count == 2, parts[0].allSatisfy({ $0.isASCII }),
        parts[0].trimmingPrefix(" ") == Self.name
      else { continue }
      let value = parts[1]
      let isOurs = value.utf8.allSatisfy {
        $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9")
          || $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z")
      }
      guard isOurs, Self.bytes.contains(value.utf8.count) else { return nil }
      self.init(String(value))
      return
    }
    return nil
  }

  /// A browser that is not logged in.
  static func visit() -> SessionCookie {
    var generator = SystemRandomNumberGenerator()
    return SessionCookie(
      "v" + (0..<4).map { _ in String(generator.next(), radix: 36) }.joined().padded(to: 40))
  }

  /// The header `Set-Cookie`.
  func header(isSecure: Bool) -> String {
    "\(Self.name)=\(value); Path=/; HttpOnly; SameSite=Lax" + (isSecure ? "; Secure" : "")
  }

  static func removal(isSecure: Bool) -> String {
    SessionCookie("").header(isSecure: isSecure) + "; Max-Age=0"
  }

  /// What forms of this browser carry, so that no other page can make one: 36 characters.
  func csrf(_ vault: Vault) -> String {
    let digits = Array(vault.hash("csrf \(value)"))
    return [0..<8, 8..<12, 12..<16, 16..<20, 20..<32].map { String(digits[$0]) }
      .joined(separator: "-")
  }

  func isSent(by csrf: String?, _ vault: Vault) -> Bool {
    guard let csrf else { return false }
    return vault.isSame(csrf, self.csrf(vault))
  }
}

extension String {
  fileprivate func padded(to length: Int) -> String {
    self + String(repeating: "0", count: max(length - count, 0))
  }
}
