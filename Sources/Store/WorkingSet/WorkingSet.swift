/// What the store will say after the next commits: state read when first asked for, with all
/// changes that are not committed yet. Only the pipeline's thread uses it.
///
/// A slot (of a user or a series) is good until the next `didCommit` or `reset`; do not keep one
/// longer than a batch.
///
/// This is the hot path: names stay bytes, tables are flat, and nothing is allocated per item
/// unless it must be kept. That is why this folder works with pointers.
package final class WorkingSet {
  let store: Store
  let limits: WorkingSetLimits
  let reader: StateReader
  var users = UserCache()
  var lines: SeriesCache
  var counters = CounterTable()
  var totals = HourTotals()
  var buckets = BucketCache()
  var documents = DocumentCache()
  var bulkHashes: [UInt32: BulkHashes] = [:]
  var pending = PendingRows()
  let raw = RawPacker()
  /// Tells this working set's flushes from those of others.
  private let run = Int64.random(in: .min ... .max)
  private var generation: UInt64 = 0
  private var committedGeneration: UInt64 = 0
  /// Cells of an earlier run are in their place.
  private(set) var isLogSettled = false

  init(store: Store, limits: WorkingSetLimits) throws(StoreError) {
    self.store = store
    self.limits = limits
    reader = try StateReader(path: store.path)
    lines = SeriesCache(reader: reader)
  }

  // MARK: Registering

  /// The number of a metric in this working set.
  package func register(_ metric: MetricDefinition) -> Int { lines.register(metric) }

  /// The number of a plugin in the store, the same for ever; 0 is the host itself.
  package func plugin(_ name: String) throws(StoreError) -> Int { try store.pluginNumber(name) }

  // MARK: Batches

  /// Begins a batch: what it has to look up is read from one commit. Optional, and several times
  /// cheaper than looking up one by one. Nothing is let go inside a batch, so that what is held and
  /// what is read always make one whole.
  package func beginBatch() throws(StoreError) {
    try settleLogOnce()
    try reader.beginReading()
  }

  /// Ends a batch; comes before `didCommit`.
  package func endBatch() throws(StoreError) { try reader.endReading() }

  /// Says which user an item of the coming batch will ask for; `warmUp` then fetches all of them
  /// into the processor's cache. Optional.
  package func warm(app: UInt32, device: UnsafeRawBufferPointer) {
    users.warm(app: app, device: device)
  }

  package func warmUp() {
    users.warmUp()
  }

  // MARK: Users

  /// The user with that device id, made when new. `isNew` only tells the first time.
  package func user(
    app: UInt32, device: UnsafeRawBufferPointer, nowMs: Int64
  ) throws(StoreError) -> (slot: Int32, uid: UInt64, isNew: Bool) {
    try settleLogOnce()
    return try users.user(app: app, device: device, nowMs: nowMs, reader: reader)
  }

  /// Comes before anything is read of users.
  @inline(__always)
  func settleLogOnce() throws(StoreError) {
    if !isLogSettled { try settleLog() }
  }

  /// Puts cells that an earlier run, or the time before a reset, left in the log into their place:
  /// afterwards the log only holds what this working set knows.
  func settleLog() throws(StoreError) {
    try store.settleCellLog()
    isLogSettled = true
  }

  /// Nobody has been seen of a user whose first item is not kept, or nobody's: until `reveal`,
  /// `user` answers that it is new, and nobody who reads finds it.
  package func hide(user slot: Int32) { users.hide(slot) }

  /// An item of the user is kept; says nothing about others than hidden ones.
  package func reveal(user slot: Int32, atMs: Int64) { users.reveal(slot, atMs: atMs) }

  /// Whether the user sent a request with that hash within the last hours, and remembers it. 0 is
  /// never a duplicate.
  package func isDuplicate(
    user slot: Int32, hash: UInt64, receivedMs: Int64
  ) throws(StoreError) -> Bool {
    hash != 0 && users.isDuplicate(slot, hash: hash, receivedMs: receivedMs)
  }

  /// The same for the body of a whole bulk request, per app.
  package func isDuplicateBulk(
    app: UInt32, hash: UInt64, receivedMs: Int64
  ) throws(StoreError) -> Bool {
    guard hash != 0 else { return false }
    if bulkHashes[app] == nil {
      var known = BulkHashes()
      try reader.bulkHashes(app: app) { known.restore(slot: $0, hash: $1, receivedSeconds: $2) }
      bulkHashes[app] = known
    }
    guard let slot = bulkHashes[app]?.insert(hash, receivedMs: receivedMs) else { return true }
    pending.bulkHashes.append(
      .init(app: app, slot: slot, hash: hash, receivedSeconds: receivedMs / 1_000))
    return false
  }

  /// A plugin's cell of a user; empty when there is none.
  package func cell(user slot: Int32, plugin: Int) throws(StoreError) -> [UInt8] {
    users.data(slot, plugin: plugin)
  }

  package func setCell(user slot: Int32, plugin: Int, _ bytes: [UInt8]) throws(StoreError) {
    users.setData(slot, plugin: plugin, bytes)
  }

  /// A plugin's cell of a user where it lies, valid until anything of the working set changes.
  package func borrowedCell(user slot: Int32, plugin: Int) -> UnsafeRawBufferPointer {
    users.borrowedData(slot, plugin: plugin)
  }

  /// As `setCell`, from borrowed bytes.
  package func setCell(user slot: Int32, plugin: Int, copying bytes: UnsafeRawBufferPointer) {
    users.setData(slot, plugin: plugin, copying: bytes)
  }

  /// The hours in which a user was seen in a plugin's series.
  package func seen(user slot: Int32, plugin: Int) throws(StoreError) -> SeenHours {
    users.seen(slot, plugin: plugin)
  }

  package func setSeen(user slot: Int32, plugin: Int, _ seen: SeenHours) throws(StoreError) {
    users.setSeen(slot, plugin: plugin, seen)
  }

  // MARK: Flushing

  /// Rows the next flush will write to the main file.
  package var changedKeys: Int {
    users.dirtyCells + users.newUsers.count + lines.newLines.count + counters.count
      + totals.rows + documents.dirtyCount
      + pending.count
  }

  /// Memory of everything that is kept.
  package var cacheBytes: Int { users.bytes + lines.bytes + documents.bytes }

  /// Takes everything that changed, sorted, to be committed. The working set goes on; what was
  /// taken stays visible in it. `position` is the journal's; `positions` those of the plugins.
  package func takeFlush(
    through position: UInt64, positions: [(plugin: Int, position: UInt64)]
  ) -> Flush {
    generation += 1
    let consumers =
      [Flush.Position(plugin: 0, position: position)]
      + positions.filter { $0.plugin != 0 }
      .map { Flush.Position(plugin: $0.plugin, position: $0.position) }
    var flush = Flush(run: run, generation: generation, position: position, positions: consumers)
    users.take(into: &flush, limits: limits)
    lines.take(into: &flush)
    spreadTotals()
    flush.counters = counters.take(shapes: lines.shapes)
    documents.take(into: &flush)
    pending.take(into: &flush)
    flush.raw = raw.take()
    return flush
  }

  /// Says that a flush is committed. Makes room when the caches are over their limit.
  package func didCommit(_ flush: Flush) {
    committedGeneration = max(committedGeneration, flush.generation)
    if !flush.erasures.isEmpty { users.didErase(flush.erasures) }
    if !flush.merges.isEmpty { pending.mergesInFlight.removeFirst(flush.merges.count) }
    let over = cacheBytes - limits.cacheBytesMax
    guard over > 0 else { return }
    // Each kind gives in proportion to its size; a little more than needed, so that this is not
    // every time's work.
    let share = Double(limits.cacheBytesMax) * limits.keptShare / Double(cacheBytes)
    users.evict(bytesMax: Int(Double(users.bytes) * share), committed: committedGeneration)
    lines.evict(bytesMax: Int(Double(lines.bytes) * share), committed: committedGeneration)
    documents.evict(bytesMax: Int(Double(documents.bytes) * share), committed: committedGeneration)
  }

  /// Forgets everything that is not committed, and all caches: after a commit that failed.
  package func reset() throws(StoreError) {
    try reader.endReading()
    users.removeAll(generation: generation)
    isLogSettled = false
    lines.removeAll(generation: generation + 1)
    counters.removeAll()
    totals.removeAll()
    documents.removeAll()
    bulkHashes.removeAll()
    pending = PendingRows()
    raw.removeAll()
    // Flushes that were under way are lost: nothing waits for them any more.
    committedGeneration = generation
  }
}
