import Foundation
import PluginABI
import Store
import TestThreads
import Testing

import enum Harness.Patience

@testable import Host
@testable import PluginRuntime

@Suite(.serialized, .ownThread) struct CommandTests {
  private func submit(_ stand: Stand, _ name: String, to: String = "", user: String = "0") -> String
  {
    stand.ask(["method": "bank", "do": name, "to": to, "user": user]).body
  }

  private func report(_ stand: Stand) -> String { stand.ask(["method": "bank"]).body }

  @Test("A command changes counters, rows and documents once, and is answered behind its commit")
  func applies() throws {
    let stand = try Stand(bank)
    #expect(submit(stand, "deposit", to: "ada") == "\"position true\"")
    #expect(stand.core.store.committedPosition > 0)
    #expect(submit(stand, "deposit", to: "ada") == "\"position true\"")
    #expect(submit(stand, "deposit", to: "bob") == "\"position true\"")
    #expect(report(stand) == "counted 3 rows 3 ada=2 bob=1")
    try stand.restart()
    #expect(report(stand) == "counted 3 rows 3 ada=2 bob=1")
  }

  @Test("A command that is refused leaves nothing, and says why")
  func refused() throws {
    let stand = try Stand(bank)
    #expect(
      submit(stand, "spoil", to: "ada")
        == "\"conflict: tally.commands.submit: command spoil: the account is closed\"")
    #expect(
      submit(stand, "break", to: "ada")
        == "\"failed: tally.commands.submit: command break: reduce of accounts: status -2: broken\""
    )
    #expect(report(stand) == "counted 0 rows 0")
    #expect(try stand.core.store.counts().deadLetters == 0)
  }

  @Test("A command about a user writes that user's cell; without one it is refused")
  func cell() throws {
    let stand = try Stand(bank)
    try stand.send("{}")
    #expect(submit(stand, "note", to: "hello", user: "1") == "\"position true\"")
    #expect(stand.ask(["method": "bank", "cell": "1"]).body == "\"hello\"")
    #expect(
      submit(stand, "note", to: "hello")
        == "\"invalid: tally.commands.submit: command note: an effect needs a user, and the command "
        + "is about none\"")
    #expect(
      submit(stand, "note", to: "hello", user: "77")
        == "\"notFound: tally.commands.submit: app 1 has no user 77 in the store\"")
  }

  @Test("What a command stages reaches the ingest path")
  func stages() throws {
    let stand = try Stand(bank)
    _ = submit(stand, "deposit", to: "ada")
    stand.settle()
    #expect(try stand.items("stored") == 1)
    #expect(try stand.core.store.outbox().isEmpty)
  }

  /// Puts a command into the journal as a run that has ended would have.
  private func append(
    _ stand: Stand, _ plugin: String, _ name: String, to: String, device: String = ""
  ) throws {
    let command = SubmittedCommand(
      plugin: plugin, name: name, app: stand.app.number, device: Array(device.utf8),
      payload: Array(to.utf8), timeout: .seconds(1))
    let now = stand.core.services.nowMs
    try stand.append {
      RequestRecord.write(command, ticket: $0, receivedMs: now, partition: 0)
    }
  }

  @Test("A command of a plugin that counts and is off is applied, in its place, when it is back")
  func catchesUp() throws {
    let stand = try Stand(bank)
    _ = submit(stand, "deposit", to: "ada")
    stand.settle()
    try stand.restart(with: [])
    try stand.send(#"{"echo":1}"#)
    try append(stand, "bank", "deposit", to: "ada")
    try append(stand, "bank", "spoil", to: "bob")
    try stand.send(#"{"echo":1}"#)
    #expect(try stand.core.store.counts().deadLetters == 0)
    try stand.restart()
    _ = Patience.wait { report(stand) == "counted 2 rows 2 ada=2" }
    #expect(report(stand) == "counted 2 rows 2 ada=2")
    _ = try Patience.wait { try stand.items("stored") >= 6 }
    stand.settle()
    // One record of each deposit, two echoes with a record each.
    #expect(try stand.items("stored") == 6)
    #expect(try stand.core.store.counts().deadLetters == 0)
  }

  /// Waits until the bank has seen everything.
  private func catchUp(_ stand: Stand) throws {
    stand.settle()
    let store = stand.core.store
    let number = try #require(try store.knownPluginNumber("bank"))
    let isAtHead = try Patience.wait {
      try store.storedPosition(ofPlugin: number) == store.committedPosition
    }
    #expect(isAtHead)
    stand.settle()
  }

  @Test("A command that comes late is about the user of its time, whoever goes on for it today")
  func beforeMerge() throws {
    let stand = try Stand(bank)
    _ = submit(stand, "deposit", to: "ada")
    stand.settle()
    try stand.restart(with: [])
    try append(stand, "bank", "note", to: "kept", device: "new")
    try append(stand, "bank", "note", to: "left", device: "old")
    try stand.append { _ in
      let entry = RequestRecord.write(
        app: stand.app.number, device: Array("new".utf8),
        object: Array(#"{"old_device_id":"old"}"#.utf8),
        receivedMs: stand.core.services.nowMs, partition: 0, outbox: nil)
      entry.patch(RequestRecord.mergeFlag, at: 2)
      return entry
    }
    try stand.restart()
    try catchUp(stand)
    let number = try #require(try stand.core.store.knownPluginNumber("bank"))
    let cells = try stand.core.store.read { snapshot in
      try ["new", "old"].map { device in
        try snapshot.user(app: stand.app.number, device: device).flatMap {
          try snapshot.cell(plugin: number, app: stand.app.number, user: $0.uid)
        }
      }
    }
    #expect(cells == [Array("kept".utf8), Array("kept".utf8)])
  }

  @Test("Whoever is erased does not come back with what a plugin sees late")
  func erasedBefore() throws {
    let stand = try Stand(bank)
    _ = submit(stand, "deposit", to: "ada")
    stand.settle()
    try stand.restart(with: [])
    try stand.send(#"{"echo":1}"#, device: "gone")
    try append(stand, "bank", "note", to: "x", device: "gone")
    func users() throws -> [StoredUser] {
      try stand.core.store.read {
        try $0.users(app: stand.app.number, before: .max, limit: 9)
      }
    }
    let gone = try #require(try users().first { $0.device == Array("gone".utf8) })
    try stand.append {
      RequestRecord.write(
        SubmittedCommand(
          plugin: HostCommand.owner, name: HostCommand.eraseUser.rawValue, app: stand.app.number,
          device: [], payload: withUnsafeBytes(of: gone.uid.littleEndian) { Array($0) },
          timeout: .seconds(1)),
        ticket: $0, receivedMs: stand.core.services.nowMs, partition: 0)
    }
    let left = try users()
    try stand.restart()
    try catchUp(stand)
    #expect(try users() == left)
    #expect(report(stand) == "counted 1 rows 1 ada=1")
  }

  @Test("A command of a plugin that does not run and has no position is kept, visibly")
  func ownerless() throws {
    let stand = try Stand(worker)
    try stand.restart(with: [])
    try append(stand, "worker", "tick", to: "")
    #expect(
      try stand.core.store.deadLetterReasons() == ["the plugin worker does not run"])
  }

  private func letters(_ stand: Stand) throws -> [DeadLetterReport] {
    try stand.core.deadLetters.list(plugin: nil, limit: 10).letters
  }

  @Test("A command that nobody could apply is replayed once, with what it emits")
  func replayed() throws {
    let stand = try Stand()
    try append(stand, "bank", "deposit", to: "ada")
    try append(stand, "bank", "spoil", to: "bob")
    try append(stand, "bank", "withdraw", to: "bob")
    let ids = try letters(stand).map(\.id)
    #expect(ids.count == 3)
    let desk = stand.core.deadLetters
    #expect(try desk.show(ids[0]).request?.parameters["(command)"] == "deposit")
    #expect(throws: CommandError.self) { try desk.replay(ids[0], on: stand.core.pipeline) }
    try stand.restart(with: [bank])
    #expect(report(stand) == "counted 0 rows 0")
    let done = try stand.core.deadLetters.replay(ids[0], on: stand.core.pipeline)
    #expect(done.isCounted && done.note == DeadLetterReplay.commandNote, "\(done)")
    #expect(throws: CommandError.self) {
      try stand.core.deadLetters.replay(ids[0], on: stand.core.pipeline)
    }
    let refused = try stand.core.deadLetters.replay(ids[1], on: stand.core.pipeline)
    #expect(!refused.isCounted && refused.note == "status -8: the account is closed", "\(refused)")
    #expect(throws: CommandError.self) {
      try stand.core.deadLetters.replay(ids[2], on: stand.core.pipeline)
    }
    stand.settle()
    #expect(report(stand) == "counted 1 rows 1 ada=1")
    #expect(try stand.items("stored") == 1)
    #expect(try letters(stand).map(\.id) == [ids[1], ids[2]])
    try stand.restart(with: [bank])
    #expect(report(stand) == "counted 1 rows 1 ada=1")
  }

  @Test("A dead-lettered command that catch-up meets is applied there, and only there")
  func caughtUp() throws {
    let stand = try Stand()
    try append(stand, "bank", "deposit", to: "ada")
    try append(stand, "bank", "withdraw", to: "ada")
    try stand.core.pipeline.restart(plugin: "bank", after: 0, forgetting: false)
    try stand.restart(with: [bank])
    for _ in 0..<400 where report(stand) != "counted 1 rows 1 ada=1" { usleep(10_000) }
    #expect(report(stand) == "counted 1 rows 1 ada=1")
    for _ in 0..<400 where try letters(stand).count > 1 { usleep(10_000) }
    #expect(try letters(stand).map(\.reason) == ["the plugin bank does not run"])
  }

  @Test("A command stays between the requests that came before and after it")
  func order() throws {
    let stand = try Stand(bank)
    for _ in 0..<20 {
      try stand.send(#"{"echo":1}"#)
      _ = submit(stand, "deposit", to: "ada")
    }
    stand.settle()
    #expect(report(stand) == "counted 20 rows 20 ada=20")
    #expect(try stand.items("stored") == 60)
    #expect(try stand.items("accepted") == 60)
  }

  @Test("A hook that waits for a command is refused instead of waiting for itself")
  func fromHook() throws {
    let stand = try Stand(bank)
    try stand.send(#"{"wrong":1}"#)
    #expect(try stand.core.store.counts().deadLetters == 1)
    #expect(report(stand) == "counted 0 rows 0")
  }

  @Test("Names and payloads have bounds, and an unknown command its own words")
  func bounds() throws {
    let stand = try Stand(bank)
    #expect(
      submit(stand, "Deposit")
        == "\"invalid: tally.commands.submit: the name of a command must be 1 to 64 characters of a-z, "
        + "0-9, - and _\"")
    #expect(
      submit(stand, "withdraw")
        == "\"invalid: tally.commands.submit: withdraw is no command of bank; define it in enroll\""
    )
    let long = String(repeating: "x", count: CommandLimits.payloadBytesMax + 1)
    #expect(
      submit(stand, "deposit", to: long)
        == "\"limit: tally.commands.submit: a payload of 1048577 bytes is over 1048576\"")
    let account = try #require(stand.core.runtime.instances.last?.services?.account)
    #expect(account.line(.commands).refusals == 3)
  }
}
