import Glibc
import NIOCore

/// The address of a client, IPv4 as the IPv6 one that carries it. Comparing and masking are a few
/// instructions; text is made for people only.
struct ClientAddress: Hashable, Sendable {
  /// The 16 bytes as two numbers, the first byte highest.
  let high: UInt64
  let low: UInt64

  /// The longest text that can be an address: brackets, a port.
  static let textBytesMax = 64

  init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The other end of a connection; nil for one that is not of the network.
  init?(_ address: SocketAddress?) {
    switch address {
    case .v4(let four):
      self.init(four: UInt32(bigEndian: four.address.sin_addr.s_addr))
    case .v6(let six):
      self = withUnsafeBytes(of: six.address.sin6_addr) { Self(six: $0) }
    default: return nil
    }
  }

  /// Reads `203.0.113.7`, `203.0.113.7:4711`, `2001:db8::1` and `[2001:db8::1]:4711`, with blanks
  /// around them.
  init?(_ text: UnsafeRawBufferPointer) {
    guard let bare = Self.withoutPort(text), !bare.isEmpty, bare.count <= Self.textBytesMax else {
      return nil
    }
    let found = withUnsafeTemporaryAllocation(of: CChar.self, capacity: bare.count + 1) { room in
      for (place, byte) in bare.enumerated() { room[place] = CChar(bitPattern: byte) }
      room[bare.count] = 0
      return Self.parse(room.baseAddress)
    }
    guard let found else { return nil }
    self = found
  }

  init?(_ text: String) {
    var text = text
    guard let address = text.withUTF8({ ClientAddress(UnsafeRawBufferPointer($0)) }) else {
      return nil
    }
    self = address
  }

  private init(four: UInt32) {
    self.init(high: 0, low: Self.mapped | UInt64(four))
  }

  private init(six bytes: UnsafeRawBufferPointer) {
    high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
    low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
  }

  /// `::ffff:0:0/96`
  private static let mapped: UInt64 = 0xffff_0000_0000

  var isFour: Bool { high == 0 && low >> 32 == 0xffff }

  /// Without what tells one household from another: the last number of IPv4, all but the first
  /// three groups of IPv6.
  var truncated: ClientAddress {
    isFour
      ? ClientAddress(high: 0, low: low & ~0xff)
      : ClientAddress(high: high & ~0xffff, low: 0)
  }

  var text: String {
    if isFour {
      let four = UInt32(truncatingIfNeeded: low)
      return "\(four >> 24).\(four >> 16 & 255).\(four >> 8 & 255).\(four & 255)"
    }
    var address = in6_addr()
    withUnsafeMutableBytes(of: &address) { bytes in
      bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
      bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
    }
    return withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { room in
      guard let base = room.baseAddress,
        inet_ntop(AF_INET6, &address, base, socklen_t(room.count)) != nil
      else { return "" }
      return String(cString: base)
    }
  }

  private static func parse(_ text: UnsafePointer<CChar>?) -> ClientAddress? {
    guard let text else { return nil }
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 { return Self(four: UInt32(bigEndian: four.s_addr)) }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    return withUnsafeBytes(of: six) { Self(six: $0) }
  }

  /// One colon is before a port; IPv6 has more, or brackets around it.
  private static func withoutPort(_ text: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
    var (start, end) = (0, text.count)
    while start < end, text[start] == 0x20 || text[start] == 0x09 { start += 1 }
    while end > start, text[end - 1] == 0x20 || text[end - 1] == 0x09 { end -= 1 }
    guard start < end else { return nil }
    if text[start] == UInt8(ascii: "[") {
      guard let close = text[start..<end].firstIndex(of: UInt8(ascii: "]")) else { return nil }
      return text.part(start + 1, close - start - 1)
    }
    let colons = text[start..<end].reduce(0) { $1 == UInt8(ascii: ":") ? $0 + 1 : $0 }
    if colons == 1, let colon = text[start..<end].firstIndex(of: UInt8(ascii: ":")) { end = colon }
    return text.part(start, end - start)
  }
}
