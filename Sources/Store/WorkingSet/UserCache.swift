/// Users and their cells: what is stored, read when first asked for, with everything that is not
/// committed yet. How changes leave it is in `UserCache+Sweep.swift`.
struct UserCache: ~Copyable {
  struct User {
    var uid: UInt64 = 0
    var cells = CellBlock()
    var app: UInt32 = 0
    /// The last flush that carries something of this user.
    var generation: UInt32 = 0
    var marks: Marks = []
  }

  struct Marks: OptionSet {
    let rawValue: UInt8
    /// Something changed since the last flush.
    static let dirty = Marks(rawValue: 1)
    /// The log has cells that are not in their place.
    static let unswept = Marks(rawValue: 2)
    /// Used since the eviction last came by.
    static let recent = Marks(rawValue: 4)
    /// Another user goes on in its place.
    static let merged = Marks(rawValue: 8)
    /// Nobody has been seen yet: `UserCache+Hiding.swift`.
    static let hidden = Marks(rawValue: 16)
    /// What is not simply itself.
    static let special: Marks = [.merged, .hidden]
  }

  struct NewUser {
    let slot: Int32
    let createdMs: Int64
  }

  private static let bytesPerUser = MemoryLayout<User>.stride
  static let keyPrefixBytes = 4

  var table = ByteTable()
  var users: ContiguousArray<User> = []
  var dirty: ContiguousArray<Int32> = []
  var dirtyCells = 0
  /// Users who are not in the file before the next flush, in the order of their numbers.
  var newUsers: ContiguousArray<NewUser> = []
  /// Where merged users lead, as keys of the table: as far as anybody has asked.
  var merged: [Int32: [UInt8]] = [:]
  /// Users with cells in the log.
  var unswept = 0
  var sweep: Sweep?
  /// The flush with which the last sweep began.
  var sweepBegan: UInt64 = 0
  /// What flushes before this one logged is in its place.
  var sweptBefore: UInt64 = 0
  /// Logged since the last sweep began.
  var loggedBytes = 0
  /// Keys of erased users whom the file still has.
  var forgotten: Set<[UInt8]> = []
  var key = KeyBuffer()
  var warmTags: ContiguousArray<UInt32> = []
  var warmSlots: ContiguousArray<Int32> = []
  var cellBytes = 0
  /// The largest number given to a user, per app.
  private var lastUser: [UInt32: UInt64] = [:]
  /// Users in memory, per app.
  var held: [UInt32: UInt64] = [:]
  var hand: Int32 = 0

  deinit {
    for user in users {
      var cells = user.cells
      cells.deallocate()
    }
  }

  /// Memory of what is held; what was let go and is used again does not count.
  var bytes: Int { table.bytes + table.count * Self.bytesPerUser + cellBytes }

  // MARK: Users

  @inline(__always)
  mutating func user(
    app: UInt32, device: UnsafeRawBufferPointer, nowMs: Int64, reader: StateReader
  ) throws(StoreError) -> (slot: Int32, uid: UInt64, isNew: Bool) {
    key.removeAll()
    key.append(app)
    key.append(device)
    let known = table.find(key.bytes)
    guard known < 0 else {
      users[Int(known)].marks.insert(.recent)
      if !users[Int(known)].marks.isDisjoint(with: .special) {
        return try successor(of: known, reader)
      }
      return (known, users[Int(known)].uid, false)
    }
    let loaded = try load(app, device, nowMs, reader)
    return loaded.isNew ? loaded : try successor(of: loaded.slot, reader)
  }

