import Store
import TestThreads
import Testing

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct EmitTests {
  private func send(_ stand: Stand, _ object: String) -> String {
    stand.ask(["method": "bank", "send": object]).body
  }

  private func events(_ stand: Stand, _ key: String) -> Bool {
    stand.ask(["method": "events", "event": key, "period": "30days"]).body.contains("\"c\":")
  }

  @Test("A record from a request is durable when it returns, and counted as an item")
  func sends() throws {
    let stand = try Stand(bank)
    #expect(send(stand, #"{"events":[{"key":"sent","count":2}]}"#) == "\"sent\"")
    stand.settle()
    #expect(try stand.items("stored") == 1)
    #expect(try stand.core.store.counts().users == 1)
    #expect(events(stand, "sent"))
  }

  @Test("What is no JSON object is refused before it is kept")
  func noObject() throws {
    let stand = try Stand(bank)
    for text in ["[1]", "{\"a\":1", "nothing"] {
      #expect(
        send(stand, text)
          == "\"invalid: tally.emit.send: the object of a record must be the text of one JSON object\""
      )
    }
    #expect(stand.core.journal.durablePosition == 0)
  }

  @Test("What a hook stages is counted exactly once for each item")
  func stages() throws {
    let stand = try Stand(bank)
    for _ in 0..<10 { try stand.send(#"{"echo":1}"#) }
    stand.settle()
    #expect(try stand.items("stored") == 20)
    #expect(try stand.core.store.outbox().isEmpty)
    #expect(stand.core.outbox.counters.made.count == 10)
    #expect(events(stand, "echoed"))
  }

  @Test("An entry whose record was counted before is not counted again")
  func repeated() throws {
    let stand = try Stand(bank)
    try stand.send(#"{"echo":1}"#)
    stand.settle()
    let number = try #require(try stand.core.store.knownPluginNumber("bank"))
    let origin = RecordOrigin(plugin: number, position: 1, item: 0)
    try stand.append { _ in
      RequestRecord.write(
        app: stand.app.number, device: Array("phone".utf8), object: Array("{}".utf8),
        receivedMs: 1, partition: 0, outbox: (OutboxID(origin: origin, place: 0), 1))
    }
    #expect(try stand.items("stored") == 2)
    #expect(stand.core.outbox.counters.repeated.count == 1)
    // Both copies are in the books, and the journal agrees with them.
    let report = try stand.core.ledger.report(appIDs: [stand.app.number: stand.app.hex])
    #expect(
      report.apps == [
        .init(appID: stand.app.hex, accepted: 3, stored: 2, rejected: ["duplicate": 1])
      ])
  }

  @Test("Records that make records end after four hooks")
  func loops() throws {
    let stand = try Stand(bank)
    try stand.send(#"{"loop":1}"#)
    stand.settle()
    #expect(try stand.items("stored") == 5)
    let account = try #require(stand.core.runtime.instances.last?.services?.account)
    #expect(account.line(.emit).refusals == 1)
  }

  @Test("Records that were committed and not sent go on their way after a restart")
  func restart() throws {
    let stand = try Stand(bank)
    let origin = RecordOrigin(plugin: 1, position: 1, item: 0)
    var rows = ServiceRows()
    rows.added = [
      OutboxRecord(
        id: OutboxID(origin: origin, place: 0), app: stand.app.number, depth: 1,
        receivedMs: 1_750_000_000_000, device: Array("late".utf8), object: Array("{}".utf8))
    ]
    try stand.send("{}")
    try stand.core.store.put(rows)
    try stand.restart()
    stand.settle()
    #expect(try stand.items("stored") == 2)
    #expect(try stand.core.store.outbox().isEmpty)
  }
}
