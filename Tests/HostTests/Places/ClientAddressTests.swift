import Testing

@testable import Host

@Suite struct ClientAddressTests {
  @Test(
    "An address is read with and without port, brackets and blanks",
    arguments: [
      ("203.0.113.7", "203.0.113.7"), (" 203.0.113.7\t", "203.0.113.7"),
      ("203.0.113.7:4711", "203.0.113.7"), ("2001:db8::1", "2001:db8::1"),
      ("[2001:db8::1]", "2001:db8::1"), ("[2001:db8::1]:4711", "2001:db8::1"),
      ("::ffff:203.0.113.7", "203.0.113.7"), ("0:0:0:0:0:0:0:1", "::1"),
    ])
  func reads(_ text: String, _ read: String) {
    #expect(ClientAddress(text)?.text == read)
  }

  @Test(
    "What is no address is none",
    arguments: [
      "", " ", "localhost", "203.0.113", "203.0.113.256", "1.2.3.4.5", "[2001:db8::1", "unknown",
      "fe80::1%eth0", "203.0.113.7, 203.0.113.8", "[]", String(repeating: "1", count: 65),
    ])
  func refuses(_ text: String) {
    #expect(ClientAddress(text) == nil)
  }

  @Test("Shortened, an address names no household")
  func truncated() {
    #expect(ClientAddress("203.0.113.7")?.truncated.text == "203.0.113.0")
    #expect(ClientAddress("2001:db8:1:2:3:4:5:6")?.truncated.text == "2001:db8:1::")
    #expect(ClientAddress("::1")?.truncated.text == "::")
  }

  @Test(
    "Behind proxies the client is the last that is not one of them",
    arguments: [
      (nil, "10.0.0.1"), ("198.51.100.1", "198.51.100.1"),
      ("192.0.2.9, 198.51.100.1", "198.51.100.1"), ("198.51.100.1, 10.0.0.7", "198.51.100.1"),
      ("198.51.100.1,[2001:db8::5]:80,10.0.0.7:1", "198.51.100.1"), ("10.0.0.8", "10.0.0.8"),
      ("198.51.100.1, junk, 10.0.0.7", "10.0.0.7"), ("junk", "10.0.0.1"), ("", "10.0.0.1"),
    ] as [(String?, String)])
  func proxies(_ header: String?, _ client: String) throws {
    let proxies = try #require(TrustedProxies("10.0.0.0/8, 2001:db8::/32"))
    let peer = try #require(ClientAddress("10.0.0.1"))
    #expect(proxies.client(behind: peer, forwarded: header).text == client)
  }

  @Test("Nobody's header is believed who is not named")
  func strangers() throws {
    let stranger = try #require(ClientAddress("11.0.0.1"))
    let header = "198.51.100.1"
    for text in ["none", "10.0.0.0/8", "11.0.0.0/32, 11.0.0.2", "::/96"] {
      let proxies = try #require(TrustedProxies(text))
      #expect(proxies.client(behind: stranger, forwarded: header) == stranger, "\(text)")
    }
    let all = try #require(TrustedProxies("0.0.0.0/0"))
    #expect(all.client(behind: stranger, forwarded: header).text == header)
    let bounds = try #require(TrustedProxies("11.0.0.0/31"))
    #expect(bounds.client(behind: stranger, forwarded: header).text == header)
    #expect(
      bounds.client(behind: try #require(ClientAddress("11.0.0.2")), forwarded: header)
        != ClientAddress(header))
  }

  @Test("A header of any length costs a bounded number of looks")
  func long() throws {
    let proxies = try #require(TrustedProxies("10.0.0.0/8"))
    let header = "198.51.100.1" + String(repeating: ",10.0.0.2", count: TrustedProxies.hopsMax)
    let peer = try #require(ClientAddress("10.0.0.1"))
    #expect(proxies.client(behind: peer, forwarded: header).text == "10.0.0.2")
  }

  @Test("What is no list of networks is refused", arguments: ["10.0.0.0/33", "a", "10.0.0.1,b"])
  func refusedNetworks(_ text: String) {
    #expect(TrustedProxies(text) == nil)
  }

  @Test("Apps are named by their 24 digits, with one of three words")
  func apps() {
    let app = "5F0000000000000000000001"
    #expect(AppAddresses("\(app)=drop")?.modes == [app.lowercased(): .drop])
    #expect(AppAddresses("none")?.modes == [:])
    for text in ["x=drop", "\(app)=hide", app, "\(app)=drop=keep", "\(app.dropLast())=drop"] {
      #expect(AppAddresses(text) == nil, "\(text)")
    }
  }
}
