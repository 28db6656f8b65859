import GRDB
import GRDBSQLite

extension StoreError {
  /// What a result code of SQLite means for the operator. `handle` may know more.
  init(sqlite code: Int32, handle: OpaquePointer?, file: String) {
    let reason = handle.map { String(cString: sqlite3_errmsg($0)) } ?? "out of memory"
    self.init(sqlite: code, reason: reason, file: file)
  }

  init(sqlite code: Int32, reason: String, file: String) {
    switch code & 0xFF {
    case SQLITE_BUSY, SQLITE_LOCKED:
      self.init(
        .locked,
        "\(file) is locked by another process; stop the other server or command and try again")
    case SQLITE_NOTADB:
      self.init(
        .foreign, "\(file) is not a database; move it away, or point --data at another folder")
    case SQLITE_CORRUPT:
      self.init(
        .corrupt,
        "\(file) is damaged (\(reason)); run `tally verify`, then restore it from a backup")
    case SQLITE_FULL:
      self.init(
        .full, "the disk of \(file) is full; free some space, nothing accepted is lost meanwhile")
    case SQLITE_CANTOPEN, SQLITE_PERM, SQLITE_READONLY, SQLITE_AUTH:
      self.init(
        .unreachable,
        "\(file) cannot be opened for writing (\(reason)); "
          + "check that its folder exists and who owns it"
      )
    default:
      self.init(
        .failed,
        "\(file): SQLite answered \(code) (\(reason)); check the disk, then run `tally verify`")
    }
  }

  /// The same for what the query library throws.
  init(_ error: any Error, file: String) {
    if let error = error as? StoreError {
      self = error
    } else if let error = error as? DatabaseError {
      self.init(
        sqlite: error.extendedResultCode.rawValue, reason: error.message ?? "no reason given",
        file: file)
    } else {
      self.init(.failed, "\(file): \(error)")
    }
  }
}
