/// Whose `X-Forwarded-For` is believed. Nobody's, unless the operator names them: everybody can
/// send the header.
package struct TrustedProxies: Equatable, Sendable, CustomStringConvertible {
  private struct Network: Equatable, Sendable {
    let high: UInt64
    let low: UInt64
    let highMask: UInt64
    let lowMask: UInt64
    let text: String

    func contains(_ address: ClientAddress) -> Bool {
      address.high & highMask == high && address.low & lowMask == low
    }
  }

  /// Entries of one header that are looked at, from its end.
  static let hopsMax = 16

  private var networks: [Network] = []

  package init() {}

  /// Networks and addresses, separated by commas or blanks, or `none`; nil when one of them is
  /// neither.
  package init?(_ text: String) {
    if text == "none" { return }
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      guard let network = Self.network(String(word)) else { return nil }
      networks.append(network)
    }
  }

  private static func network(_ text: String) -> Network? {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard let parsed = AddressPolicy.Network(text), let address = ClientAddress(String(parts[0]))
    else { return nil }
    let bits = parsed.bytes.count == 4 ? parsed.bits + 96 : parsed.bits
    let highMask = bits >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(bits))
    let lowMask = bits <= 64 ? 0 : bits == 128 ? UInt64.max : ~(UInt64.max >> UInt64(bits - 64))
    return Network(
      high: address.high & highMask, low: address.low & lowMask, highMask: highMask,
      lowMask: lowMask, text: text)
  }

  package var isEmpty: Bool { networks.isEmpty }

  /// As `init` reads it.
  package var description: String {
    isEmpty ? "none" : networks.map(\.text).joined(separator: ", ")
  }

  /// Who sent a request: the peer, unless that is a proxy; then the last in its header that is not
  /// one. What cannot be read ends the search: behind it everything may be made up.
  func client(behind peer: ClientAddress, forwarded: String?) -> ClientAddress {
    guard var forwarded, trusts(peer) else { return peer }
    return forwarded.withUTF8 { text in
      var (client, rest) = (peer, UnsafeRawBufferPointer(text))
      for _ in 0..<Self.hopsMax {
        let comma = rest.lastIndex(of: UInt8(ascii: ","))
        guard let next = ClientAddress(rest.suffix(after: comma.map { $0 + 1 } ?? 0)) else { break }
        client = next
        guard let comma, trusts(next) else { break }
        rest = rest.part(0, comma)
      }
      return client
    }
  }

  private func trusts(_ address: ClientAddress) -> Bool {
    networks.contains { $0.contains(address) }
  }
}

extension TrustedProxies {
  /// Who asked a question; nil where nobody can say.
  func client(of request: QueryRequest) -> ClientAddress? {
    request.peer.map { client(behind: $0, forwarded: request.forwarded) }
  }
}
