import Foundation

/// Which addresses plugins may connect to: those of the public network, and what the operator
/// allows. Asked with the address a name resolved to, when a connection is made.
struct AddressPolicy: Equatable, Sendable, CustomStringConvertible {
  /// A network: an address and how many of its bits count.
  struct Network: Equatable, Sendable {
    let bytes: [UInt8]
    let bits: Int

    /// `10.0.0.0/8`, `fd00::/8`, `192.168.1.5`; nil for anything else.
    init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false)
      guard (1...2).contains(parts.count), let bytes = Self.parse(String(parts[0])) else {
        return nil
      }
      let bits = parts.count == 1 ? bytes.count * 8 : Int(parts[1]) ?? -1
      guard (0...bytes.count * 8).contains(bits) else { return nil }
      self.bytes = bytes
      self.bits = bits
    }

    func contains(_ address: [UInt8]) -> Bool {
      guard address.count == bytes.count else { return false }
      let whole = bits / 8
      guard address.prefix(whole).elementsEqual(bytes.prefix(whole)) else { return false }
      let rest = bits % 8
      guard rest > 0 else { return true }
      return address[whole] >> (8 - rest) == bytes[whole] >> (8 - rest)
    }

    private static func parse(_ text: String) -> [UInt8]? {
      var four = in_addr()
      if inet_pton(AF_INET, text, &four) == 1 { return withUnsafeBytes(of: four, Array.init) }
      var six = in6_addr()
      if inet_pton(AF_INET6, text, &six) == 1 { return withUnsafeBytes(of: six, Array.init) }
      return nil
    }
  }

  /// What plugins may not reach by themselves, and what it is.
  private static let denied: [(network: Network, kind: String)] = [
    ("0.0.0.0/8", "this host"), ("10.0.0.0/8", "private"), ("100.64.0.0/10", "private"),
    ("127.0.0.0/8", "loopback"), ("169.254.0.0/16", "link-local"), ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"), ("192.0.2.0/24", "reserved"), ("192.88.99.0/24", "reserved"),
    ("192.168.0.0/16", "private"), ("198.18.0.0/15", "private"), ("198.51.100.0/24", "reserved"),
    ("203.0.113.0/24", "reserved"), ("224.0.0.0/4", "multicast"), ("240.0.0.0/4", "reserved"),
    ("168.63.129.16", "cloud metadata"), ("::/128", "this host"), ("::1/128", "loopback"),
    ("64:ff9b:1::/48", "private"), ("100::/64", "reserved"), ("2001:db8::/32", "reserved"),
    ("fc00::/7", "private"), ("fe80::/10", "link-local"), ("fec0::/10", "private"),
    ("ff00::/8", "multicast"),
  ].compactMap { text, kind in Network(text).map { ($0, kind) } }

  /// Networks that carry an IPv4 address inside an IPv6 one, and where it begins.
  private static let carriers: [(network: Network, offset: Int)] = [
    ("::ffff:0:0/96", 12), ("::/96", 12), ("64:ff9b::/96", 12), ("2002::/16", 2),
  ].compactMap { text, offset in Network(text).map { ($0, offset) } }

  var allowed: [Network] = []

  /// Networks and addresses, separated by commas or blanks, or `none`; nil when one of them is neither.
  init?(allowing text: String) {
    if text == "none" { return }
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      guard let network = Network(String(word)) else { return nil }
      allowed.append(network)
    }
  }

  init() {}

  /// As `init(allowing:)` reads it.
  var description: String {
    allowed.isEmpty
      ? "none" : allowed.map { "\(Self.text(of: $0.bytes))/\($0.bits)" }.joined(separator: ", ")
  }

  /// What kind of address it is when a plugin may not reach it.
  func denial(of address: [UInt8]) -> String? {
    if allowed.contains(where: { $0.contains(address) }) { return nil }
    if let found = Self.denied.first(where: { $0.network.contains(address) }) { return found.kind }
    guard address.count == 16 else { return address.count == 4 ? nil : "of an unknown kind" }
    for carrier in Self.carriers where carrier.network.contains(address) {
      return denial(of: Array(address[carrier.offset..<carrier.offset + 4]))
    }
    return nil
  }

  /// The bytes of a socket's address; empty for a family that is not of the network.
  static func bytes(of address: UnsafePointer<sockaddr>) -> [UInt8] {
    switch Int32(address.pointee.sa_family) {
    case AF_INET:
      address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        withUnsafeBytes(of: $0.pointee.sin_addr, Array.init)
      }
    case AF_INET6:
      address.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) {
        withUnsafeBytes(of: $0.pointee.sin6_addr, Array.init)
      }
    default: []
    }
  }

  /// An address as text.
  static func text(of bytes: [UInt8]) -> String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard bytes.count == 4 || bytes.count == 16,
      inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil
    else { return "unknown" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
