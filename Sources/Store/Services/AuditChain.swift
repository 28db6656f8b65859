import CCrypto
import Foundation
import GRDB

/// What holds the lines of the audit together: each has the hash of itself and of the one before,
/// under a key that is not in the database, and the newest hash stands apart, with the number of its
/// line. Whoever changes, removes or swaps lines behind the server's back would have to write
/// everything behind them anew as well, and cannot without the key.
struct AuditChain: Equatable {
  static let start = AuditChain(id: 0, hash: [])
  /// Where the newest hash is kept, among the store's own values.
  private static let key = "audit-chain"

  /// The line it ends with.
  let id: Int64
  let hash: [UInt8]

  /// The chain with one more line. Without a key it is what versions before there was one wrote.
  func adding(_ line: AuditLine, under key: [UInt8]?) -> AuditChain {
    let next = id + 1
    var bytes = hash
    for number in [next, line.atMs, Int64(line.app)] {
      withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }
    // With its length before each, so that no text can pass for the end of another.
    for text in [line.plugin, line.member, line.action, line.detail, line.address] {
      withUnsafeBytes(of: Int64(text.utf8.count).littleEndian) { bytes.append(contentsOf: $0) }
      bytes.append(contentsOf: text.utf8)
    }
    return AuditChain(id: next, hash: key.map { Vault.hash(bytes, under: $0) } ?? Self.plain(bytes))
  }

  private static func plain(_ bytes: [UInt8]) -> [UInt8] {
    var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
    SHA256(bytes, bytes.count, &digest)
    return digest
  }

  // MARK: Where it ends

  init(id: Int64, hash: [UInt8]) {
    (self.id, self.hash) = (id, hash)
  }

  /// As it is kept; at first there is none.
  init(_ db: Database) throws {
    let kept = try String.fetchOne(
      db, sql: "SELECT value FROM meta WHERE key = ?", arguments: [Self.key])
    let parts = kept?.split(separator: " ") ?? []
    guard parts.count == 2, let id = Int64(parts[0]), let hash = Self.bytes(parts[1]) else {
      self = .start
      return
    }
    self.init(id: id, hash: hash)
  }

  func keep(_ db: Database) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)",
      arguments: [Self.key, "\(id) \(hash.map(Self.text).joined())"])
  }

  private static func text(_ byte: UInt8) -> String {
    (byte < 16 ? "0" : "") + String(byte, radix: 16)
  }

  private static func bytes(_ text: Substring) -> [UInt8]? {
    let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    guard digits.count == text.utf8.count, digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
  }

  // MARK: Checking

  /// The first line that is not what was written, in words; nil when all are.
  static func damage(_ db: Database, under key: [UInt8]?) throws -> String? {
    guard try db.columns(in: "audit").contains(where: { $0.name == "chain" }) else { return nil }
    var chain = AuditChain.start
    let rows = try Row.fetchCursor(db, sql: "SELECT * FROM audit ORDER BY id")
    while let row = try rows.next() {
      let (id, kept): (Int64, [UInt8]) = (row["id"], [UInt8](row["chain"] as Data))
      let next = chain.adding(AuditLine(row), under: key)
      if id != next.id { return "line \(next.id) of the audit is missing" }
      if kept != next.hash { return "line \(id) of the audit is not what was written" }
      chain = next
    }
    let end = try AuditChain(db)
    if end.id > chain.id { return "line \(chain.id + 1) of the audit is missing" }
    return end == chain ? nil : "line \(chain.id) of the audit is not what was written"
  }
}

extension AuditChain {
  /// Makes a chain of the lines that are there, and has the database refuse to change them.
  static func migrate(_ db: Database) throws {
    try db.execute(sql: "ALTER TABLE audit ADD COLUMN address TEXT NOT NULL DEFAULT ''")
    try db.execute(sql: "ALTER TABLE audit ADD COLUMN chain BLOB NOT NULL DEFAULT x''")
    try write(db, under: nil)
    for event in events { try protect(db, from: event) }
  }

  /// Puts every line under another key. What was wrong before cannot be seen afterwards: it is a
  /// line of its own then.
  static func renew(_ db: Database, from old: [UInt8]?, to key: [UInt8]) throws {
    let finding = try damage(db, under: old)
    for event in events { try db.execute(sql: "DROP TRIGGER IF EXISTS \(trigger(event))") }
    try write(db, under: key)
    for event in events { try protect(db, from: event) }
    guard let finding else { return }
    // When that happened nobody knows; lines of the audit stand in their order.
    let atMs = try Int64.fetchOne(db, sql: "SELECT max(at_ms) FROM audit") ?? 0
    let line = AuditLine(
      atMs: atMs, plugin: "", member: "", app: 0, action: "audit.damaged", detail: finding)
    try line.insert(db, under: key)
  }

  private static let events = ["UPDATE", "DELETE"]

  private static func trigger(_ event: String) -> String { "audit_no_\(event.lowercased())" }

  private static func protect(_ db: Database, from event: String) throws {
    try db.execute(
      sql: """
        CREATE TRIGGER \(trigger(event)) BEFORE \(event) ON audit
        BEGIN SELECT RAISE(ABORT, 'the audit is only ever added to'); END
        """)
  }

  /// Makes one chain of the lines that are there.
  private static func write(_ db: Database, under key: [UInt8]?) throws {
    var chain = AuditChain.start
    for row in try Row.fetchAll(db, sql: "SELECT * FROM audit ORDER BY id") {
      let id: Int64 = row["id"]
      chain = chain.adding(AuditLine(row), under: key)
      try db.execute(
        sql: "UPDATE audit SET id = ?, chain = ? WHERE id = ?",
        arguments: [chain.id, Data(chain.hash), id])
    }
    try chain.keep(db)
  }
}
