/// Users and their cells: what is stored, read when first asked for, with everything that is not committed yet.
struct UserCache: ~Copyable {
  struct User {
    var uid: UInt64 = 0
    var createdMs: Int64 = 0
    var app: UInt32 = 0
    /// The first of the user's cells, or -1.
    var firstCell: Int32 = -1
    /// The last flush that carries something of this user.
    var generation: UInt64 = 0
    var isNew = false
    var isDirty = false
    /// The log holds cells of this user that are not in their place.
    var isUnswept = false
    /// Used since the eviction last came by.
    var isRecent = false
  }

  struct Cell {
    var plugin: Int32
    var next: Int32
    var isDirty = false
    var isUnswept = false
    var data: [UInt8]
    var seen: [UInt8]

    /// Memory held, the arrays' own headers included.
    var bytes: Int { data.capacity + seen.capacity + UserCache.bytesPerCell }
  }

  /// Rough size of the records beside their bytes.
  private static let bytesPerCell = 96
  private static let bytesPerUser = MemoryLayout<User>.stride
  private static let keyPrefixBytes = 4

  private(set) var table = ByteTable()
  var users: ContiguousArray<User> = []
  var cells: ContiguousArray<Cell> = []
  private var freeCells: ContiguousArray<Int32> = []
  private var cellBytes = 0
  var dirty: ContiguousArray<Int32> = []
  private var lastUser: [UInt32: UInt64] = [:]
  private var key = KeyBuffer()
  private var hand: Int32 = 0
  var dirtyCells = 0
  var newUsers = 0
  /// Users with cells in the log.
  var unswept = 0
  var sweep: Sweep?
  /// The flush that ended the last sweep.
  var sweptThrough: UInt64 = 0

  /// Memory of what is held; what was let go and is used again does not count.
  var bytes: Int { table.bytes + table.count * Self.bytesPerUser + cellBytes }

  // MARK: Users

  mutating func user(
    app: UInt32, device: UnsafeRawBufferPointer, nowMs: Int64, reader: StateReader
  ) throws(StoreError) -> (slot: Int32, uid: UInt64, isNew: Bool) {
    writeKey(app, device)
    let known = table.find(key.bytes)
    if known >= 0 {
      users[Int(known)].isRecent = true
      return (known, users[Int(known)].uid, false)
    }
    if let uid = try reader.user(app: app, device: device) {
      let slot = insert(User(uid: uid, createdMs: 0, app: app, isRecent: true))
      do throws(StoreError) {
        try loadCells(slot, reader)
      } catch {
        remove(slot)
        throw error
      }
      return (slot, uid, false)
    }
    let uid = try lastUser(app, reader) + 1
    lastUser[app] = uid
    let slot = insert(User(uid: uid, createdMs: nowMs, app: app, isNew: true, isRecent: true))
    newUsers += 1
    markDirty(slot)
    return (slot, uid, true)
  }

  func uid(_ slot: Int32) -> UInt64 { users[Int(slot)].uid }

  private mutating func lastUser(_ app: UInt32, _ reader: StateReader) throws(StoreError) -> UInt64 {
    if let known = lastUser[app] { return known }
    return try reader.lastUser(app: app)
  }

  private mutating func loadCells(_ slot: Int32, _ reader: StateReader) throws(StoreError) {
    let user = users[Int(slot)]
    var found: [(Int, [UInt8], [UInt8])] = []
    try reader.cells(app: user.app, user: user.uid) { found.append(($0, $1, $2)) }
    for (plugin, data, seen) in found { addCell(slot, plugin, data: data, seen: seen) }
  }

  private mutating func writeKey(_ app: UInt32, _ device: UnsafeRawBufferPointer) {
    key.removeAll()
    key.append(app)
    key.append(device)
  }

  private mutating func insert(_ user: User) -> Int32 {
    let slot = table.insert(key.bytes)
    if Int(slot) == users.count { users.append(user) } else { users[Int(slot)] = user }
    return slot
  }

  private mutating func markDirty(_ slot: Int32) {
    guard !users[Int(slot)].isDirty else { return }
    users[Int(slot)].isDirty = true
    dirty.append(slot)
  }

  // MARK: Cells

