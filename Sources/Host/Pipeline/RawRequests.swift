import PluginABI
import Store

/// Reads back what was committed, whole requests at a time, because positions are those of
/// requests. One thread's own.
final class RawRequests {
  /// Bodies and facts of one step, but for a request that is longer.
  static let bytesMax = 64 << 10

  private let reader: RawReader

  init(_ store: Store) {
    reader = RawReader(store)
  }

  /// Those of a data folder whose store is not open.
  init(rawOf folder: String) { reader = RawReader(dataFolder: folder) }

  /// The items behind `position`, up to the last request that is complete, and the position of
  /// that one: `end` when there is nothing more.
  func next(
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
}

extension BatchBuilder {
  /// Adds an item that was kept, as it was when it was live.
  func append(
    _ item: RawItem, _ record: RequestRecord.Item, said: [RawFacts.Fact], uid: UInt64,
    userIndex: UInt32, calendar: LocalCalendar, appCountry: UInt32 = 0
  ) {
    // Items of bulk requests, and only those, are kept as the object they were, unless a transform
    // has written them anew.
    append(
      item: record, position: item.key.position, index: item.key.item,
      isBulk: record.form == .object || item.key.item > 0, receivedMs: item.receivedMs, uid: uid,
      isNewUser: Self.isFirst(said), userIndex: userIndex, calendar: calendar,
      appCountry: appCountry)
  }

  private static let users = Array("users".utf8)

  /// Whether the item was the first of its user: the built-in users has said so.
  private static func isFirst(_ facts: [RawFacts.Fact]) -> Bool {
    guard let fact = facts.first(where: { $0.name == users }),
      let offset = MemoryLayout<tally_user_fact>.offset(of: \.last_seen_ms),
      fact.value.count >= offset + 8
    else { return false }
    return fact.value[offset..<offset + 8].allSatisfy { $0 == 0 }
  }
}
