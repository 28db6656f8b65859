import Testing

@testable import Host

@Suite struct ListenAddressTests {
  @Test(
    "Host and port are taken apart and written back",
    arguments: [
      ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:80", "::1", 80),
      ("localhost:0", "localhost", 0),
    ])
  func accepted(text: String, host: String, port: Int) throws {
    let address = try #require(ListenAddress(text))
    #expect(address == ListenAddress(host: host, port: port))
    #expect(address.description == text)
  }

  @Test(
    "What is no HOST:PORT is refused",
    arguments: [
      "", ":80", "8080", "::1:80", "a:", "a:-1", "a:65536", "a b:1", "http://a:1", "[]:1",
    ])
  func refused(text: String) {
    #expect(ListenAddress(text) == nil)
  }

  @Test("Everywhere is reached through the loopback")
  func reachable() {
    #expect(ListenAddress("0.0.0.0:1")?.reachable.description == "127.0.0.1:1")
    #expect(ListenAddress("[::]:1")?.reachable.description == "[::1]:1")
    #expect(ListenAddress("tally.example:1")?.reachable.description == "tally.example:1")
  }
}
