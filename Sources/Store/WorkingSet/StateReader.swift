/// Reads what the working set does not hold: its own connection, statements prepared once. The looks
/// of one batch share a transaction, which saves each the locks of its own; it ends with the batch,
/// because a reader that stays inside an old one would keep the write-ahead log from starting over.
final class StateReader {
  private let connection: SQLiteConnection
  private let userQuery: SQLiteStatement
  private let deviceQuery: SQLiteStatement
  private let cellsQuery: SQLiteStatement
  private let lastUserQuery: SQLiteStatement
  let seriesQuery: SQLiteStatement
  let lastSeriesQuery: SQLiteStatement
  let seriesYearQuery: SQLiteStatement
  let valuesOfYearQuery: SQLiteStatement
  let hasSubjectQuery: SQLiteStatement
  let nextSubjectQuery: SQLiteStatement
  let hasDimensionQuery: SQLiteStatement
  let nextDimensionQuery: SQLiteStatement
  private let beginning: SQLiteStatement
  private let ending: SQLiteStatement
  private let appQuery: SQLiteStatement
  private let documentQuery: SQLiteStatement
  private let documentsQuery: SQLiteStatement
  private let bulkHashesQuery: SQLiteStatement

  init(path: String) throws(StoreError) {
    connection = try SQLiteConnection(path: path, mode: .readOnly)
    let prepare = connection.prepare
    beginning = try prepare("BEGIN")
    ending = try prepare("COMMIT")
    userQuery = try prepare("SELECT uid FROM user WHERE app=? AND device=?")
    deviceQuery = try prepare("SELECT device FROM user WHERE app=? AND uid=?")
    cellsQuery = try prepare("SELECT id, data, seen FROM cell WHERE id BETWEEN ? AND ?")
    lastUserQuery = try prepare("SELECT max(uid) FROM user WHERE app=?")
    seriesQuery = try prepare(
      "SELECT id FROM series WHERE app=? AND metric=? AND subject=? AND dimension=? AND value=?")
    lastSeriesQuery = try prepare("SELECT max(id) FROM series")
    seriesYearQuery = try prepare(
      """
      SELECT 1 FROM series_year
      WHERE app=? AND metric=? AND subject=? AND dimension=? AND year=? AND series=?
      """)
    valuesOfYearQuery = try prepare(
      """
      SELECT count(*) FROM series_year
      WHERE app=?1 AND metric=?2 AND subject=?3 AND dimension=?4 AND year=?5
        AND series IS NOT (SELECT id FROM series
          WHERE app=?1 AND metric=?2 AND subject=?3 AND dimension=?4
            AND value='\(MetricDefinition.other)')
      """)
    hasSubjectQuery = try prepare(
      "SELECT 1 FROM series WHERE app=? AND metric=? AND subject=? LIMIT 1")
    // One step of a walk from name to name: counting distinct names would visit every series.
    nextSubjectQuery = try prepare(
      "SELECT subject FROM series WHERE app=? AND metric=? AND subject>? ORDER BY subject LIMIT 1")
    hasDimensionQuery = try prepare(
      "SELECT 1 FROM series WHERE app=? AND metric=? AND subject=? AND dimension=? LIMIT 1")
    nextDimensionQuery = try prepare(
      """
      SELECT dimension FROM series WHERE app=? AND metric=? AND subject=? AND dimension>?
      ORDER BY dimension LIMIT 1
      """)
    appQuery = try prepare("SELECT hex FROM app WHERE id=?")
    documentQuery = try prepare(
      "SELECT body FROM document WHERE plugin=? AND app=? AND collection=? AND key=?")
    documentsQuery = try prepare(
      "SELECT count(*) FROM document WHERE plugin=? AND app=? AND collection=?")
    bulkHashesQuery = try prepare(
      "SELECT slot, hash, received_s FROM bulk_hash WHERE app=? ORDER BY slot")
  }

  // MARK: Transactions

  private var isReading = false

  /// From here to `endReading` all looks see the same commit.
  func beginReading() throws(StoreError) {
    guard !isReading else { return }
    try beginning.run()
    isReading = true
  }

