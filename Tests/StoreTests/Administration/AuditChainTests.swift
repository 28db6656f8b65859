import Foundation
import GRDB
import Testing

@testable import Store

@Suite("The audit is a chain")
struct AuditChainTests {
  private let fixture: StoreFixture

  init() throws {
    fixture = try StoreFixture()
    for number in 1...5 { try fixture.store.audit(line(number)) }
  }

  private func line(_ number: Int) -> AuditLine {
    AuditLine(
      atMs: Int64(number) * 1_000, plugin: "", member: "m\(number)", app: 1, action: "a.changed",
      detail: "detail \(number)", address: "192.0.2.\(number)")
  }

  private func damage() throws -> String? {
    let key = fixture.store.vault.auditKey
    return try fixture.store.pool.read { try AuditChain.damage($0, under: key) }
  }

  /// Behind the server's back: without what the database itself refuses.
  private func tamper(_ statements: String...) throws {
    try fixture.store.pool.write { db in
      for event in ["update", "delete"] { try db.execute(sql: "DROP TRIGGER audit_no_\(event)") }
      for statement in statements { try db.execute(sql: statement) }
    }
  }

  @Test("What was written is found to be what was written, and comes back whole")
  func whole() throws {
    #expect(try damage() == nil)
    #expect(try fixture.store.auditLines(limit: 9) == (1...5).reversed().map(line))
    #expect(try fixture.store.auditLines(from: 2_000, to: 4_000, limit: 9).map(\.id) == [3, 2])
  }

  @Test("A text with a zero byte is no damage, and is not cut there")
  func zeroBytes() throws {
    try fixture.store.audit(
      AuditLine(
        atMs: 6_000, plugin: "p\0", member: "m\0", app: 1, action: "a\0b", detail: "c\0d",
        address: "\0"))
    #expect(try damage() == nil)
    let line = try #require(try fixture.store.auditLines(limit: 1).first)
    #expect(line.action == "a\u{FFFD}b" && line.detail == "c\u{FFFD}d")
  }

