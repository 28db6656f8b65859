import CProcessor

/// Lines that were named and not looked for yet, in order.
struct NamedLines: ~Copyable {
  fileprivate struct Name {
    let start: Int
    let count: Int
    let tag: UInt32
    let year: Int32
  }

  fileprivate var keys = KeyBuffer()
  fileprivate var names: ContiguousArray<Name> = []

  mutating func removeAll() {
    guard !names.isEmpty else { return }
    names.removeAll(keepingCapacity: true)
    keys.removeAll()
  }
}

/// Lines lie anywhere in memory, and three look-ups of one wait for each other: place, key, line.
/// Those of many lines do not, so that names are collected first and looked for together.
extension SeriesCache {
  /// How many names ahead keys and lines are fetched: about what one wait for memory takes.
  private static let namesAhead = 4

  @inline(__always)
  mutating func collect(_ name: LineName, year: Int32) {
    let start = named.keys.count
    named.keys.append(name)
    let key = named.keys.bytes(start, named.keys.count - start)
    let tag = table.tag(of: key)
    table.prefetchPlace(tag: tag)
    named.names.append(.init(start: start, count: key.count, tag: tag, year: year))
  }

  /// The slot of a collected name's line, made when new, or of the line that counts for it; asked
  /// in the order in which they were named.
  @inline(__always)
  mutating func collected(_ place: Int) throws(StoreError) -> Int32 {
    if place + Self.namesAhead < named.names.count {
      prefetchLine(tag: named.names[place + Self.namesAhead].tag)
    }
    let name = named.names[place]
    let key = named.keys.bytes(name.start, name.count)
    let known = table.find(key, tag: name.tag)
    if known >= 0, let found = settled(known, year: name.year) { return found }
    return try settle(KeyBuffer.name(key), year: name.year)
  }

  @inline(__always)
  private func prefetchLine(tag: UInt32) {
    let slot = table.prefetchKey(tag: tag)
    lines.withUnsafeBufferPointer { lines in
      if slot >= 0, let base = lines.baseAddress { tally_prefetch(base + Int(slot)) }
    }
  }
}
