import GRDB

/// Raw items that are nobody's any more, until they are gone.
extension Store {
  /// Removals that have begun and not ended, those of earlier runs included.
  package var pendingRemovals: [AppRemoval] { hidden.withLock { $0 } }

  /// Takes the items of a removal out of the files, then forgets that there was one. Any thread but
  /// that of the pipeline. Answers how many items went.
  package func complete(_ pending: AppRemoval) throws(StoreError) -> Int {
    let outcome = try remove(pending.removal)
    let left = try administer { db in
      try db.execute(sql: "DELETE FROM app_removal WHERE id = ?", arguments: [pending.id])
      return try Self.pendingRemovals(db)
    }
    hidden.withLock { $0 = left }
    return outcome.items
  }

  static func pendingRemovals(_ db: Database) throws -> [AppRemoval] {
    try Row.fetchAll(db, sql: "SELECT id, app, position, before_ms FROM app_removal ORDER BY id")
      .map {
        AppRemoval(
          id: $0[0], app: $0[1], position: UInt64($0[2] as Int64), happenedBeforeMs: $0[3])
      }
  }
}