  @Test("The database itself refuses to change or remove a line")
  func refused() throws {
    for sql in ["UPDATE audit SET detail = 'x' WHERE id = 2", "DELETE FROM audit WHERE id = 2"] {
      #expect(throws: DatabaseError.self) {
        try fixture.store.pool.write { try $0.execute(sql: sql) }
      }
    }
    #expect(try damage() == nil)
  }

  @Test(
    "Each part of a line that is changed is found",
    arguments: [
      "at_ms = 1", "plugin = 'x'", "member = 'x'", "app = 2", "action = 'x'", "detail = 'x'",
      "address = 'x'", "chain = x'00'",
    ])
  func changed(part: String) throws {
    try tamper("UPDATE audit SET \(part) WHERE id = 3")
    #expect(try damage() == "line 3 of the audit is not what was written")
  }

  @Test("A line that is removed is found, the last one too")
  func removed() throws {
    try tamper("DELETE FROM audit WHERE id = 5")
    #expect(try damage() == "line 5 of the audit is missing")
    try fixture.store.pool.write { try $0.execute(sql: "DELETE FROM audit WHERE id = 2") }
    #expect(try damage() == "line 2 of the audit is missing")
  }

  @Test("Two lines that changed places are found, and one that was slipped in")
  func swapped() throws {
    try tamper(
      "UPDATE audit SET id = 99 WHERE id = 2", "UPDATE audit SET id = 2 WHERE id = 4",
      "UPDATE audit SET id = 4 WHERE id = 99")
    #expect(try damage() == "line 2 of the audit is not what was written")
  }

  @Test("Text does not move from one part of a line to the next")
  func parts() {
    let one = AuditLine(atMs: 1, plugin: "ab", member: "c", app: 1, action: "d", detail: "")
    let other = AuditLine(atMs: 1, plugin: "a", member: "bc", app: 1, action: "d", detail: "")
    for key in [nil, [UInt8(1)]] {
      #expect(
        AuditChain.start.adding(one, under: key) != AuditChain.start.adding(other, under: key))
    }
  }

  /// Every line anew, as somebody does who can write the file and does not know the key.
  private func forge(under key: [UInt8]?, _ db: Database) throws {
    var chain = AuditChain.start
    for row in try Row.fetchAll(db, sql: "SELECT * FROM audit ORDER BY id") {
      chain = chain.adding(AuditLine(row), under: key)
      try db.execute(
        sql: "UPDATE audit SET chain = ? WHERE id = ?", arguments: [Data(chain.hash), chain.id])
    }
    try chain.keep(db)
  }

  @Test("Who writes all of it anew without the key is found, before and behind a start")
  func forged() throws {
    for key in [nil, Array(repeating: UInt8(1), count: 32)] {
      try fixture.store.pool.write { db in
        for event in ["update", "delete"] {
          try db.execute(sql: "DROP TRIGGER IF EXISTS audit_no_\(event)")
        }
        try db.execute(sql: "UPDATE audit SET detail = 'harmless' WHERE id = 2")
        try forge(under: key, db)
      }
      #expect(try damage() == "line 1 of the audit is not what was written")
      try fixture.reopen()
      #expect(try damage() == "line 1 of the audit is not what was written")
      #expect(try fixture.store.damage().count == 1)
    }
  }

  @Test("Without its key nobody can say whether the audit is whole, and it is said so")
  func withoutKey() throws {
    let path = fixture.directory + "/tally.key"
    let kept = try Data(contentsOf: URL(fileURLWithPath: path))
    try FileManager.default.removeItem(atPath: path)
    let found = try fixture.store.damage()
    #expect(found.count == 1 && found[0].contains("host.key_file"))
    try kept.write(to: URL(fileURLWithPath: path))
    #expect(chmod(path, 0o600) == 0)
    #expect(try fixture.store.damage().isEmpty)
  }

  @Test("A renewed key takes the audit with it")
  func renewed() throws {
    let path = fixture.directory + "/tally.key"
    let old = String(try String(contentsOfFile: path, encoding: .utf8).prefix(64))
    let new = String(repeating: "b", count: 64)
    try "\(new)\n\(old)\n".write(toFile: path, atomically: false, encoding: .utf8)
    try fixture.reopen()
    try "\(new)\n".write(toFile: path, atomically: false, encoding: .utf8)
    try fixture.reopen()
    #expect(try fixture.store.damage().isEmpty)
    #expect(try fixture.store.auditLines(limit: 9) == (1...5).reversed().map(line))
  }

  /// As a version without a key for it left the store.
  private func makeOlder() throws {
    let mark = fixture.store.vault.olderMark
    try fixture.store.pool.write { db in
      for event in ["update", "delete"] { try db.execute(sql: "DROP TRIGGER audit_no_\(event)") }
      try forge(under: nil, db)
      try db.execute(sql: "UPDATE meta SET value = ? WHERE key = 'secrets'", arguments: [mark])
    }
  }

  @Test(
    "Lines of before there was a key are verified as they are, and go under it at the next start")
  func older() throws {
    try makeOlder()
    #expect(try fixture.store.damage().isEmpty)
    try fixture.reopen()
    #expect(try damage() == nil)
    #expect(try fixture.store.auditLines(limit: 9) == (1...5).reversed().map(line))
    #expect(throws: DatabaseError.self) {
      try fixture.store.pool.write { try $0.execute(sql: "DELETE FROM audit") }
    }
  }

  @Test("What was wrong with them before they went under the key stays said")
  func olderAndDamaged() throws {
    try makeOlder()
    try fixture.store.pool.write { try $0.execute(sql: "DELETE FROM audit WHERE id = 4") }
    try fixture.reopen()
    #expect(try damage() == nil)
    let newest = try #require(try fixture.store.auditLines(limit: 1).first)
    #expect(newest.action == "audit.damaged")
    #expect(newest.detail == "line 4 of the audit is missing")
  }

  @Test("What an older version wrote becomes a chain")
  func migrated() throws {
    let queue = try DatabaseQueue()
    try queue.write { db in
      try db.execute(sql: "CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID")
      for statement in Schema.services { try db.execute(sql: statement) }
      for id in [2, 7] {
        try db.execute(
          sql: "INSERT INTO audit VALUES(?, 1, '', 'm', 0, 'a', 'd')", arguments: [id])
      }
      try AuditChain.migrate(db)
      #expect(try AuditChain.damage(db, under: nil) == nil)
      #expect(try Int.fetchAll(db, sql: "SELECT id FROM audit ORDER BY id") == [1, 2])
      let key = Array(repeating: UInt8(7), count: 32)
      try AuditChain.renew(db, from: nil, to: key)
      try AuditLine(atMs: 2, plugin: "", member: "", app: 0, action: "b", detail: "")
        .insert(db, under: key)
      #expect(try AuditChain.damage(db, under: key) == nil)
      #expect(try AuditChain.damage(db, under: nil) != nil)
    }
  }
}
