import Foundation
import TestThreads
import Testing

@testable import Host

/// Outgoing requests to real servers: OpenSSL's for TLS, nghttp2's for HTTP/2.
@Suite(.serialized, .ownThread) struct TLSTests {
  private let servers: SecureServer

  init() throws { servers = try SecureServer() }

  private func stand(trusting authority: Bool = true) throws -> Stand {
    let policy = try #require(AddressPolicy(allowing: "127.0.0.1, ::1"))
    let path = servers.authority
    return try Stand(
      fetch,
      configure: {
        $0.outgoingAllow = policy
        if authority { $0.outgoingAuthorities = path }
      })
  }

  private func get(_ stand: Stand, _ url: String, _ more: [String: String] = [:]) -> String {
    stand.ask(more.merging(["method": "fetch", "url": url]) { given, _ in given }).body
  }

  private static func answer(_ body: String) -> String {
    "HTTP/1.1 200 OK\r\nX-Kind: tls\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)"
  }

  @Test("A server whose certificate is in order is asked over TLS")
  func valid() throws {
    let stand = try stand()
    for host in ["localhost", "127.0.0.1"] {
      // It serves one connection at a time, and libcurl keeps the first.
      let port = try servers.serve(["page": Self.answer("over TLS")])
      #expect(get(stand, "https://\(host):\(port)/page") == "11 tls 200 over TLS")
    }
    #expect(stand.core.services.client.counters.answered.count == 2)
  }

  @Test("A server that nobody vouches for, with another's name or an old one is refused")
  func refused() throws {
    let port = try servers.serve(["page": Self.answer("no")])
    let refusal = "failed: tally.http.perform: the server is not trusted: "
    #expect(
      get(try stand(trusting: false), "https://localhost:\(port)/page")
        == refusal + "SSL certificate problem: unable to get local issuer certificate")
    let trusting = try stand()
    let other = try servers.serve([:], showing: .other)
    #expect(
      get(trusting, "https://localhost:\(other)/page")
        == refusal + "SSL: no alternative certificate subject name matches target host name "
        + "'localhost'")
    let old = try servers.serve([:], showing: .expired)
    #expect(
      get(trusting, "https://localhost:\(old)/page")
        == refusal + "SSL certificate problem: certificate has expired")
    #expect(trusting.core.services.client.counters.failed.count == 2)
  }

  @Test("A redirect over TLS to a private address is refused as a request would be")
  func redirect() throws {
    let target = "HTTP/1.1 302 Found\r\nLocation: %\r\nContent-Length: 0\r\n\r\n"
    let port = try servers.serve([
      "private": target.replacing("%", with: "https://127.0.0.2/secrets"),
      "metadata": target.replacing("%", with: "http://169.254.169.254/latest/"),
    ])
    let stand = try stand()
    for (page, address) in [
      ("private", "127.0.0.2 is loopback"), ("metadata", "169.254.169.254 is link-local"),
    ] {
      #expect(
        get(stand, "https://localhost:\(port)/\(page)", ["redirects": "3"])
          == "denied: tally.http.perform: \(address); the operator may allow it in "
          + "host.outgoing_allow")
    }
    #expect(stand.core.services.client.counters.denied.count == 2)
  }

  @Test("A server that speaks HTTP/2 is asked in HTTP/2, also with a body and many times at once")
  func http2() throws {
    let port = try servers.serveHTTP2(["page": "two"])
    let (stand, base) = (try stand(), "https://localhost:\(port)")
    #expect(get(stand, base + "/page") == "20  200 two")
    #expect(get(stand, base + "/missing").hasPrefix("20  404 "))
    let body = String(repeating: "0123456789", count: 20)
    #expect(get(stand, base + "/page", ["body": body]) == "20  200 \(body)")
    FetchPlugin.watching.lock()
    defer { FetchPlugin.watching.unlock() }
    FetchPlugin.ended.withLock { $0.removeAll() }
    for _ in 0..<32 { #expect(get(stand, base + "/page", ["begin": "1"]) == "begun") }
    for _ in 0..<1_000 where FetchPlugin.ended.withLock({ $0.count }) < 32 { usleep(5_000) }
    #expect(FetchPlugin.ended.withLock { $0 } == [String](repeating: "200 two", count: 32))
    #expect(
      get(stand, base + "/page", ["max": "2"])
        == "limit: tally.http.perform: the answer is over 2 bytes")
  }
}
