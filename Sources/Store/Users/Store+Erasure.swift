import Foundation
import GRDB

/// A user whom the tables have forgotten, and who may still be in raw items, the journal and dead
/// letters.
package struct PendingErasure: Equatable, Sendable {
  package let app: UInt32
  package let uid: UInt64
  package let device: [UInt8]
}

extension Store {
  /// Users whose erasure has begun and not ended, those of earlier runs included.
  package func pendingErasures() throws(StoreError) -> [PendingErasure] {
    try look { db in
      try Row.fetchAll(db, sql: "SELECT app, uid, device FROM erasure ORDER BY app, uid").map {
        let (uid, device): (Int64, Data) = ($0[1], $0[2])
        return PendingErasure(app: $0[0], uid: UInt64(uid), device: Array(device))
      }
    }
  }

  /// Takes a user's items out of the month files. Blocks are looked through beside commits, and
  /// each that holds some is written anew between two commits.
  package func eraseRaw(_ user: PendingErasure) throws(StoreError) {
    do {
      for path in RawFiles.paths(in: rawDirectory) {
        for block in try RawSearch(path: path).blocks(app: user.app, users: [user.uid]) {
          try rewriteRaw(path, block, without: user)
        }
      }
    } catch {
      throw StoreError(error, file: rawDirectory)
    }
  }

  /// Everything of the user is gone: forgets that there was an erasure, and with it the device id.
  package func endErasure(of user: PendingErasure) throws(StoreError) {
    try administer { db in
      try db.execute(
        sql: "DELETE FROM erasure WHERE app = ? AND uid = ?",
        arguments: [user.app, Int64(user.uid)])
    }
  }

  /// The items of users in all months, oldest first, until `visit` answers false.
  package func rawItems(
    app: UInt32, users: Set<UInt64>, _ visit: (RawItem) throws -> Bool
  ) throws {
    for path in RawFiles.paths(in: rawDirectory) {
      let search = try RawSearch(path: path)
      for block in try search.blocks(app: app, users: users) {
        for item in try search.items(of: block)
        where item.app == app && users.contains(item.user) {
          if try !visit(item) { return }
        }
      }
    }
  }
}

/// Looks through the raw items of one month for those of some users.
final class RawSearch {
  private let file: SQLiteConnection

  init(path: String) throws(StoreError) { file = try SQLiteConnection(path: path, mode: .readOnly) }

  /// The blocks that hold some, oldest first.
  func blocks(app: UInt32, users: Set<UInt64>) throws -> [Int64] {
    guard try file.integer("SELECT 1 FROM span WHERE app = \(app)") != nil else { return [] }
    let all = try file.prepare("SELECT plain_bytes, checksum, block, id FROM raw ORDER BY id")
    var found: [Int64] = []
    while try all.step() {
      let plain = try Self.unpack(all)
      if plain.withUnsafeBytes({ RawRecord.holds($0, app: app, users: users) }) {
        found.append(all.integer(3))
      }
    }
    return found
  }

  func items(of block: Int64) throws -> [RawItem] {
    let one = try file.prepare("SELECT plain_bytes, checksum, block FROM raw WHERE id = ?")
    one.bind(1, block)
    defer { one.reset() }
    guard try one.step() else { return [] }
    var items: [RawItem] = []
    try Self.unpack(one).withUnsafeBytes { bytes in
      try RawRecord.forEach(bytes) {
        items.append($0)
        return true
      }
    }
    return items
  }

  private static func unpack(_ row: SQLiteStatement) throws(StoreError) -> [UInt8] {
    try RawRecord.unpack(
      row.bytes(2), plainBytes: Int(row.integer(0)),
      checksum: UInt64(bitPattern: row.integer(1)))
  }
}
