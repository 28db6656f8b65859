import Foundation
import GRDB

extension App {
  static func keep(icon: [UInt8], app: UInt32, _ db: Database) throws {
    try db.execute(
      sql: "INSERT OR REPLACE INTO app_icon(app, png) VALUES(?, ?)", arguments: [app, Data(icon)])
  }
}

extension Store {
  /// The icon of the app with that public id, a PNG; nil when it has none of its own.
  package func icon(app hex: String) throws(StoreError) -> [UInt8]? {
    try look { db in
      try Data.fetchOne(
        db, sql: "SELECT png FROM app_icon WHERE app = (SELECT id FROM app WHERE hex = ?)",
        arguments: [hex])
    }.map { Array($0) }
  }
}
