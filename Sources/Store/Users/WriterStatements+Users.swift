import Foundation
import GRDBSQLite

/// The main transaction: what makes users findable, and what forgets them. Rare, so that nothing is
/// prepared beforehand.
extension WriterStatements {
  func write(properties: [Flush.Properties]) throws(StoreError) {
    guard !properties.isEmpty else { return }
    let clear = try prepare("DELETE FROM user_property WHERE app=? AND uid=? AND plugin=?")
    let insert = try prepare(
      "INSERT OR IGNORE INTO user_property(app,uid,plugin,name,value) VALUES(?,?,?,?,?)")
    let move = try prepare(
      "UPDATE OR IGNORE user_property SET uid=?4 WHERE app=?1 AND uid=?2 AND plugin=?3")
    func bind(_ statement: SQLiteStatement, _ line: Flush.Properties, _ uid: UInt64) {
      statement.bind(1, Int64(line.app))
      statement.bind(2, Int64(uid))
      statement.bind(3, Int64(line.plugin))
    }
    for line in properties {
      switch line.change {
      case .named(let all):
        for statement in [clear, insert] { bind(statement, line, line.uid) }
        try clear.run()
        for property in all { try insert.run(texts: property.name, property.value, at: 4) }
      case .moved(let old):
        for statement in [move, clear] { bind(statement, line, old) }
        move.bind(4, Int64(line.uid))
        try move.run()
        // What both were found by could not be moved.
        try clear.run()
      }
    }
  }

  func write(erasures: [Flush.Erasure]) throws(StoreError) {
    for user in erasures { try erase(user) }
  }

  private func erase(_ user: Flush.Erasure) throws(StoreError) {
    let keep = try prepare("INSERT OR IGNORE INTO erasure(app,uid,device) VALUES(?,?,?)")
    keep.bind(1, Int64(user.app))
    keep.bind(2, Int64(user.uid))
    try keep.run(blob: user.device, at: 3)
    let name = try prepare("UPDATE user SET device=?3, created_ms=0 WHERE app=?1 AND uid=?2")
    name.bind(1, Int64(user.app))
    name.bind(2, Int64(user.uid))
    try name.run(blob: ErasedDevice.bytes(uid: user.uid), at: 3)
    for table in ["plugin_row", "user_property", "merged_user"] {
      let rows = try prepare("DELETE FROM \(table) WHERE app=? AND uid=? AND uid > 0")
      rows.bind(1, Int64(user.app))
      rows.bind(2, Int64(user.uid))
      try rows.run()
    }
    let outbox = try prepare("DELETE FROM outbox WHERE app=? AND device=?")
    outbox.bind(1, Int64(user.app))
    try outbox.run(blob: user.device, at: 2)
    let first = CellKey(app: user.app, user: user.uid, plugin: 0)
    let last = CellKey(app: user.app, user: user.uid, plugin: CellKey.pluginMax)
    let cells = try prepare("DELETE FROM cell WHERE id BETWEEN ? AND ?")
    cells.bind(1, first.rawValue)
    cells.bind(2, last.rawValue)
    try cells.run()
    try eraseLogged(first.rawValue...last.rawValue)
  }

  /// Takes a user's cells out of the rows of the log that hold some.
  private func eraseLogged(_ keys: ClosedRange<Int64>) throws(StoreError) {
    let flushes = try prepare("SELECT DISTINCT flush FROM cell_log")
    var found: [Int64] = []
    while try flushes.step() { found.append(flushes.integer(0)) }
    flushes.reset()
    let rows = try prepare(
      """
      SELECT first, body FROM cell_log WHERE flush=?1 AND first<=?3 AND first>=coalesce(
        (SELECT max(first) FROM cell_log WHERE flush=?1 AND first<=?2), 0)
      """)
    for flush in found {
      var changed: [(first: Int64, body: [UInt8])] = []
      rows.bind(1, flush)
      rows.bind(2, keys.lowerBound)
      rows.bind(3, keys.upperBound)
      while try rows.step() {
        if let rest = try CellLog.without(keys, rows.bytes(1)) {
          changed.append((rows.integer(0), rest))
        }
      }
      rows.reset()
      for row in changed {
        cellLog.bind(1, flush)
        cellLog.bind(2, row.first)
        try cellLog.run(blob: row.body, at: 3)
      }
    }
  }
}

extension CellLog {
  /// A row of the log without some cells; nil when it holds none of them.
  static func without(
    _ keys: ClosedRange<Int64>, _ row: UnsafeRawBufferPointer
  ) throws(StoreError) -> [UInt8]? {
    var rest: [UInt8] = []
    var isChanged = false
    try forEach(row) { (key, data, seen) throws(StoreError) in
      guard !keys.contains(key.rawValue) else { return isChanged = true }
      append(key, data: data, seen: seen, to: &rest)
    }
    return isChanged ? rest : nil
  }
}
