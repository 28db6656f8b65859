import PluginABI
import PluginRuntime
import Store

/// Reads back what was committed: raw rows as the batches that hooks read. One thread's own.
final class CommittedBatches {
  let builder: BatchBuilder
  let facts = FactBlock()
  private let requests: RawRequests
  private let registry: AppRegistry

  /// `table` is that of the builder of live batches.
  init(store: Store, table: NameTable, retentionMonths: Int, registry: AppRegistry) {
    requests = RawRequests(store)
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
    let (items, last) = try requests.next(after: position, through: end)
    return Next(batch: build(items), positions: position + 1...last)
  }

  private func build(_ items: [RawItem]) -> UnsafePointer<tally_batch>? {
    let apps = registry.snapshot
    var users: [UserKey: UInt32] = [:]
    var said: [[RawFacts.Fact]] = []
    builder.follow(apps)
    builder.begin()
    for item in items {
      guard let app = apps.byNumber[item.app] else { continue }
      let own = RawFacts.read(item.facts) ?? []
      let key = UserKey(app: item.app, user: item.user)
      let isTaken = item.body.withUnsafeBytes { bytes -> Bool in
        guard let record = RequestRecord.Item(bytes) else { return false }
        builder.append(
          item, record, said: own, uid: item.user,
          userIndex: users[key, default: UInt32(users.count)], calendar: app.calendar,
          appCountry: app.country)
        return true
      }
      guard isTaken else { continue }
      users[key] = users[key, default: UInt32(users.count)]
      said.append(own)
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
