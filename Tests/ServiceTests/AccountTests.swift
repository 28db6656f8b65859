import Foundation
import Store
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct AccountTests {
  private func ask(_ stand: Stand, _ parameters: [String: String]) -> String {
    stand.ask(parameters.merging(["method": "worker"]) { given, _ in given }).body
      .replacing("\"", with: "")
  }

  @Test("A plugin learns who a member is and what they may, and nothing of anybody else")
  func members() throws {
    let stand = try Stand(worker)
    let guest = try stand.core.store.createMember(NewMember(username: "guest"), nowMs: 0)
    try stand.core.reloadAdministration()
    let owner = try #require(try stand.core.store.member(username: "owner"))
    #expect(ask(stand, ["do": "who", "key": owner.id]) == "owner true")
    #expect(ask(stand, ["do": "who", "key": guest.id]) == "guest false")
    #expect(ask(stand, ["do": "who", "key": "nobody"]) == "nobody")
    let app = "\(stand.app.number)"
    #expect(ask(stand, ["do": "may", "key": owner.id, "app": app]) == "yes")
    #expect(ask(stand, ["do": "may", "key": owner.id, "app": "999"]) == "no")
    #expect(ask(stand, ["do": "may", "key": guest.id, "app": app]) == "no")
    #expect(
      ask(stand, ["do": "may", "key": "nobody", "app": app])
        == "notFound: tally.auth.may: there is no member nobody")
  }

  @Test("What was done is kept, with who did it")
  func audit() throws {
    let stand = try Stand(worker)
    let owner = try #require(try stand.core.store.member(username: "owner"))
    #expect(ask(stand, ["do": "audit", "key": owner.id, "value": "one"]) == "kept")
    #expect(ask(stand, ["do": "audit", "value": "two"]) == "kept")
    try stand.restart()
    let lines = try stand.core.store.auditLines(limit: 10)
    #expect(lines.map(\.detail) == ["two", "one"])
    #expect(lines.map(\.member) == ["", owner.id])
    #expect(Set(lines.map(\.action)) == ["worker.asked"])
    #expect(lines.allSatisfy { $0.plugin == "worker" && $0.app == stand.app.number })
    #expect(
      ask(stand, ["do": "audit", "value": String(repeating: "x", count: 16_385)])
        == "invalid: tally.auth.audit: an action is UTF-8 of 1 to 128 bytes, a detail of at most "
        + "16384")
  }

  @Test("Jobs and commands are counted with their time and faults, and so is what a limit refuses")
  func costs() throws {
    let stand = try Stand(worker)
    let account = stand.core.runtime.accounts.account("worker")
    for job in ["quick", "counts"] { _ = ask(stand, ["do": "order", "job": job]) }
    _ = ask(stand, ["do": "order", "job": "fails"])
    let large = String(repeating: "x", count: 65_537)
    _ = ask(stand, ["do": "put", "key": "k", "value": large])
    // One try and two more, a second and two later.
    for _ in 0..<3_000 where account[.job].reading.errors < 3 { usleep(5_000) }
    #expect(account[.job].reading.errors == 3)
    #expect(account[.job].reading.calls >= 5)
    #expect(account[.job].reading.nanoseconds > 0)
    #expect(account[.command].reading.calls == 1)
    #expect(account[.command].reading.errors == 0)
    #expect(account[.question].reading.calls == 4)
    #expect(account.drops == ["kv": 1])
  }

  @Test("What plugins ask for, and what they count themselves, is at /metrics")
  func metrics() throws {
    let stand = try Stand(worker)
    for _ in 0..<3 { _ = ask(stand, ["do": "get", "key": "k"]) }
    let metrics = Metrics()
    stand.core.publish(metrics)
    let lines = metrics.render().split(separator: "\n")
    #expect(lines.contains("tally_plugin_worker_asked_total 3"))
    #expect(lines.contains("# TYPE tally_plugin_worker_asked_total counter"))
    #expect(lines.contains("tally_service_calls_total{plugin=\"worker\",service=\"kv\"} 3"))
    #expect(lines.contains("tally_service_refusals_total{plugin=\"worker\",service=\"kv\"} 3"))
    #expect(lines.contains("tally_jobs_overdue 0"))
    #expect(lines.filter { $0.hasPrefix("# TYPE tally_service_calls_total ") }.count == 1)
  }
}
