import Foundation
import GRDB

extension Store {
  /// Every record that was made and not counted yet, in the order in which they were made.
  package func outbox() throws(StoreError) -> [OutboxRecord] {
    try look { db in
      let sql = "SELECT * FROM outbox ORDER BY position, item, plugin, place"
      return try Row.fetchAll(db, sql: sql).map { row in
        let position: Int64 = row["position"]
        return OutboxRecord(
          id: OutboxID(
            origin: RecordOrigin(
              plugin: row["plugin"], position: UInt64(position), item: row["item"]),
            place: row["place"]),
          app: row["app"], depth: row["depth"], receivedMs: row["received_ms"],
          device: bytes(row["device"]), object: bytes(row["object"]))
      }
    }
  }

  /// The device id of a committed user. May be asked inside `read`, of whose snapshot it then
  /// answers.
  package func device(app: UInt32, user: UInt64) throws(StoreError) -> [UInt8]? {
    guard user <= CellKey.userMax else { return nil }
    do {
      return try pool.unsafeReentrantRead { db in
        try Data.fetchOne(
          db, sql: "SELECT device FROM user WHERE app = ? AND uid = ?",
          arguments: [app, Int64(user)]
        ).map { [UInt8]($0) }.flatMap { ErasedDevice.isOne($0) ? nil : $0 }
      }
    } catch {
      throw StoreError(error, file: path)
    }
  }

  private func bytes(_ data: Data?) -> [UInt8] { data.map(Array.init) ?? [] }
}
