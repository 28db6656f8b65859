/// How changed cells reach the file: into the log with the next flush, and to their own place when a sweep comes by.
///
/// A sweep takes the users who have something in the log in the order of their rows, a slice with every flush. When
/// it is through, everything that was logged before it began is in its place, and that part of the log is deleted.
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

  /// Moves everything that is dirty into a flush, sorted.
  mutating func take(into flush: inout Flush, limits: WorkingSetLimits) {
    var changed = ContiguousArray<Sorted>()
    changed.reserveCapacity(dirty.count)
    for slot in dirty { changed.append(Sorted(key: rowKey(slot), slot: slot)) }
    changed.sort { $0.key < $1.key }
    for entry in changed { takeUser(entry.slot, into: &flush) }
    beginSweepIfDue(limits, flush.generation)
    advanceSweep(into: &flush, newlyLogged: changed.count)
    // Without room for cells that wait, all go to their place at once.
    let logs = limits.unsweptBytesMax > 0
    for entry in changed { takeCells(entry.slot, into: &flush, isLogged: logs) }
    flush.log.endChunk()
    flush.cells.sort { $0.key.rawValue < $1.key.rawValue }
    dirty.removeAll(keepingCapacity: true)
    (dirtyCells, newUsers) = (0, 0)
  }

  private func rowKey(_ slot: Int32) -> Int64 {
    let user = users[Int(slot)]
    return CellKey(app: user.app, user: user.uid, plugin: 0).rawValue
  }

  private mutating func takeUser(_ slot: Int32, into flush: inout Flush) {
    users[Int(slot)].generation = flush.generation
    let user = users[Int(slot)]
    guard user.isNew else { return }
    users[Int(slot)].isNew = false
    flush.users.append(
      .init(app: user.app, uid: user.uid, createdMs: user.createdMs, device: device(slot)))
  }

  /// Takes the cells of a user that changed: to the log, where they wait for a sweep, or to their place.
  private mutating func takeCells(_ slot: Int32, into flush: inout Flush, isLogged: Bool) {
    let user = users[Int(slot)]
    users[Int(slot)].isDirty = false
    var place = user.firstCell
    while place >= 0 {
      let cell = Int(place)
      place = cells[cell].next
      guard cells[cell].isDirty else { continue }
      cells[cell].isDirty = false
      let key = CellKey(app: user.app, user: user.uid, plugin: Int(cells[cell].plugin))
      if isLogged {
        flush.log.append(key, data: cells[cell].data, seen: cells[cell].seen)
        cells[cell].isUnswept = true
        markUnswept(slot, true)
      } else {
        flush.cells.append(.init(key: key, data: cells[cell].data, seen: cells[cell].seen))
      }
    }
  }

  /// Takes what the log has of a user to its place. A cell that changed again stays out: its place would then be newer
  /// than the log, and the log is what readers and restarts believe.
  private mutating func sweepCells(_ slot: Int32, into flush: inout Flush) {
    let user = users[Int(slot)]
    users[Int(slot)].generation = flush.generation
    var staysUnswept = false
    var place = user.firstCell
    while place >= 0 {
      let cell = Int(place)
      place = cells[cell].next
      guard cells[cell].isUnswept else { continue }
      if cells[cell].isDirty {
        staysUnswept = true
        continue
      }
      cells[cell].isUnswept = false
      let key = CellKey(app: user.app, user: user.uid, plugin: Int(cells[cell].plugin))
      flush.cells.append(.init(key: key, data: cells[cell].data, seen: cells[cell].seen))
    }
    markUnswept(slot, staysUnswept)
  }

  private mutating func markUnswept(_ slot: Int32, _ isUnswept: Bool) {
    guard users[Int(slot)].isUnswept != isUnswept else { return }
    users[Int(slot)].isUnswept = isUnswept
    unswept += isUnswept ? 1 : -1
  }

  private mutating func beginSweepIfDue(_ limits: WorkingSetLimits, _ generation: UInt64) {
    guard sweep == nil, unswept > 0 else { return }
    let share = Double(unswept) / Double(max(table.count, 1))
    let isFull = Double(bytes) * share > Double(limits.unsweptBytesMax)
    let isOld = generation >= sweptThrough + UInt64(limits.unsweptFlushesMax)
    guard isFull || isOld else { return }
    var left = ContiguousArray<Sorted>()
    left.reserveCapacity(unswept)
    for slot in 0..<Int32(table.slotsEnd) where table.isUsed(slot) && users[Int(slot)].isUnswept {
      left.append(Sorted(key: rowKey(slot), slot: slot))
    }
    left.sort { $0.key > $1.key }
    let slice = (left.count + limits.sweepFlushes - 1) / limits.sweepFlushes
    sweep = Sweep(began: generation, users: left, slice: slice)
  }

  /// Takes the next slice; at least as many as the log gains, or it would grow without end.
  private mutating func advanceSweep(into flush: inout Flush, newlyLogged: Int) {
    guard var current = sweep else { return }
    sweep = nil
    for _ in 0..<max(current.slice, newlyLogged) {
      guard let next = current.users.popLast() else { break }
      sweepCells(next.slot, into: &flush)
    }
    if current.users.isEmpty {
      flush.sweptBefore = current.began
      sweptThrough = flush.generation
    } else {
      sweep = current
    }
  }
}
