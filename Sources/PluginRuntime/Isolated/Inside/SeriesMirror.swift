import PluginABI

/// What the host said about names: which number the series has that counts for a name in a year.
/// The host numbers, and knows the limits; the runner only remembers, until the host says that
/// numbers were taken back.
struct SeriesMirror {
  /// Names remembered; the next one makes all forgotten.
  static let namesMax = 100_000

  private struct Slot {
    var hash = 0
    var id: Int64 = 0
    var start = 0
    var count = -1
  }

  private var slots = ContiguousArray(repeating: Slot(), count: 1_024)
  private var names: ContiguousArray<UInt8> = []
  private var count = 0
  private var key: ContiguousArray<UInt8> = []

  /// Names the line that `find` and `insert` are about.
  mutating func name(app: UInt32, year: Int32, _ series: tally_series) {
    key.removeAll(keepingCapacity: true)
    append(app)
    append(UInt32(bitPattern: year))
    append(series.metric)
    append(UInt32(truncatingIfNeeded: series.subject.len))
    append(UInt32(truncatingIfNeeded: series.dimension.len))
    for text in [series.subject, series.dimension, series.value] {
      key.append(contentsOf: text.bytes)
    }
  }

  func find() -> Int64? {
    let slot = slots[place(hash(key))]
    return slot.count < 0 ? nil : slot.id
  }

  mutating func insert(_ id: Int64) {
    if count >= Self.namesMax { removeAll() }
    if (count + 1) * 2 > slots.count { grow() }
    let hash = hash(key)
    let found = place(hash)
    if slots[found].count < 0 {
      slots[found] = Slot(hash: hash, id: id, start: names.count, count: key.count)
      names.append(contentsOf: key)
      count += 1
    } else {
      slots[found].id = id
    }
  }

  mutating func removeAll() {
    guard count > 0 else { return }
    slots = ContiguousArray(repeating: Slot(), count: 1_024)
    names.removeAll()
    count = 0
  }

  private mutating func append(_ number: UInt32) {
    withUnsafeBytes(of: number) { key.append(contentsOf: $0) }
  }

  private func hash(_ bytes: ContiguousArray<UInt8>) -> Int {
    var hasher = Hasher()
    bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    return hasher.finalize()
  }

  /// Where the key lies, or would.
  private func place(_ hash: Int) -> Int {
    let mask = slots.count - 1
    var place = hash & mask
    while slots[place].count >= 0, slots[place].hash != hash || !isKey(slots[place]) {
      place = (place + 1) & mask
    }
    return place
  }

  private func isKey(_ slot: Slot) -> Bool {
    slot.count == key.count && names[slot.start..<slot.start + slot.count].elementsEqual(key)
  }

  private mutating func grow() {
    let old = slots
    slots = ContiguousArray(repeating: Slot(), count: old.count * 2)
    let mask = slots.count - 1
    for slot in old where slot.count >= 0 {
      var place = slot.hash & mask
      while slots[place].count >= 0 { place = (place + 1) & mask }
      slots[place] = slot
    }
  }
}
