import Foundation
import GRDBSQLite

/// How Tally's database files are made and recognised, before anything is read from them.
enum DatabaseFile {
  /// Opens a file for writing, making it when it is not there. A file of another program or of a
  /// newer Tally is refused with its name and a remedy.
  static func open(
    path: String, applicationID: Int32, pageBytes: Int, walPagesKept: Int
  ) throws(StoreError) -> SQLiteConnection {
    let connection = try SQLiteConnection(path: path, mode: .readWrite)
    let isNew = try connection.integer("PRAGMA page_count") == 0
    if isNew {
      // Both hold for the file's life and must be set before its first page is written.
      try connection.execute("PRAGMA page_size=\(pageBytes); PRAGMA auto_vacuum=NONE")
    } else {
      let found = try connection.integer("PRAGMA application_id") ?? 0
      let isOurs = found == Int64(applicationID)
      guard try isOurs ? true : isUnfinished(connection, found) else {
        throw StoreError(
          .foreign,
          "\(path) is not one of Tally's files; move it away, or point --data at another folder")
      }
    }
    let mode = try connection.text("PRAGMA journal_mode=WAL")
    guard mode == "wal" else {
      throw StoreError(
        .unreachable,
        "\(path): this file system does not allow write-ahead logging; "
          + "put the data folder on a local disk"
      )
    }
    if try connection.integer("PRAGMA application_id") != Int64(applicationID) {
      try connection.execute("PRAGMA application_id=\(applicationID)")
    }
    try configure(connection, walPagesKept: walPagesKept)
    return connection
  }

  /// A file whose making ended, by a crash, before it got its mark: unmarked and empty.
  private static func isUnfinished(
    _ connection: SQLiteConnection, _ applicationID: Int64
  ) throws(StoreError) -> Bool {
    guard applicationID == 0 else { return false }
    return try connection.integer("SELECT count(*) FROM sqlite_master") == 0
  }

  /// Every commit reaches the disk before it is answered, and checkpoints come when the store says
  /// so.
  static func configure(_ connection: SQLiteConnection, walPagesKept: Int) throws(StoreError) {
    let pageBytes = try connection.integer("PRAGMA page_size") ?? 4_096
    try connection.execute(
      """
      PRAGMA synchronous=FULL;
      PRAGMA wal_autocheckpoint=0;
      PRAGMA journal_size_limit=\(pageBytes * Int64(walPagesKept));
      """)
  }

  /// Makes a folder, its parents included, and its name in the parent durable.
  static func makeDirectory(_ path: String) throws(StoreError) {
    do {
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    } catch {
      throw StoreError(
        .unreachable,
        "\(path) cannot be made (\(error.localizedDescription)); check who owns its parent")
    }
    try syncDirectory((path as NSString).deletingLastPathComponent)
  }

  /// Makes the names in a folder durable: a file that was made is not safe before its folder is.
  static func syncDirectory(_ path: String) throws(StoreError) {
    let descriptor = Glibc.open(path.isEmpty ? "." : path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw StoreError(.unreachable, "\(path) cannot be opened (errno \(errno)); check who owns it")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) == 0 else {
      throw StoreError(.failed, "\(path) cannot be synced (errno \(errno)); check the disk")
    }
  }
}