  func endReading() throws(StoreError) {
    guard isReading else { return }
    isReading = false
    try ending.run()
  }

  // MARK: Users

  /// The uid of a device; nil when the app has not seen it.
  func user(app: UInt32, device: UnsafeRawBufferPointer) throws(StoreError) -> UInt64? {
    userQuery.bind(1, Int64(app))
    userQuery.bind(2, blob: device)
    defer { userQuery.reset() }
    return try userQuery.step() ? UInt64(userQuery.integer(0)) : nil
  }

  /// The device id of a user; nil when the app has no such user, or no longer.
  func device(app: UInt32, user uid: UInt64) throws(StoreError) -> [UInt8]? {
    deviceQuery.bind(1, Int64(app))
    deviceQuery.bind(2, Int64(uid))
    defer { deviceQuery.reset() }
    guard try deviceQuery.step() else { return nil }
    let device = Array(deviceQuery.bytes(0))
    return ErasedDevice.isOne(device) ? nil : device
  }

  /// All cells of a user; the caller frees them.
  func cells(app: UInt32, user uid: UInt64) throws(StoreError) -> CellBlock {
    cellsQuery.bind(1, CellKey(app: app, user: uid, plugin: 0).rawValue)
    cellsQuery.bind(2, CellKey(app: app, user: uid, plugin: CellKey.pluginMax).rawValue)
    defer { cellsQuery.reset() }
    var found = CellBlock()
    do throws(StoreError) {
      while try cellsQuery.step() {
        let place = found.add(CellKey(rawValue: cellsQuery.integer(0)).plugin)
        found.setData(place, cellsQuery.bytes(1))
        found.setSeen(place, cellsQuery.bytes(2))
      }
    } catch {
      found.deallocate()
      throw error
    }
    return found
  }

  /// The largest uid of an app; 0 when it has no users.
  func lastUser(app: UInt32) throws(StoreError) -> UInt64 {
    lastUserQuery.bind(1, Int64(app))
    defer { lastUserQuery.reset() }
    return try lastUserQuery.step() ? UInt64(lastUserQuery.integer(0)) : 0
  }

  /// The public id of an app; nil when there is none of that number.
  func appID(_ app: UInt32) throws(StoreError) -> String? {
    appQuery.bind(1, Int64(app))
    defer { appQuery.reset() }
    return try appQuery.step() ? appQuery.text(0) : nil
  }

  // MARK: Documents and bulk bodies

  func document(
    plugin: Int, app: UInt32, collection: [UInt8], key: [UInt8]
  ) throws(StoreError) -> [UInt8]? {
    documentQuery.bind(1, Int64(plugin))
    documentQuery.bind(2, Int64(app))
    defer { documentQuery.reset() }
    var found: [UInt8]?
    try collection.withBytes { (collection) throws(StoreError) in
      try key.withBytes { (key) throws(StoreError) in
        documentQuery.bind(3, text: collection)
        documentQuery.bind(4, text: key)
        if try documentQuery.step() { found = Array(documentQuery.bytes(0)) }
      }
    }
    return found
  }

  func documents(plugin: Int, app: UInt32, collection: [UInt8]) throws(StoreError) -> Int {
    documentsQuery.bind(1, Int64(plugin))
    documentsQuery.bind(2, Int64(app))
    defer { documentsQuery.reset() }
    var count = 0
    try collection.withBytes { (collection) throws(StoreError) in
      documentsQuery.bind(3, text: collection)
      if try documentsQuery.step() { count = Int(documentsQuery.integer(0)) }
    }
    return count
  }

  func bulkHashes(
    app: UInt32, _ body: (_ slot: Int64, _ hash: UInt64, _ receivedSeconds: Int64) -> Void
  ) throws(StoreError) {
    bulkHashesQuery.bind(1, Int64(app))
    defer { bulkHashesQuery.reset() }
    while try bulkHashesQuery.step() {
      body(
        bulkHashesQuery.integer(0), UInt64(bitPattern: bulkHashesQuery.integer(1)),
        bulkHashesQuery.integer(2))
    }
  }
}
