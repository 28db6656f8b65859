import Logging
import Store

/// Deletes raw items when they are older than they may be: whole months, and with a retention of
/// days, of all apps or of one, each item on its day. Deletes too what the tables have forgotten.
final class RawKeeper: Sendable {
  private static let msPerDay: Int64 = 86_400_000

  private let store: Store
  private let months: Int
  /// 0: months alone decide.
  private let days: Int
  private let apps: AppRetention
  private let registry: AppRegistry
  private let clock: Clock
  private let log: Logger
  let itemsRemoved = Metrics.Counter()
  let filesRemoved = Metrics.Counter()

  init(
    store: Store, limits: Limits, registry: AppRegistry, clock: Clock = .system, log: Logger
  ) {
    self.store = store
    months = limits.rawRetentionMonths
    days = limits.rawRetentionDays
    apps = limits.appRetention
    self.registry = registry
    self.clock = clock
    self.log = log
  }

  /// Does all of it; how many items are gone.
  func tidy() throws -> Int {
    let before = itemsRemoved.count
    try complete()
    try look()
    return itemsRemoved.count - before
  }

  /// Takes out of the files what is nobody's any more.
  private func complete() throws {
    for pending in store.pendingRemovals { itemsRemoved.add(try store.complete(pending)) }
  }

  /// Deletes what is too old by now.
  func look() throws {
    let nowMs = clock.nowMs
    // As far back as client times are believed, rounded down to a month.
    let edge = nowMs - TimestampRule(retentionMonths: months).retentionMs
    let date = CivilDate(day: Int32(edge / Self.msPerDay))
    let month = CivilDate.ordinal(year: date.year, month: date.month, day: 1)
    var before = Int64(month) * Self.msPerDay
    if days > 0 { before = max(before, nowMs - Int64(days) * Self.msPerDay) }
    try remove(RawRemoval(receivedBeforeMs: before))
    let known = registry.snapshot
    for (hexID, days) in apps.days {
      guard let app = known.app(hexID: hexID) else { continue }
      let edge = nowMs - Int64(days) * Self.msPerDay
      // What goes for all apps is gone by now.
      if edge > before { try remove(RawRemoval(app: app.number, receivedBeforeMs: edge)) }
    }
  }

  private func remove(_ old: RawRemoval) throws {
    let outcome = try store.remove(old)
    itemsRemoved.add(outcome.items)
    filesRemoved.add(outcome.files)
    guard !outcome.isNothing else { return }
    var metadata: Logger.Metadata = ["files": "\(outcome.files)", "items": "\(outcome.items)"]
    if let app = old.app { metadata["app"] = "\(app)" }
    log.info("old raw items are deleted", metadata: metadata)
  }

  func register(in metrics: Metrics) {
    let counters = [
      ("tally_raw_files_removed_total", "Months of raw items deleted for their age", filesRemoved),
      ("tally_raw_items_removed_total", "Raw items deleted for their age", itemsRemoved),
    ]
    for (name, help, counter) in counters {
      metrics.counter(name, help: help) { counter.count }
    }
  }
}
