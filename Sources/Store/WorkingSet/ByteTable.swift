import Glibc

/// Gives byte strings dense numbers ("slots"): open addressing with linear probing over a seeded
/// hash, the bytes of all keys in one block of memory. A key costs no allocation of its own and is
/// never made a `String`; against a dictionary of strings this is several times faster, which is
/// why this file works with pointers. Not shared between threads.
///
/// Slots of removed keys are used again.
struct ByteTable: ~Copyable {
  private struct Key {
    var offset: Int
    var count: Int32
    /// The hash's upper half; also finds the key's place again.
    var tag: UInt32
  }

  private struct Place {
    var tag: UInt32
    /// -1 marks an empty place.
    var slot: Int32
  }

  private static let empty = Place(tag: 0, slot: -1)
  private static let capacityAtFirst = 64
  private static let arenaBytesAtFirst = 4_096
  /// Garbage below this is not worth moving keys for.
  private static let garbageBytesMin = 65_536

  private let hash: ByteHash
  private var places: UnsafeMutablePointer<Place>
  private var capacity: Int
  private var keys: ContiguousArray<Key> = []
  private var free: ContiguousArray<Int32> = []
  private var arena: UnsafeMutableRawPointer
  private var arenaCapacity: Int
  private var arenaUsed = 0
  private var garbage = 0
  /// Keys in the table.
  private(set) var count = 0

  init(hash: ByteHash = .random()) {
    self.hash = hash
    capacity = Self.capacityAtFirst
    places = .allocate(capacity: capacity)
    places.initialize(repeating: Self.empty, count: capacity)
    arenaCapacity = Self.arenaBytesAtFirst
    arena = .allocate(byteCount: arenaCapacity, alignment: 8)
  }

  deinit {
    places.deallocate()
    arena.deallocate()
  }

  /// One more than the largest slot ever given; callers keep their records in arrays of this
  /// length.
  var slotsEnd: Int { keys.count }

  /// Bytes held by keys that are there.
  var bytes: Int {
    count * (2 * MemoryLayout<Place>.stride + MemoryLayout<Key>.stride) + arenaUsed - garbage
  }

  /// The slot of a key, or -1.
  @inline(__always)
  func find(_ key: UnsafeRawBufferPointer) -> Int32 {
    let tag = tag(of: key)
    var place = Int(tag) & (capacity - 1)
    while true {
      let found = places[place]
      if found.slot < 0 { return -1 }
      if found.tag == tag, isEqual(found.slot, key) { return found.slot }
      place = (place + 1) & (capacity - 1)
    }
  }

  /// Adds a key that is not there and returns its slot.
  mutating func insert(_ key: UnsafeRawBufferPointer) -> Int32 {
    // Two thirds full is where probing begins to take long.
    if (count + 1) * 3 > capacity * 2 { rehash(capacity * 2) }
    let tag = tag(of: key)
    let entry = Key(offset: store(key), count: Int32(key.count), tag: tag)
    let slot: Int32
    if let reused = free.popLast() {
      slot = reused
      keys[Int(slot)] = entry
    } else {
      slot = Int32(keys.count)
      keys.append(entry)
    }
    occupy(Place(tag: tag, slot: slot))
    count += 1
    return slot
  }

  /// Removes a key; its slot will be given to another one.
  mutating func remove(_ slot: Int32) {
    let key = keys[Int(slot)]
    precondition(key.count >= 0, "the slot holds a key")
    var hole = Int(key.tag) & (capacity - 1)
    while places[hole].slot != slot { hole = (hole + 1) & (capacity - 1) }
    closeHole(hole)
    garbage += Int(key.count)
    keys[Int(slot)].count = -1
    free.append(slot)
    count -= 1
  }

  /// Whether the slot holds a key.
  func isUsed(_ slot: Int32) -> Bool { keys[Int(slot)].count >= 0 }

  /// The key of a slot, borrowed until the table changes.
  @inline(__always)
  func key(_ slot: Int32) -> UnsafeRawBufferPointer {
    let key = keys[Int(slot)]
    return UnsafeRawBufferPointer(start: arena + key.offset, count: Int(key.count))
  }

  /// Moves the keys together when half of their memory is garbage.
  mutating func compactIfWorthwhile() {
    guard garbage >= Self.garbageBytesMin, garbage * 2 >= arenaUsed else { return }
    let size = max(arenaUsed - garbage, Self.arenaBytesAtFirst)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    var used = 0
    for slot in keys.indices where keys[slot].count >= 0 {
      let count = Int(keys[slot].count)
      (fresh + used).copyMemory(from: arena + keys[slot].offset, byteCount: count)
      keys[slot].offset = used
      used += count
    }
    arena.deallocate()
    arena = fresh
    (arenaCapacity, arenaUsed, garbage) = (size, used, 0)
  }

  mutating func removeAll() {
    self = ByteTable(hash: hash)
  }

  // MARK: Places

  @inline(__always)
  private func tag(of key: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: hash(key) >> 32)
  }

  @inline(__always)
  private func isEqual(_ slot: Int32, _ key: UnsafeRawBufferPointer) -> Bool {
    let known = keys[Int(slot)]
    guard Int(known.count) == key.count else { return false }
    guard let base = key.baseAddress else { return true }
    return memcmp(arena + known.offset, base, key.count) == 0
  }

  @inline(__always)
  private func occupy(_ entry: Place) {
    var place = Int(entry.tag) & (capacity - 1)
    while places[place].slot >= 0 { place = (place + 1) & (capacity - 1) }
    places[place] = entry
  }

  /// Moves later keys of the same run forward, so that no probe ends early at the hole.
  private func closeHole(_ start: Int) {
    var hole = start
    var place = (hole + 1) & (capacity - 1)
    while places[place].slot >= 0 {
      let home = Int(places[place].tag) & (capacity - 1)
      let distance = (place - home) & (capacity - 1)
      if distance >= (place - hole) & (capacity - 1) {
        places[hole] = places[place]
        hole = place
      }
      place = (place + 1) & (capacity - 1)
    }
    places[hole] = Self.empty
  }

  private mutating func rehash(_ larger: Int) {
    precondition(larger <= 1 << 31, "a table holds at most 2^31 places")
    let old = UnsafeMutableBufferPointer(start: places, count: capacity)
    places = .allocate(capacity: larger)
    places.initialize(repeating: Self.empty, count: larger)
    capacity = larger
    for entry in old where entry.slot >= 0 { occupy(entry) }
    old.deallocate()
  }

  private mutating func store(_ key: UnsafeRawBufferPointer) -> Int {
    if arenaUsed + key.count > arenaCapacity {
      arenaCapacity = max(arenaCapacity * 2, arenaUsed + key.count)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: arenaCapacity, alignment: 8)
      larger.copyMemory(from: arena, byteCount: arenaUsed)
      arena.deallocate()
      arena = larger
    }
    if let base = key.baseAddress {
      (arena + arenaUsed).copyMemory(from: base, byteCount: key.count)
    }
    defer { arenaUsed += key.count }
    return arenaUsed
  }
}
