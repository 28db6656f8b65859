import Logging
import Store
import Synchronization
import TestThreads
import Testing

@testable import Host

/// What is kept of those who try what they may not.
@Suite(.serialized, .ownThread) struct SecurityLogTests {
  private let stand: Stand

  init() throws { stand = try Stand(worker) }

  private func lines() throws -> [AuditLine] {
    try stand.core.store.auditLines(limit: 1_000).filter { $0.action.hasPrefix("security.") }
  }

  @Test("A flood has so many lines a minute, and one that counts the rest")
  func flood() throws {
    let clock = Mutex<Int64>(60_000_000)
    let log = SecurityLog(store: stand.core.store, log: stand.core.log) {
      clock.withLock { $0 }
    }
    for _ in 0..<1_000 { log.note(.init(kind: .denied, reason: "no", path: "/o")) }
    log.note(.init(kind: .loginFailed))
    #expect(try lines().count == SecurityLog.linesPerMinuteMax)
    #expect(log.counts == [.denied: 1_000, .loginFailed: 1])
    clock.withLock { $0 += 60_000 }
    log.note(.init(kind: .injection, reason: "$where"))
    let newest = try lines()
    #expect(newest.count == SecurityLog.linesPerMinuteMax + 2)
    #expect(newest[0].action == "security.injection")
    #expect(newest[1].action == SecurityLog.action)
    #expect(
      newest[1].detail
        == #"{"minute_ms":60000000,"security.denied":970,"security.login-failed":1}"#)
  }

  @Test("An unknown key and a missing right are noted, without the key; no credential is not")
  func denials() throws {
    _ = stand.answer(["method": "worker", "app_id": stand.app.hex])
    #expect(try lines().isEmpty)
    _ = stand.answer(["method": "worker", "app_id": stand.app.hex, "api_key": "wrong-key"])
    let line = try #require(try lines().first)
    #expect(line.action == "security.login-failed")
    #expect(line.detail == #"{"path":"/o","reason":"User does not exist"}"#)
  }

  @Test("Each line says where it came from, past the proxies that are named")
  func addresses() throws {
    let log = SecurityLog(
      store: stand.core.store, log: stand.core.log,
      proxies: try #require(TrustedProxies("10.0.0.0/8")))
    var request = QueryRequest(
      httpMethod: "GET", path: "/o", parameters: ["query": #"{"$where":"1"}"#])
    for (peer, forwarded, expected) in [
      ("192.0.2.7", nil, "192.0.2.7"), ("192.0.2.7", "198.51.100.1", "192.0.2.7"),
      ("10.0.0.1", "203.0.113.5, 198.51.100.1", "198.51.100.1"), (nil, "198.51.100.1", ""),
    ] {
      (request.peer, request.forwarded) = (peer.flatMap { ClientAddress($0) }, forwarded)
      log.note(.memberUnknown, request)
      #expect(log.judge(request))
      #expect(try lines().prefix(2).map(\.address) == [expected, expected])
    }
  }

  @Test("A query with an operator that runs code is refused behind the rights, and noted")
  func injection() throws {
    let query = #"{"a":{"$or":[{"$where":"1"}]}}"#
    #expect(stand.ask(["method": "worker", "do": "get", "key": "k", "query": query]).status == 400)
    #expect(try lines().first?.action == "security.injection")
    #expect(try lines().first?.detail == #"{"path":"/o","reason":"$where"}"#)
    let harmless = #"{"a":{"$in":["$where"]}}"#
    let reply = stand.ask(["method": "worker", "do": "get", "key": "k", "query": harmless])
    #expect(reply.body != #"{"result":"Unsafe operator in a query"}"#)
    #expect(try lines().count == 1)
  }
}