  func data(_ slot: Int32, plugin: Int) -> [UInt8] {
    let cell = find(slot, plugin)
    return cell < 0 ? [] : cells[Int(cell)].data
  }

  func seen(_ slot: Int32, plugin: Int) -> SeenHours {
    let cell = find(slot, plugin)
    return SeenHours(bytes: cell < 0 ? [] : cells[Int(cell)].seen)
  }

  mutating func setData(_ slot: Int32, plugin: Int, _ data: [UInt8]) {
    change(slot, plugin) { $0.data = data }
  }

  mutating func setSeen(_ slot: Int32, plugin: Int, _ seen: SeenHours) {
    change(slot, plugin) { $0.seen = seen.bytes }
  }

  /// Whether the user sent a request with that hash before; if not, it is remembered in the host's cell.
  mutating func isDuplicate(_ slot: Int32, hash: UInt64, receivedMs: Int64) -> Bool {
    var cell = find(slot, 0)
    if cell < 0 { cell = addCell(slot, 0, data: [], seen: []) }
    let before = cells[Int(cell)].bytes
    let isKnown = RecentHashes.isKnown(hash, receivedMs: receivedMs, in: &cells[Int(cell)].data)
    cellBytes += cells[Int(cell)].bytes - before
    if !isKnown { markDirty(slot, cell) }
    return isKnown
  }

  private mutating func change(_ slot: Int32, _ plugin: Int, _ body: (inout Cell) -> Void) {
    var cell = find(slot, plugin)
    if cell < 0 { cell = addCell(slot, plugin, data: [], seen: []) }
    let before = cells[Int(cell)].bytes
    body(&cells[Int(cell)])
    cellBytes += cells[Int(cell)].bytes - before
    markDirty(slot, cell)
  }

  private mutating func markDirty(_ slot: Int32, _ cell: Int32) {
    if !cells[Int(cell)].isDirty {
      cells[Int(cell)].isDirty = true
      dirtyCells += 1
    }
    markDirty(slot)
  }

  @inline(__always)
  private func find(_ slot: Int32, _ plugin: Int) -> Int32 {
    var cell = users[Int(slot)].firstCell
    while cell >= 0, Int(cells[Int(cell)].plugin) != plugin { cell = cells[Int(cell)].next }
    return cell
  }

  @discardableResult
  private mutating func addCell(
    _ slot: Int32, _ plugin: Int, data: [UInt8], seen: [UInt8]
  ) -> Int32 {
    let cell = Cell(
      plugin: Int32(plugin), next: users[Int(slot)].firstCell, data: data, seen: seen)
    cellBytes += cell.bytes
    let place: Int32
    if let free = freeCells.popLast() {
      place = free
      cells[Int(place)] = cell
    } else {
      place = Int32(cells.count)
      cells.append(cell)
    }
    users[Int(slot)].firstCell = place
    return place
  }

  // MARK: Eviction

  func device(_ slot: Int32) -> [UInt8] { Array(table.key(slot).dropFirst(Self.keyPrefixBytes)) }

  /// Lets go of users that nobody used since the last time around, until the memory is back below `bytesMax`. What is
  /// not committed or not in its place stays.
  mutating func evict(bytesMax: Int, committed: UInt64) {
    // Two rounds: the first may find everybody used recently.
    var looks = 2 * Int(table.slotsEnd)
    while bytes > bytesMax, looks > 0 {
      if Int(hand) >= table.slotsEnd { hand = 0 }
      let slot = hand
      hand += 1
      looks -= 1
      guard table.isUsed(slot) else { continue }
      let user = users[Int(slot)]
      guard !user.isDirty, !user.isUnswept, user.generation <= committed else { continue }
      if user.isRecent {
        users[Int(slot)].isRecent = false
      } else {
        remove(slot)
      }
    }
    table.compactIfWorthwhile()
  }

  private mutating func remove(_ slot: Int32) {
    var place = users[Int(slot)].firstCell
    while place >= 0 {
      cellBytes -= cells[Int(place)].bytes
      let next = cells[Int(place)].next
      cells[Int(place)].data = []
      cells[Int(place)].seen = []
      freeCells.append(place)
      place = next
    }
    users[Int(slot)] = User()
    table.remove(slot)
  }

  mutating func removeAll(generation: UInt64) {
    self = UserCache()
    sweptThrough = generation
  }
}
