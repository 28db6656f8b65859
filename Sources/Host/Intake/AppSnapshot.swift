import Store
import Synchronization

/// All apps at one moment, found by the bytes of their keys. Never changes once made, but for the
/// moments at which keys were used last.
package final class AppSnapshot: Sendable {
  /// A key's moment moves when it is this far behind, so that loops do not write into each other's
  /// caches with every request.
  private static let useStepMs: Int64 = 1_000

  package let apps: [AppView]
  /// Per app: its hex id and a zero byte, what a partition's hash begins with.
  let partitionPrefixes: [[UInt8]]
  /// Whether the requests of any app go somewhere else.
  let hasRedirects: Bool
  /// Whether the requests of any app are answered behind their commit.
  let hasSafe: Bool
  /// Per app: the salt's bytes, empty without one.
  let salts: [[UInt8]]
  private let keys: [[UInt8]]
  /// Per key: its app's index.
  private let owners: [Int]
  /// Per key: when it was used last.
  private nonisolated(unsafe) let uses: UnsafeMutablePointer<Atomic<Int64>>
  /// Open addressing over `keys`: an index, or -1.
  private let slots: [Int32]

  /// Keys that `before` knows have been used as that says, at least.
  package init(_ apps: [AppView], before: AppSnapshot? = nil) {
    self.apps = apps
    partitionPrefixes = apps.map { Array($0.hexID.utf8) + [0] }
    salts = apps.map { Array(($0.salt ?? "").utf8) }
    hasRedirects = apps.contains { $0.redirect != nil }
    hasSafe = apps.contains(where: \.isSafe)
    let known = apps.enumerated().flatMap { place, app in app.keys.map { (place, $0) } }
    owners = known.map(\.0)
    keys = known.map { Array($0.1.key.utf8) }
    let used = before?.lastDataMs ?? [:]
    uses = .allocate(capacity: max(known.count, 1))
    for (place, (_, key)) in known.enumerated() {
      (uses + place).initialize(to: Atomic(max(key.lastDataMs, used[key.key] ?? 0)))
    }
    slots = Self.slots(of: keys)
  }

  deinit {
    uses.deinitialize(count: keys.count)
    uses.deallocate()
  }

  private static func slots(of keys: [[UInt8]]) -> [Int32] {
    var size = 8
    while size < keys.count * 2 { size *= 2 }
    var slots = [Int32](repeating: -1, count: size)
    for (index, key) in keys.enumerated() {
      var slot = key.withUnsafeBytes { RequestHash.of($0) } & UInt64(size - 1)
      while slots[Int(slot)] >= 0 { slot = (slot + 1) & UInt64(size - 1) }
      slots[Int(slot)] = Int32(index)
    }
    return slots
  }

  /// The index in `apps` of the app with this key.
  func find(_ key: UnsafeRawBufferPointer) -> Int? { place(ofKey: key).map(app(ofKey:)) }

  /// Where a key is among all keys.
  func place(ofKey key: UnsafeRawBufferPointer) -> Int? {
    let mask = UInt64(slots.count - 1)
    var slot = RequestHash.of(key) & mask
    while true {
      let index = Int(slots[Int(slot)])
      if index < 0 { return nil }
      if keys[index].withUnsafeBytes({ $0.isEqual(to: key) }) { return index }
      slot = (slot + 1) & mask
    }
  }

  func app(ofKey place: Int) -> Int { owners[place] }

  /// Says that something was received under a key.
  @inline(__always)
  func note(useOfKey place: Int, ms: Int64) {
    if ms - uses[place].load(ordering: .relaxed) >= Self.useStepMs {
      uses[place].store(ms, ordering: .relaxed)
    }
  }

  /// When something was received last, by key; none of those that were never used.
  var lastDataMs: [String: Int64] {
    var found: [String: Int64] = [:]
    for (place, key) in keys.enumerated() {
      let ms = uses[place].load(ordering: .relaxed)
      if ms > 0 { found[String(decoding: key, as: UTF8.self)] = ms }
    }
    return found
  }
}
