/// Rows that are only written, never read back by the pipeline.
struct PendingRows {
  /// Each has changed cells beside it.
  var merges: [MergedUser] = []
  var rows: [Flush.PluginRow] = []
  var deadLetters: [Flush.DeadLetter] = []
  var settledLetters: [Int64] = []
  var ledger: [LedgerKey: Int64] = [:]
  var bulkHashes: [Flush.BulkHash] = []
  var daily: ContiguousArray<Flush.DailyUser> = []
  var properties: [Flush.Properties] = []
  var erasures: [Flush.Erasure] = []
  /// Merges on their way to the file, oldest first, that are in no `merges` any more.
  var mergesInFlight: [MergedUser] = []

  var count: Int {
    rows.count + deadLetters.count + bulkHashes.count + properties.count + erasures.count
  }

  mutating func take(into flush: inout Flush) {
    flush.merges = merges
    flush.rows = rows
    flush.deadLetters = deadLetters
    flush.settledLetters = settledLetters
    flush.ledger.merge(ledger, uniquingKeysWith: +)
    flush.bulkHashes = bulkHashes
    flush.daily = daily
    flush.properties = properties
    flush.erasures = erasures
    let onTheirWay = mergesInFlight + merges
    self = PendingRows()
    mergesInFlight = onTheirWay
  }
}

extension WorkingSet {
  /// Keeps an item as it was received (`body`) and what hooks said about it (`facts`).
  package func appendRaw(
    position: UInt64, item: UInt32, app: UInt32, uid: UInt64, timestampMs: Int64, receivedMs: Int64,
    body: UnsafeRawBufferPointer, facts: UnsafeRawBufferPointer
  ) {
    raw.append(
      key: RawKey(position: position, item: item), app: app, user: uid, timestampMs: timestampMs,
      receivedMs: receivedMs, body: body, facts: facts)
  }

  /// Appends a row to a plugin's table; with `rowsPerKey` only that many of the newest stay per app
  /// and key.
  package func appendRow(
    plugin: Int, app: UInt32, table: String, rowsPerKey: Int, key: UnsafeRawBufferPointer,
    uid: UInt64, receivedMs: Int64, payload: UnsafeRawBufferPointer
  ) throws(StoreError) {
    pending.rows.append(
      .init(
        plugin: plugin, app: app, table: table, rowsPerKey: rowsPerKey, key: Array(key), uid: uid,
        receivedMs: receivedMs, payload: Array(payload)))
  }

  /// Keeps an item a consumer could not take, with the reason.
  package func deadLetter(
    plugin: Int, position: UInt64, item: UInt32, app: UInt32, reason: String,
    step: DeadLetterStep = .entry, receivedMs: Int64, body: UnsafeRawBufferPointer
  ) {
    pending.deadLetters.append(
      .init(
        plugin: plugin, position: position, item: item, app: app, reason: reason,
        step: step.text, receivedMs: receivedMs, body: Array(body)))
  }

  /// Removes a dead letter in the same transaction that counts its item.
  package func settleDeadLetter(_ id: Int64) { pending.settledLetters.append(id) }

  /// Adds to the account of items: why so many of an app's items ended where they did. Reasons that
  /// begin with "limit:" are the store's own and count names, not items.
  package func ledger(app: UInt32, reason: String, _ items: Int) {
    pending.ledger[LedgerKey(app: app, reason: reason), default: 0] += Int64(items)
  }

  /// A document that many users share; nil when there is none.
  package func document(
    plugin: Int, app: UInt32, collection: String, key: [UInt8]
  ) throws(StoreError) -> [UInt8]? {
    try documents.body(plugin: plugin, app: app, collection: collection, key: key, reader: reader)
  }

  /// Sets a document. One that would be over the collection's limit is not kept: the ledger counts
  /// it, and the answer is false.
  @discardableResult
  package func setDocument(
    plugin: Int, app: UInt32, collection: String, key: [UInt8], _ body: [UInt8], documentLimit: Int
  ) throws(StoreError) -> Bool {
    let isKept = try documents.set(
      plugin: plugin, app: app, collection: collection, key: key, body, limit: documentLimit,
      reader: reader)
    if !isKept { ledger(app: app, reason: DocumentCache.limitReason, 1) }
    return isKept
  }
}
