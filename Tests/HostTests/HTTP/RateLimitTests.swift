import Testing

@testable import Host

@Suite struct RateLimitTests {
  private func address(_ text: String) throws -> ClientAddress {
    try #require(ClientAddress(text))
  }

  @Test("So many in a window, each address by itself, and as many again in the next")
  func windows() throws {
    let limit = RateLimit()
    let rule = try #require(RateLimit.Rule(windowSeconds: 10, requests: 2))
    let (one, other) = (try address("203.0.113.7"), try address("203.0.113.8"))
    #expect(limit.wait(one, rule, nowS: 100) == nil)
    #expect(limit.wait(one, rule, nowS: 103) == nil)
    #expect(limit.wait(one, rule, nowS: 104) == 6)
    #expect(limit.wait(other, rule, nowS: 104) == nil)
    #expect(limit.wait(one, rule, nowS: 109) == 1)
    #expect(limit.wait(one, rule, nowS: 110) == nil)
    #expect(limit.refused.count == 2)
  }

  @Test("Of IPv6 the network is counted, of IPv4 the address")
  func networks() throws {
    let limit = RateLimit()
    let rule = try #require(RateLimit.Rule(windowSeconds: 10, requests: 1))
    #expect(limit.wait(try address("2001:db8:1:2::1"), rule, nowS: 0) == nil)
    #expect(limit.wait(try address("2001:db8:1:3::2"), rule, nowS: 0) != nil)
    #expect(limit.wait(try address("2001:db8:2::1"), rule, nowS: 0) == nil)
  }

  @Test("Addresses beyond those that are counted are let in, and said")
  func many() throws {
    let limit = RateLimit()
    let rule = try #require(RateLimit.Rule(windowSeconds: 10, requests: 1))
    for number in 0..<UInt64(RateLimit.addressesMax) {
      let address = ClientAddress(high: 0, low: 0xffff_0a00_0000 + number)
      #expect(limit.wait(address, rule, nowS: 0) == nil)
    }
    let late = try address("203.0.113.7")
    #expect(limit.wait(late, rule, nowS: 0) == nil && limit.wait(late, rule, nowS: 0) == nil)
    #expect(limit.uncounted.count == 2)
    #expect(limit.wait(ClientAddress(high: 0, low: 0xffff_0a00_0000), rule, nowS: 1) != nil)
    #expect(limit.wait(late, rule, nowS: 10) == nil && limit.wait(late, rule, nowS: 10) != nil)
  }

  @Test("A window or a number of 0 is no limit")
  func off() {
    #expect(RateLimit.Rule(windowSeconds: 0, requests: 5) == nil)
    #expect(RateLimit.Rule(windowSeconds: 5, requests: 0) == nil)
  }
}
