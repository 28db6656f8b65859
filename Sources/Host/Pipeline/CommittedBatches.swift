import PluginABI
import PluginRuntime
import Store

/// Reads back what was committed: raw rows as the batches that hooks read. One thread's own.
final class CommittedBatches {
  /// Bodies and facts of one batch.
  static let bytesMax = 64 << 10

  let builder: BatchBuilder
  let facts = FactBlock()
  private let reader: RawReader
  private let registry: AppRegistry

  /// `table` is that of the builder of live batches.
  init(store: Store, table: NameTable, retentionMonths: Int, registry: AppRegistry) {
    reader = RawReader(store)
    builder = BatchBuilder(retentionMonths: retentionMonths, table: table)
    self.registry = registry
  }

  /// What comes behind a position.
  struct Next {
    /// nil when nothing was kept of these requests.
    let batch: UnsafePointer<tally_batch>?
    let positions: ClosedRange<UInt64>
  }

  /// The next whole requests behind `position`, up to `end`.
  func next(after position: UInt64, through end: UInt64) throws -> Next {
    let (items, last) = try wholeRequests(after: position, through: end)
    return Next(batch: build(items), positions: position + 1...last)
  }

  /// Items up to the last request that is complete: positions are those of requests.
  private func wholeRequests(
    after position: UInt64, through end: UInt64
  ) throws -> (items: [RawItem], last: UInt64) {
    var items: [RawItem] = []
    var key = RawKey(position: position, item: RawKey.itemMax)
    while true {
      let more = try reader.items(after: key, through: end, bytesMax: Self.bytesMax)
      items += more
      let bytes = more.reduce(0) { $0 + $1.body.count + $1.facts.count }
      guard bytes >= Self.bytesMax, let newest = items.last?.key else { return (items, end) }
      let open = items.lastIndex { $0.key.position != newest.position }
      if let open { return (Array(items[...open]), items[open].key.position) }
      key = newest
    }
  }

  private func build(_ items: [RawItem]) -> UnsafePointer<tally_batch>? {
    let apps = registry.snapshot
    var users: [UserKey: UInt32] = [:]
    var said: [[RawFacts.Fact]] = []
    builder.begin()
    for item in items {
      guard let app = apps.byNumber[item.app] else { continue }
      let key = UserKey(app: item.app, user: item.user)
      let isTaken = item.body.withUnsafeBytes { bytes -> Bool in
        guard let record = RequestRecord.Item(bytes) else { return false }
        builder.append(
          item: record, position: item.key.position, index: item.key.item,
          isBulk: item.key.item > 0, receivedMs: item.receivedMs, uid: item.user,
          isNewUser: false, userIndex: users[key, default: UInt32(users.count)],
          calendar: app.calendar)
        return true
      }
      guard isTaken else { continue }
      users[key] = users[key, default: UInt32(users.count)]
      said.append(RawFacts.read(item.facts) ?? [])
    }
    guard !said.isEmpty else { return nil }
    let batch = builder.finish()
    facts.begin(items: said.count)
    for (place, said) in said.enumerated() {
      for fact in said.reversed() {
        let name = builder.declare(fact.name)
        fact.value.withUnsafeBytes { facts.append(item: place, name: name, value: $0) }
      }
    }
    return UnsafePointer(batch)
  }

  private struct UserKey: Hashable {
    let app: UInt32
    let user: UInt64
  }
}
