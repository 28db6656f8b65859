import Foundation
import TestThreads
import Testing

import enum Harness.Patience

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct OutgoingTests {
  private func stand(allowing text: String) throws -> Stand {
    let policy = try #require(AddressPolicy(allowing: text))
    return try Stand(fetch, configure: { $0.outgoingAllow = policy })
  }

  private func get(_ stand: Stand, _ url: String, _ more: [String: String] = [:]) -> String {
    stand.ask(more.merging(["method": "fetch", "url": url]) { given, _ in given }).body
  }

  @Test("A request arrives as it was asked, and its answer as it was sent")
  func sends() throws {
    let (web, stand) = (try WebServer(), try stand(allowing: "127.0.0.1"))
    let base = "http://127.0.0.1:\(web.port)"
    #expect(get(stand, base + "/echo") == "11 test 200 GET X-Test: yes ")
    #expect(get(stand, base + "/echo", ["body": "hello"]) == "11 test 200 POST X-Test: yes hello")
    #expect(get(stand, base + "/missing") == "11 test 404 no such page")
    let account = try #require(stand.core.runtime.instances.last?.services?.account)
    #expect(account.line(.http).calls == 3)
    #expect(stand.core.services.client.counters.answered.count == 3)
  }

  @Test("Addresses that are not public are refused by what a name resolved to")
  func denied() throws {
    let (web, stand) = (try WebServer(), try Stand(fetch))
    let denied =
      "denied: tally.http.perform: 127.0.0.1 is loopback; the operator may allow it in "
      + "host.outgoing_allow"
    #expect(get(stand, "http://127.0.0.1:\(web.port)/") == denied)
    #expect(get(stand, "http://2130706433:\(web.port)/") == denied)
    #expect(get(stand, "http://0x7f.1:\(web.port)/") == denied)
    #expect(get(stand, "http://localhost:\(web.port)/").contains(" is loopback; the operator may"))
    #expect(
      get(stand, "http://169.254.169.254/latest/meta-data/")
        == "denied: tally.http.perform: 169.254.169.254 is link-local; the operator may allow it in "
        + "host.outgoing_allow")
    #expect(get(stand, "http://[::ffff:10.0.0.1]/").hasSuffix("host.outgoing_allow"))
    #expect(stand.core.services.client.counters.denied.count == 6)
  }

  @Test("Offline nothing is sent, and whoever asked is told so; a change holds at once")
  func offline() throws {
    let (web, stand) = (try WebServer(), try stand(allowing: "127.0.0.1"))
    let url = "http://127.0.0.1:\(web.port)/echo"
    let member = try #require(stand.core.members.member(named: "owner"))
    try stand.core.keep(["api": ["offline_mode": .bool(true)]], by: member)
    #expect(
      get(stand, url)
        == "denied: tally.http.perform: api.offline_mode is on: nothing is sent to anybody")
    #expect(stand.core.services.client.counters.denied.count == 1)
    try stand.core.keep(["api": ["offline_mode": .null]], by: member)
    #expect(get(stand, url) == "11 test 200 GET X-Test: yes ")
  }

  @Test("A redirect is judged as a request is")
  func redirects() throws {
    let (web, stand) = (try WebServer(), try stand(allowing: "127.0.0.1"))
    let base = "http://127.0.0.1:\(web.port)"
    #expect(get(stand, base + "/to/127.0.0.1").hasPrefix("11  302"))
    #expect(
      get(stand, base + "/to/127.0.0.1", ["redirects": "1"]) == "11 test 200 GET X-Test: yes ")
    #expect(
      get(stand, base + "/to/127.0.0.2", ["redirects": "1"])
        == "denied: tally.http.perform: 127.0.0.2 is loopback; the operator may allow it in "
        + "host.outgoing_allow")
    #expect(
      get(stand, base + "/loop", ["redirects": "3"])
        == "failed: tally.http.perform: Number of redirects hit maximum amount")
  }

  @Test("Time, bytes and what is under way have limits")
  func limits() throws {
    let (web, stand) = (try WebServer(), try stand(allowing: "127.0.0.0/8"))
    let base = "http://127.0.0.1:\(web.port)"
    #expect(
      get(stand, base + "/never", ["timeout": "200"])
        == "timeout: tally.http.perform: no answer within 200 ms")
    #expect(
      get(stand, base + "/big", ["max": "5000"])
        == "limit: tally.http.perform: the answer is over 5000 bytes")
    for _ in 0..<OutgoingClient.perPluginMax {
      #expect(get(stand, base + "/never", ["begin": "1"]) == "begun")
    }
    #expect(
      get(stand, base + "/")
        == "limit: tally.http.perform: too many requests are under way; try again later")
    FetchPlugin.watching.lock()
    defer { FetchPlugin.watching.unlock() }
    FetchPlugin.ended.withLock { $0.removeAll() }
    try stand.restart()
    let ended = FetchPlugin.ended.withLock { $0 }
    #expect(ended.count == OutgoingClient.perPluginMax)
    #expect(Set(ended) == ["gone: the request was cancelled"])
  }

  @Test("A request that was begun tells once how it ended")
  func begins() throws {
    let (web, stand) = (try WebServer(), try stand(allowing: "127.0.0.1"))
    let base = "http://127.0.0.1:\(web.port)"
    FetchPlugin.watching.lock()
    defer { FetchPlugin.watching.unlock() }
    FetchPlugin.ended.withLock { $0.removeAll() }
    #expect(get(stand, base + "/", ["begin": "1"]) == "begun")
    #expect(get(stand, base + "/never", ["begin": "1", "cancel": "1"]) == "begun")
    _ = Patience.wait { FetchPlugin.ended.withLock { $0.count } >= 2 }
    #expect(
      Set(FetchPlugin.ended.withLock { $0 }) == ["200 ok", "gone: the request was cancelled"])
  }

  @Test("What would end a line of the request is refused")
  func malformed() throws {
    let stand = try Stand(fetch)
    #expect(
      get(stand, "http://127.0.0.1/", ["field": "a\r\nHost: b"])
        == "invalid: tally.http.perform: field 0 has no name, is too long, or holds control characters"
    )
    for url in ["file:///etc/passwd", "gopher://127.0.0.1/", "127.0.0.1", "http://a\r\nb/"] {
      #expect(
        get(stand, url)
          == "invalid: tally.http.perform: a url begins with http:// or https:// and is at most "
          + "8192 bytes")
    }
  }

  @Test(
    "An address is public or of a kind",
    arguments: [
      ("8.8.8.8", nil), ("2606:4700::1", nil), ("10.255.0.1", "private"),
      ("172.15.0.1", nil), ("172.31.255.255", "private"), ("172.32.0.1", nil),
      ("192.168.0.1", "private"), ("100.64.0.1", "private"), ("127.9.9.9", "loopback"),
      ("169.254.169.254", "link-local"), ("0.0.0.0", "this host"), ("224.0.0.1", "multicast"),
      ("255.255.255.255", "reserved"), ("168.63.129.16", "cloud metadata"), ("::1", "loopback"),
      ("::", "this host"), ("fd00:ec2::254", "private"), ("fe80::1", "link-local"),
      ("::ffff:127.0.0.1", "loopback"), ("::ffff:8.8.8.8", nil), ("64:ff9b::a00:1", "private"),
      ("2002:7f00:1::", "loopback"), ("ff02::1", "multicast"),
    ] as [(String, String?)])
  func kinds(text: String, kind: String?) throws {
    let network = try #require(AddressPolicy.Network(text))
    #expect(AddressPolicy().denial(of: network.bytes) == kind)
  }

  @Test("What the operator allows is reached, and nothing beside it")
  func allowed() throws {
    let policy = try #require(AddressPolicy(allowing: "10.1.0.0/16, fd00::/8 192.168.1.5"))
    let denials = try ["10.1.2.3", "10.2.0.1", "fd12::1", "192.168.1.5", "192.168.1.6"].map {
      policy.denial(of: try #require(AddressPolicy.Network($0)).bytes)
    }
    #expect(denials == [nil, "private", nil, nil, "private"])
    #expect(policy.description == "10.1.0.0/16, fd00::/8, 192.168.1.5/32")
    for text in ["10.0.0.0/33", "ten", "10.0.0", "1.2.3.4/x"] {
      #expect(AddressPolicy(allowing: text) == nil)
    }
  }
}
