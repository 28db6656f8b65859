/// Which plugin has counted how far. A value without I/O, kept by the pipeline's thread.
///
/// A consumer at the head sees every live batch. One that is behind sees raw rows from its own
/// position until it has reached the head. One that was switched off keeps the position up to which
/// its effects are in the working set, until that is committed: so that nothing is counted again
/// when it comes back.
struct ConsumerBook {
  private var head: Set<Int> = []
  /// The last position each has counted.
  private(set) var behind: [Int: UInt64] = [:]
  private var leaving: [Int: UInt64] = [:]
  /// Consumers that cannot go on, and must not hold up others.
  private(set) var stalled: Set<Int> = []
  /// Of these, the ones that failed too often.
  private var givenUp: Set<Int> = []
  /// What the store holds, as far as it is known.
  private var stored: [Int: UInt64] = [:]
  /// A position changed that no flush has taken.
  private(set) var isDirty = false

  /// Changes who runs. `stored` answers the committed position of a plugin, nil when it never had
  /// one: such a plugin begins with what comes next.
  mutating func use(
    _ consumers: [Int], counted: UInt64, stored lookUp: (Int) throws -> UInt64?
  ) rethrows {
    var added: [Int: UInt64] = [:]
    for plugin in consumers where !isRunning(plugin) {
      if let left = leaving[plugin] {
        added[plugin] = left
      } else if let known = try lookUp(plugin) {
        stored[plugin] = known
        added[plugin] = known
      } else {
        added[plugin] = counted
      }
    }
    let running = Set(consumers)
    for plugin in head where !running.contains(plugin) { leaving[plugin] = counted }
    for (plugin, position) in behind where !running.contains(plugin) { leaving[plugin] = position }
    isDirty = isDirty || !added.isEmpty || !head.isSubset(of: running)
    head = head.filter(running.contains)
    behind = behind.filter { running.contains($0.key) }
    for (plugin, position) in added {
      leaving[plugin] = nil
      if position >= counted { head.insert(plugin) } else { behind[plugin] = position }
    }
  }

  /// The committed position of a running consumer, once it has one.
  func storedPosition(_ plugin: Int) -> UInt64? { stored[plugin] }

  func isAtHead(_ plugin: Int) -> Bool { head.contains(plugin) }

  private func isRunning(_ plugin: Int) -> Bool { head.contains(plugin) || behind[plugin] != nil }

  /// The one to catch up next: the farthest behind that can go on.
  var last: (plugin: Int, position: UInt64)? {
    behind.filter { !stalled.contains($0.key) }
      .min { ($0.value, $0.key) < ($1.value, $1.key) }.map { ($0.key, $0.value) }
  }

  /// A consumer cannot read on.
  mutating func stall(_ plugin: Int) { stalled.insert(plugin) }

  /// Whoever could not read on tries again.
  mutating func retryStalled() { stalled = givenUp }

  /// These see nothing any more; each keeps the last position it saw. True when that is news.
  mutating func giveUp(_ plugins: [(plugin: Int, position: UInt64?)], counted: UInt64) -> Bool {
    let all = Set(plugins.map(\.plugin))
    guard all != givenUp else { return false }
    stalled.subtract(givenUp)
    stalled.formUnion(all)
    givenUp = all
    for (plugin, position) in plugins where head.remove(plugin) != nil {
      behind[plugin] = min(position ?? counted, counted)
      isDirty = true
    }
    return true
  }

  /// A consumer that is behind has counted up to here.
  mutating func advance(_ plugin: Int, to position: UInt64) {
    guard let before = behind[plugin], position > before else { return }
    behind[plugin] = position
    isDirty = true
  }

  /// A consumer has reached the head.
  mutating func join(_ plugin: Int) {
    guard !givenUp.contains(plugin), behind.removeValue(forKey: plugin) != nil else { return }
    head.insert(plugin)
    isDirty = true
  }

  /// What a flush carries.
  mutating func take(counted: UInt64) -> [(plugin: Int, position: UInt64)] {
    isDirty = false
    let all = behind.merging(leaving) { running, _ in running }
    return head.sorted().map { ($0, counted) }
      + all.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  /// A flush is committed.
  mutating func didCommit(_ positions: [(plugin: Int, position: UInt64)]) {
    for (plugin, position) in positions {
      stored[plugin] = max(stored[plugin] ?? 0, position)
      if leaving[plugin] == position { leaving[plugin] = nil }
    }
  }

  /// Everything that was not committed is forgotten; live batches begin behind `counted` again.
  mutating func reset(counted: UInt64) {
    leaving.removeAll()
    let running = head.union(behind.keys)
    head.removeAll()
    behind.removeAll()
    for plugin in running {
      let position = stored[plugin] ?? counted
      let isAtHead = position >= counted && !givenUp.contains(plugin)
      if isAtHead { head.insert(plugin) } else { behind[plugin] = position }
    }
    isDirty = true
  }

  /// A position was set in the store while everything rested.
  mutating func restart(_ plugin: Int) {
    precondition(!isRunning(plugin), "a running consumer keeps its position")
    leaving[plugin] = nil
    stored[plugin] = nil
  }
}
