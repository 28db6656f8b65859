import GRDB

/// Notes on apps, and entries that clients keep: bodies are JSON, of which nothing is known here.
extension Store {
  /// An id that no note has: 24 hexadecimal digits.
  package func newNoteID() -> String {
    var generator = SystemRandomNumberGenerator()
    return Identifier.hex(bytes: 12, using: &generator)
  }

  /// Keeps a note, in place of the one of that id; durable when this returns.
  package func keepNote(
    id: String, app: UInt32, owner: String, atMs: Int64, body: String
  ) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO note(id, app, owner, ts_ms, body) VALUES(?, ?, ?, ?, ?)",
        arguments: [id, app, owner, atMs, body])
    }
  }

  package func deleteNote(id: String) throws(StoreError) {
    try administer { try $0.execute(sql: "DELETE FROM note WHERE id = ?", arguments: [id]) }
  }

  package func note(id: String) throws(StoreError) -> String? {
    try look {
      try String.fetchOne($0, sql: "SELECT body FROM note WHERE id = ?", arguments: [id])
    }
  }

  package func notes(app: UInt32) throws(StoreError) -> [String] {
    try look {
      try String.fetchAll(
        $0, sql: "SELECT body FROM note WHERE app = ? ORDER BY ts_ms", arguments: [app])
    }
  }

  package func noteCount(app: UInt32) throws(StoreError) -> Int {
    try look {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM note WHERE app = ?", arguments: [app]) ?? 0
    }
  }

  // MARK: Entries

  /// Keeps entries by their ids, all or none; false when the name then had too many.
  package func keepEntries(
    _ entries: [(id: String, body: String)], of name: String, app: UInt32, max: Int
  ) throws(StoreError) -> Bool {
    let left = StoreError(.invalid, "a name has at most \(max) entries")
    do throws(StoreError) {
      try administer { db in
        for entry in entries {
          try db.execute(
            sql: "INSERT OR REPLACE INTO cms_entry(app, namespace, id, body) VALUES(?, ?, ?, ?)",
            arguments: [app, name, entry.id, entry.body])
        }
        let count = try Int.fetchOne(
          db, sql: "SELECT count(*) FROM cms_entry WHERE app = ? AND namespace = ?",
          arguments: [app, name])
        if count ?? 0 > max { throw left }
      }
    } catch {
      guard error == left else { throw error }
      return false
    }
    return true
  }

  package func entries(of name: String, app: UInt32) throws(StoreError) -> [String] {
    try look {
      try String.fetchAll(
        $0, sql: "SELECT body FROM cms_entry WHERE app = ? AND namespace = ? ORDER BY id",
        arguments: [app, name])
    }
  }

  package func deleteEntries(of name: String, app: UInt32) throws(StoreError) {
    try administer {
      try $0.execute(
        sql: "DELETE FROM cms_entry WHERE app = ? AND namespace = ?", arguments: [app, name])
    }
  }
}
