import Foundation
import GRDB
import Logging
import Store
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct RebuildTests {
  private func rebuild(_ stand: Stand, writes: Bool = false) throws -> Rebuild.Report {
    let twin = stand.folder + "-twin"
    defer { try? FileManager.default.removeItem(atPath: twin) }
    return try Rebuild(
      stand.core.configuration, twin: twin,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    ).run(writes: writes) { _, _ in }
  }

  private func filled() throws -> Stand {
    let stand = try Stand()
    let now = Clock.system.nowMs
    for number in 0..<60 {
      try stand.send(
        """
        {"timestamp":\(now - Int64(number) * 3_600_000),"begin_session":1,
         "metrics":{"_os":"\(number % 3 == 0 ? "iOS" : "Android")"},
         "events":[{"key":"e\(number % 4)","count":\(number),"segmentation":{"s":"v\(number % 5)"}}]}
        """, device: "d\(number % 7)")
    }
    stand.settle()
    return stand
  }

  private func change(_ stand: Stand, _ sql: String) throws {
    let queue = try DatabaseQueue(path: stand.core.store.path)
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test("Counters that are wrong, missing or too many are found, named and put right")
  func mends() throws {
    let stand = try filled()
    try stand.whileStopped {
      #expect(try rebuild(stand).differing == 0)
      for fault in [
        "UPDATE counter SET m0 = m0 + 1 WHERE m0 = 3",
        "DELETE FROM counter WHERE grain = 4",
        "INSERT INTO counter(series, grain, bucket, m0) SELECT id, 1, 4711, 9 FROM series",
        "DELETE FROM series WHERE dimension = 's'",
      ] {
        try change(stand, fault)
        let found = try rebuild(stand)
        #expect(found.differing > 0, "\(fault)")
        #expect(found.examples.count == min(found.differing, Rebuild.examplesMax))
        #expect(!found.isWritten)
        #expect(try rebuild(stand, writes: true).isWritten)
        #expect(try rebuild(stand).differing == 0, "\(fault)")
      }
    }
    // Counting goes on where it was.
    try stand.send(#"{"events":[{"key":"e1"}]}"#)
    stand.settle()
    let answer = stand.ask(["method": "events", "event": "e1", "period": "30days"])
    #expect(answer.body.contains("\"s\":[\"v0\"") || answer.body.contains("\"c\":"))
    try stand.whileStopped {
      let again = try rebuild(stand)
      #expect(again.differing == 0, "\(again.examples)")
    }
  }

  @Test(
    "What was cleared is not missed: what came later is counted as ever",
    arguments: [AppClearing.Scope.everything, .data])
  func cleared(_ scope: AppClearing.Scope) throws {
    let stand = try filled()
    let reason = try AppRemovalDesk(core: stand.core).clear(stand.app.number, AppClearing(scope))
    #expect(reason == nil)
    for number in 0..<5 { try stand.send(#"{"events":[{"key":"later"}]}"#, device: "l\(number)") }
    stand.settle()
    try stand.whileStopped {
      let report = try rebuild(stand)
      #expect((report.items, report.missing, report.differing) == (5, 0, 0), "\(report.examples)")
      try change(stand, "UPDATE counter SET m0 = m0 + 1 WHERE m0 = 5")
      #expect(try rebuild(stand, writes: true).isWritten)
      #expect(try rebuild(stand).differing == 0)
    }
  }

  @Test("Where raw items are gone it says so, and writes nothing")
  func gone() throws {
    let stand = try filled()
    _ = try stand.core.store.remove(RawRemoval(app: stand.app.number, user: 1))
    try stand.whileStopped {
      let report = try rebuild(stand)
      #expect(report.missing > 0)
      #expect(report.differing > 0)
      #expect(throws: CommandError.self) { try rebuild(stand, writes: true) }
    }
  }
}
