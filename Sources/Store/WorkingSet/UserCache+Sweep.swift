/// How changed cells reach the file: into the log with the next flush, and to their own place when
/// a sweep comes by.
///
/// A sweep takes the users who have something in the log in the order of their rows, a slice with
/// every flush. When it is through, everything that was logged before it began is in its place or
/// was logged again, and that part of the log is deleted.
extension UserCache {
  /// A sweep under way.
  struct Sweep {
    /// The flush with which it began.
    var began: UInt64
    /// The users that are left, next one last.
    var users: ContiguousArray<Sorted>
    var slice: Int
  }

  /// A user and where his rows lie.
  struct Sorted {
    let key: Int64
    let slot: Int32
  }

  /// How many users ahead cells are fetched: about what one wait for memory takes.
  private static let cellsAhead = 6

  /// Moves everything that is dirty into a flush, sorted.
  mutating func take(into flush: inout Flush, limits: WorkingSetLimits) {
    var changed = ContiguousArray<Sorted>()
    changed.reserveCapacity(dirty.count)
    for slot in dirty { changed.append(Sorted(key: rowKey(slot), slot: slot)) }
    changed.sort { $0.key < $1.key }
    beginSweepIfDue(limits, flush.generation)
    advanceSweep(into: &flush)
    takeNewUsers(into: &flush)
    // Without room for cells that wait, all go to their place at once.
    let logs = limits.unsweptBytesMax > 0
    for (place, entry) in changed.enumerated() {
      prefetchCells(changed, place + Self.cellsAhead)
      takeCells(entry.slot, into: &flush, isLogged: logs)
    }
    flush.log.endChunk()
    flush.swept.endChunk()
    flush.sweptBefore = sweptBefore
    loggedBytes += flush.log.bytes
    dirty.removeAll(keepingCapacity: true)
    dirtyCells = 0
  }

  /// In the order of rows the cells of users lie anywhere in memory.
  @inline(__always)
  private func prefetchCells(_ sorted: ContiguousArray<Sorted>, _ place: Int) {
    if place < sorted.count { users[Int(sorted[place].slot)].cells.prefetch() }
  }

  private func rowKey(_ slot: Int32) -> Int64 {
    let user = users[Int(slot)]
    return CellKey(app: user.app, user: user.uid, plugin: 0).rawValue
  }

  private mutating func takeNewUsers(into flush: inout Flush) {
    for new in newUsers {
      let user = users[Int(new.slot)]
      flush.users.append(
        app: user.app, uid: user.uid, createdMs: new.createdMs, device: device(new.slot))
    }
    newUsers.removeAll(keepingCapacity: true)
  }

  /// Takes the cells of a user that changed: to the log, where they wait for a sweep, or to their
  /// place.
  private mutating func takeCells(_ slot: Int32, into flush: inout Flush, isLogged: Bool) {
    let user = users[Int(slot)]
    users[Int(slot)].marks.remove(.dirty)
    users[Int(slot)].generation = UInt32(flush.generation)
    let first = CellKey(app: user.app, user: user.uid, plugin: 0).rawValue
    var place = 0
    while place < user.cells.end {
      defer { place = user.cells.next(place) }
      guard user.cells.marks(place).contains(.dirty) else { continue }
      let key = CellKey(rawValue: first + Int64(user.cells.plugin(place)))
      if isLogged {
        flush.log.append(key, data: user.cells.data(place), seen: user.cells.seen(place))
        user.cells.setMarks(place, .unswept)
        markUnswept(slot, true)
      } else {
        flush.swept.append(key, data: user.cells.data(place), seen: user.cells.seen(place))
        user.cells.setMarks(place, [])
      }
    }
  }

  /// Takes what the log has of a user to its place. A cell that changed again stays out: its place
  /// would then be newer than the log, and the log is what readers and restarts believe.
  private mutating func sweepCells(_ slot: Int32, into flush: inout Flush) {
    let user = users[Int(slot)]
    users[Int(slot)].generation = UInt32(flush.generation)
    let first = CellKey(app: user.app, user: user.uid, plugin: 0).rawValue
    var staysUnswept = false
    var place = 0
    while place < user.cells.end {
      defer { place = user.cells.next(place) }
      let marks = user.cells.marks(place)
      guard marks.contains(.unswept) else { continue }
      if marks.contains(.dirty) {
        staysUnswept = true
        continue
      }
      user.cells.setMarks(place, [])
      let key = CellKey(rawValue: first + Int64(user.cells.plugin(place)))
      flush.swept.append(key, data: user.cells.data(place), seen: user.cells.seen(place))
    }
    markUnswept(slot, staysUnswept)
  }

  private mutating func markUnswept(_ slot: Int32, _ isUnswept: Bool) {
    guard users[Int(slot)].marks.contains(.unswept) != isUnswept else { return }
    users[Int(slot)].marks.formSymmetricDifference(.unswept)
    unswept += isUnswept ? 1 : -1
  }

  private mutating func beginSweepIfDue(_ limits: WorkingSetLimits, _ generation: UInt64) {
    guard sweep == nil, unswept > 0 else { return }
    let share = Double(unswept) / Double(max(table.count, 1))
    let isFull = Double(bytes) * share > Double(limits.unsweptBytesMax)
    let isLong =
      loggedBytes > limits.loggedBytesMax
      || generation >= sweepBegan + UInt64(limits.unsweptFlushesMax)
    guard isFull || isLong else { return }
    (loggedBytes, sweepBegan) = (0, generation)
    var left = ContiguousArray<Sorted>()
    left.reserveCapacity(unswept)
    for slot in 0..<Int32(table.slotsEnd)
    where table.isUsed(slot) && users[Int(slot)].marks.contains(.unswept) {
      left.append(Sorted(key: rowKey(slot), slot: slot))
    }
    left.sort { $0.key > $1.key }
    let slice = (left.count + limits.sweepFlushes - 1) / limits.sweepFlushes
    sweep = Sweep(began: generation, users: left, slice: slice)
  }

  private mutating func advanceSweep(into flush: inout Flush) {
    guard var current = sweep else { return }
    sweep = nil
    for _ in 0..<current.slice {
      guard let next = current.users.popLast() else { break }
      sweepCells(next.slot, into: &flush)
    }
    if current.users.isEmpty {
      sweptBefore = current.began
    } else {
      sweep = current
    }
  }
}
