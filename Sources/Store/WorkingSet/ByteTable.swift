import CProcessor
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
    /// -1 marks a slot without a key.
    var count: Int32
    /// The hash's upper half; also finds the key's place again.
    var tag: UInt32
  }

  /// Says where the key lies, too, so that a look-up touches a place and a key and nothing else.
  private struct Place {
    var tag: UInt32
    /// -1 marks an empty place.
    var slot: Int32
    var offset: Int
  }

  private static let empty = Place(tag: 0, slot: -1, offset: 0)
  private static let capacityAtFirst = 64
  private static let arenaBytesAtFirst = 4_096
  private static let lengthBytes = 4
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
  func find(_ key: UnsafeRawBufferPointer) -> Int32 { find(key, tag: tag(of: key)) }

  /// The same with the key's `tag`, taken before.
  @inline(__always)
  func find(_ key: UnsafeRawBufferPointer, tag: UInt32) -> Int32 {
    var place = Int(tag) & (capacity - 1)
    while true {
      let found = places[place]
      if found.slot < 0 { return -1 }
      if found.tag == tag, isEqual(arena + found.offset, key) { return found.slot }
      place = (place + 1) & (capacity - 1)
    }
  }

  /// The part of a key's hash by which it is found.
  @inline(__always)
  func tag(of key: UnsafeRawBufferPointer) -> UInt32 {
    UInt32(truncatingIfNeeded: hash(key) >> 32)
  }

  /// Has the processor fetch the place where a look-up of that tag will begin.
  @inline(__always)
  func prefetchPlace(tag: UInt32) {
    tally_prefetch(places + (Int(tag) & (capacity - 1)))
  }

  /// Has it fetch the key that a look-up of that tag will probably find; its slot, or -1.
  @inline(__always)
  func prefetchKey(tag: UInt32) -> Int32 {
    var place = Int(tag) & (capacity - 1)
    while places[place].slot >= 0, places[place].tag != tag { place = (place + 1) & (capacity - 1) }
    if places[place].slot >= 0 { tally_prefetch(arena + places[place].offset) }
    return places[place].slot
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
    occupy(Place(tag: tag, slot: slot, offset: entry.offset))
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
    garbage += Self.lengthBytes + Int(key.count)
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
    return UnsafeRawBufferPointer(
      start: arena + key.offset + Self.lengthBytes, count: Int(key.count))
  }

  /// Moves the keys together when half of their memory is garbage.
  mutating func compactIfWorthwhile() {
    guard garbage >= Self.garbageBytesMin, garbage * 2 >= arenaUsed else { return }
    let size = max(arenaUsed - garbage, Self.arenaBytesAtFirst)
    let fresh = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 8)
    var used = 0
    for slot in keys.indices where keys[slot].count >= 0 {
      let count = Self.lengthBytes + Int(keys[slot].count)
      (fresh + used).copyMemory(from: arena + keys[slot].offset, byteCount: count)
      keys[slot].offset = used
      used += count
    }
    for place in 0..<capacity where places[place].slot >= 0 {
      places[place].offset = keys[Int(places[place].slot)].offset
    }
    arena.deallocate()
    arena = fresh
    (arenaCapacity, arenaUsed, garbage) = (size, used, 0)
  }

  mutating func removeAll() {
    self = ByteTable(hash: hash)
  }

  // MARK: Places

  /// Whether these are the bytes of the key that lies there. Most keys have some tens of bytes:
  /// comparing words on the spot is several times cheaper than a call.
  @inline(__always)
  private func isEqual(_ known: UnsafeMutableRawPointer, _ key: UnsafeRawBufferPointer) -> Bool {
    guard Int(known.loadUnaligned(as: UInt32.self)) == key.count else { return false }
    guard let base = key.baseAddress else { return true }
    let bytes = known + Self.lengthBytes
    guard key.count >= 8 else { return memcmp(bytes, base, key.count) == 0 }
    var offset = 0
    while offset + 8 < key.count {
      guard Self.word(bytes, offset) == Self.word(base, offset) else { return false }
      offset += 8
    }
    // The last eight, which may overlap what was compared.
    return Self.word(bytes, key.count - 8) == Self.word(base, key.count - 8)
  }

  @inline(__always)
  private static func word(_ base: UnsafeRawPointer, _ offset: Int) -> UInt64 {
    base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
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

  /// Appends the key's length and bytes to the arena.
  private mutating func store(_ key: UnsafeRawBufferPointer) -> Int {
    let needed = Self.lengthBytes + key.count
    if arenaUsed + needed > arenaCapacity {
      arenaCapacity = max(arenaCapacity * 2, arenaUsed + needed)
      let larger = UnsafeMutableRawPointer.allocate(byteCount: arenaCapacity, alignment: 8)
      larger.copyMemory(from: arena, byteCount: arenaUsed)
      arena.deallocate()
      arena = larger
    }
    arena.storeBytes(of: UInt32(key.count), toByteOffset: arenaUsed, as: UInt32.self)
    if let base = key.baseAddress {
      (arena + arenaUsed + Self.lengthBytes).copyMemory(from: base, byteCount: key.count)
    }
    defer { arenaUsed += needed }
    return arenaUsed
  }
}
