import GRDBSQLite

/// A prepared statement, bound and stepped without any copy. Bound memory is borrowed: it must stay
/// where it is until the step that uses it has returned.
final class SQLiteStatement {
  private let handle: OpaquePointer
  private let database: OpaquePointer
  private let path: String

  /// Prepares for long use, on a connection that outlives the statement.
  init(handle database: OpaquePointer, path: String, sql: String) throws(StoreError) {
    var prepared: OpaquePointer?
    let code = sqlite3_prepare_v3(
      database, sql, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &prepared, nil)
    guard code == SQLITE_OK, let prepared else {
      throw StoreError(sqlite: code, handle: database, file: path)
    }
    self.database = database
    self.path = path
    handle = prepared
  }

  deinit {
    sqlite3_finalize(handle)
  }

  @inline(__always)
  func bind(_ place: Int32, _ value: Int64) {
    sqlite3_bind_int64(handle, place, value)
  }

  @inline(__always)
  func bind(_ place: Int32, blob bytes: UnsafeRawBufferPointer) {
    // A null pointer would bind NULL; an empty blob needs an address.
    guard let base = bytes.baseAddress, !bytes.isEmpty else {
      sqlite3_bind_zeroblob(handle, place, 0)
      return
    }
    sqlite3_bind_blob64(handle, place, base, UInt64(bytes.count), nil)
  }

  /// Binds a blob, or NULL when it is empty.
  @inline(__always)
  func bind(_ place: Int32, orNull bytes: UnsafeRawBufferPointer) {
    if bytes.isEmpty { bindNull(place) } else { bind(place, blob: bytes) }
  }

  /// Binds UTF-8 text.
  @inline(__always)
  func bind(_ place: Int32, text bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else {
      sqlite3_bind_text(handle, place, "", 0, nil)
      return
    }
    let text = base.assumingMemoryBound(to: CChar.self)
    sqlite3_bind_text64(handle, place, text, UInt64(bytes.count), nil, UInt8(SQLITE_UTF8))
  }

  /// Binds a copy of a text.
  func bind(_ place: Int32, copy text: String) {
    var text = text
    text.withUTF8 { utf8 in
      let copy = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      let base = UnsafeRawPointer(utf8.baseAddress)?.assumingMemoryBound(to: CChar.self)
      if let base {
        sqlite3_bind_text64(handle, place, base, UInt64(utf8.count), copy, UInt8(SQLITE_UTF8))
      } else {
        sqlite3_bind_text(handle, place, "", 0, nil)
      }
    }
  }

  func bindNull(_ place: Int32) {
    sqlite3_bind_null(handle, place)
  }

  /// Runs a statement that answers nothing, and makes it ready for the next values.
  @inline(__always)
  func run() throws(StoreError) {
    let code = sqlite3_step(handle)
    let reset = sqlite3_reset(handle)
    guard code == SQLITE_DONE || code == SQLITE_ROW, reset == SQLITE_OK else {
      throw StoreError(sqlite: code, handle: database, file: path)
    }
  }

  /// Goes to the next row; false at the end. Call `reset` when done.
  @inline(__always)
  func step() throws(StoreError) -> Bool {
    let code = sqlite3_step(handle)
    if code == SQLITE_ROW { return true }
    if code == SQLITE_DONE { return false }
    let failure = StoreError(sqlite: code, handle: database, file: path)
    sqlite3_reset(handle)
    throw failure
  }

  @inline(__always)
  func reset() {
    sqlite3_reset(handle)
  }

  @inline(__always)
  func integer(_ column: Int32) -> Int64 {
    sqlite3_column_int64(handle, column)
  }

  func isNull(_ column: Int32) -> Bool {
    sqlite3_column_type(handle, column) == SQLITE_NULL
  }

  /// The bytes of a blob or text, borrowed until the next step or reset.
  @inline(__always)
  func bytes(_ column: Int32) -> UnsafeRawBufferPointer {
    let base = sqlite3_column_blob(handle, column)
    return UnsafeRawBufferPointer(
      start: base, count: base == nil ? 0 : Int(sqlite3_column_bytes(handle, column)))
  }

  func text(_ column: Int32) -> String {
    String(decoding: bytes(column), as: UTF8.self)
  }
}
