import Foundation
import GRDB

extension Vault {
  /// The vault of a database: made with its first key, and sealed anew when the key file has
  /// another first one.
  static func open(_ pool: DatabasePool, keyFile path: String) throws -> Vault {
    let mark = try pool.read { try String.fetchOne($0, sql: Self.markQuery) }
    guard let mark else {
      let file = try KeyFile(path: path) ?? KeyFile(making: path)
      let vault = Vault(key: file.keys[0])
      try vault.take(over: nil, pool)
      return vault
    }
    guard let file = try KeyFile(path: path) else {
      throw StoreError(
        .missing,
        "the key file \(path) is missing, and keys of members are sealed under it; put it back, "
          + "or name its place with host.key_file")
    }
    let vaults = file.keys.map(Vault.init)
    guard let old = vaults.first(where: { $0.mark == mark || $0.olderMark == mark }) else {
      throw StoreError(
        .foreign,
        "the key file \(path) is not the one that keys of members are sealed under; put that back, "
          + "or add its line to this one")
    }
    if vaults[0].mark != mark {
      try vaults[0].take(over: old, isAuditKeyed: old.mark == mark, pool)
    }
    return vaults[0]
  }

  /// What the audit of a database is chained under, without a change to it. Nil under no key; throws
  /// without the key that it needs.
  static func auditKey(_ db: Database, keyFile path: String) throws -> [UInt8]? {
    guard let mark = try String.fetchOne(db, sql: Self.markQuery) else { return nil }
    let vaults = try KeyFile(path: path)?.keys.map(Vault.init) ?? []
    if let vault = vaults.first(where: { $0.mark == mark }) { return vault.auditKey }
    if vaults.contains(where: { $0.olderMark == mark }) { return nil }
    throw StoreError(
      .missing,
      "the audit is chained under a key that is not in \(path); put that file back, or name its "
        + "place with host.key_file")
  }

  private static let markName = "secrets"
  private static let markQuery = "SELECT value FROM meta WHERE key = '\(markName)'"

  /// Seals everything under this key. What it was before can be read nowhere in the file afterwards.
  private func take(
    over old: Vault?, isAuditKeyed: Bool = false, _ pool: DatabasePool
  ) throws {
    let isFresh = try pool.writeWithoutTransaction { db in
      let before = try Int.fetchOne(db, sql: "PRAGMA secure_delete") ?? 0
      try db.execute(sql: "PRAGMA secure_delete=ON")
      defer { try? db.execute(sql: "PRAGMA secure_delete=\(before)") }
      var isFresh = true
      try db.inTransaction(.immediate) {
        let members = try Row.fetchAll(db, sql: "SELECT id, api_key, api_key_sealed FROM member")
        for row in members { try seal(row, old, db) }
        let tokens = try Row.fetchAll(db, sql: "SELECT hash, owner, sealed FROM token")
        for row in tokens { try sealToken(row, old, db) }
        isFresh = members.isEmpty && tokens.isEmpty
        try AuditChain.renew(db, from: isAuditKeyed ? old?.auditKey : nil, to: auditKey)
        try db.execute(
          sql: "INSERT OR REPLACE INTO meta(key, value) VALUES(?, ?)",
          arguments: [Self.markName, mark])
        return .commit
      }
      return isFresh
    }
    guard !isFresh else { return }
    // Pages that still have the old text wait in the log to be overwritten.
    try pool.writeWithoutTransaction { try $0.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
  }

  /// `api_key` holds the key itself as long as nothing is sealed, then its hash.
  private func seal(_ row: Row, _ old: Vault?, _ db: Database) throws {
    let id: String = row["id"]
    let sealed: [UInt8]? = (row["api_key_sealed"] as Data?).map { Array($0) }
    let key: String = try sealed.map { try Self.opened($0, of: id, old) } ?? row["api_key"]
    try db.execute(
      sql: "UPDATE member SET api_key = ?, api_key_sealed = ? WHERE id = ?",
      arguments: [hash(key), Data(seal(key, of: id)), id])
  }

  private func sealToken(_ row: Row, _ old: Vault?, _ db: Database) throws {
    let (before, owner): (String, String) = (row["hash"], row["owner"])
    let text = try Self.opened(Array(row["sealed"] as Data), of: owner, old)
    try db.execute(
      sql: "UPDATE token SET hash = ?, sealed = ? WHERE hash = ?",
      arguments: [hash(text), Data(seal(text, of: owner)), before])
  }

  private static func opened(_ sealed: [UInt8], of owner: String, _ old: Vault?) throws -> String {
    guard let text = old?.open(sealed, of: owner) else {
      throw StoreError(.corrupt, "a secret of \(owner) does not open under the key file")
    }
    return text
  }
}

extension Store {
  /// The secret of a row that this store has sealed.
  func opened(_ sealed: Data, of owner: String) throws -> String {
    guard let text = vault.open(Array(sealed), of: owner) else {
      throw StoreError(.corrupt, "a secret of \(owner) does not open under the key file")
    }
    return text
  }
}