  /// The device id of a user, borrowed until the next one is read or made.
  func device(_ slot: Int32) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(rebasing: table.key(slot).dropFirst(Self.keyPrefixBytes))
  }

  /// Reads the user of the key, or makes it.
  mutating func load(
    _ app: UInt32, _ device: UnsafeRawBufferPointer, _ nowMs: Int64, _ reader: StateReader
  ) throws(StoreError) -> (slot: Int32, uid: UInt64, isNew: Bool) {
    var user = User()
    user.app = app
    user.marks = .recent
    if lastUser[app] == nil { lastUser[app] = try reader.lastUser(app: app) }
    // Numbers are given without gaps: when all of them are in memory, nobody else is in the file.
    let isComplete = held[app, default: 0] == lastUser[app]
    if !isComplete, !isForgotten, let uid = try reader.user(app: app, device: device) {
      user.uid = uid
      user.cells = try reader.cells(app: app, user: uid)
      return (insert(user), uid, false)
    }
    let uid = (lastUser[app] ?? 0) + 1
    lastUser[app] = uid
    user.uid = uid
    let slot = insert(user)
    newUsers.append(NewUser(slot: slot, createdMs: nowMs))
    markDirty(slot)
    return (slot, uid, true)
  }

  private mutating func insert(_ user: User) -> Int32 {
    let slot = table.insert(key.bytes)
    if Int(slot) == users.count { users.append(user) } else { users[Int(slot)] = user }
    cellBytes += user.cells.bytes
    held[user.app, default: 0] += 1
    if !merged.isEmpty { merged[slot] = nil }
    let host = user.cells.find(0)
    guard host >= 0 else { return slot }
    if MergeMark.read(UnsafeRawBufferPointer(user.cells.data(host))) != nil {
      users[Int(slot)].marks.insert(.merged)
    }
    if !user.cells.seen(host).isEmpty { users[Int(slot)].marks.insert(.hidden) }
    return slot
  }

  private mutating func markDirty(_ slot: Int32) {
    guard !users[Int(slot)].marks.contains(.dirty) else { return }
    users[Int(slot)].marks.insert(.dirty)
    dirty.append(slot)
  }

  // MARK: Cells

  func data(_ slot: Int32, plugin: Int) -> [UInt8] {
    let place = users[Int(slot)].cells.find(plugin)
    return place < 0 ? [] : Array(users[Int(slot)].cells.data(place))
  }

  func seen(_ slot: Int32, plugin: Int) -> SeenHours {
    let place = users[Int(slot)].cells.find(plugin)
    return SeenHours(bytes: place < 0 ? [] : Array(users[Int(slot)].cells.seen(place)))
  }

  mutating func setData(_ slot: Int32, plugin: Int, _ data: [UInt8]) {
    data.withUnsafeBytes { bytes in change(slot, plugin) { $0.setData($1, bytes) } }
  }

  /// The bytes of a cell where they lie, until the user's cells change.
  func borrowedData(_ slot: Int32, plugin: Int) -> UnsafeRawBufferPointer {
    let place = users[Int(slot)].cells.find(plugin)
    return place < 0
      ? UnsafeRawBufferPointer(start: nil, count: 0)
      : UnsafeRawBufferPointer(users[Int(slot)].cells.data(place))
  }

  mutating func setData(_ slot: Int32, plugin: Int, copying bytes: UnsafeRawBufferPointer) {
    change(slot, plugin) { $0.setData($1, bytes) }
  }

  mutating func setSeen(_ slot: Int32, plugin: Int, _ seen: SeenHours) {
    seen.bytes.withUnsafeBytes { bytes in change(slot, plugin) { $0.setSeen($1, bytes) } }
  }

  /// Whether the user sent a request with that hash before; if not, it is remembered in the host's
  /// cell.
  mutating func isDuplicate(_ slot: Int32, hash: UInt64, receivedMs: Int64) -> Bool {
    let place = users[Int(slot)].cells.find(0)
    if place >= 0 {
      let known = UnsafeRawBufferPointer(users[Int(slot)].cells.data(place))
      if RecentHashes.isKnown(hash, receivedMs: receivedMs, in: known) { return true }
    }
    change(slot, 0) { RecentHashes.remember(hash, receivedMs: receivedMs, in: &$0, at: $1) }
    return false
  }

  @inline(__always)
  mutating func change(
    _ slot: Int32, _ plugin: Int, _ body: (inout CellBlock, _ place: Int) -> Void
  ) {
    // Worked on as a local copy, which shares the memory, and put back: the array is then touched
    // twice only.
    var cells = users[Int(slot)].cells
    let before = cells.bytes
    var place = cells.find(plugin)
    if place < 0 { place = cells.add(plugin) }
    body(&cells, place)
    let marks = cells.marks(place)
    if !marks.contains(.dirty) {
      cells.setMarks(place, marks.union(.dirty))
      dirtyCells += 1
    }
    cellBytes += cells.bytes - before
    users[Int(slot)].cells = cells
    markDirty(slot)
  }
}
