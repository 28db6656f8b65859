import Foundation
import Logging
import NIOCore
import Store
import Synchronization

/// The live view: follows what was committed, for as long as somebody looks. While nobody does,
/// nothing is read and nothing kept; the first look reads the last half hour back from raw items,
/// and so does the first one after a restart.
final class LiveFeed: @unchecked Sendable {
  struct Parts {
    let store: Store
    let gate: CommitGate
    let registry: AppRegistry
    let retentionMonths: Int
    let table: NameTable
    let clock: Clock
    let log: Logger
  }

  /// What is known, while somebody looks.
  private struct Known {
    var apps: [UInt32: LiveApp] = [:]
    /// Everything up to here is in it.
    var position: UInt64 = 0
    var sinceMs: Int64 = 0
    /// Something happened since its last message.
    var changed: Set<UInt32> = []

    /// Takes what happened up to a position, each thing in its place.
    mutating func take(
      _ items: [(app: UInt32, item: LiveItem)], _ merges: [MergedUser], through position: UInt64
    ) {
      var merges = merges[...]
      for (app, item) in items {
        while let merge = merges.first, merge.key.rawValue <= item.key.rawValue {
          take(merge)
          merges.removeFirst()
        }
        apps[app, default: LiveApp()].add(item)
        changed.insert(app)
      }
      for merge in merges { take(merge) }
      self.position = position
    }

    private mutating func take(_ merge: MergedUser) {
      apps[merge.app]?.merge(merge.from, into: merge.into)
    }
  }

  let watchers = LiveWatchers()
  private let parts: Parts
  private let known = Mutex<Known?>(nil)
  private let condition = NSCondition()
  private var isRunning = false
  private var isStopping = false
  private var lastLook = 0.0

  init(_ parts: Parts) { self.parts = parts }

  // MARK: Looking

  /// What is told about an app now, of everything that is committed. Blocks shortly; longer only
  /// while the last half hour is read back.
  func message(_ app: RegisteredApp) -> LiveMessage {
    wake()
    let wanted = parts.store.committedPosition
    let deadline = Date(timeIntervalSinceNow: LiveLimits.restoreWaitSeconds)
    condition.lock()
    while isRunning, !reaches(wanted) { if !condition.wait(until: deadline) { break } }
    condition.unlock()
    return message(app, nowMs: parts.clock.nowMs)
  }

  /// Has the view follow, as it does for a while after every look.
  func wake() {
    condition.withLock {
      lastLook = Clock.monotonicSeconds
      guard !isRunning, !isStopping else { return }
      isRunning = true
      Thread.start(name: "live") { self.run() }
    }
  }

  /// Tells a new reader what there is, then what happens.
  func join(_ app: RegisteredApp, _ watcher: LiveWatchers.Watcher) -> Int? {
    guard let number = watchers.join(watcher) else { return nil }
    wake()
    known.withLock { _ = $0?.changed.insert(app.number) }
    return number
  }

  /// Forgets what happened in an app.
  func forget(app: UInt32) {
    known.withLock {
      $0?.apps[app] = nil
      _ = $0?.changed.insert(app)
    }
  }

  /// Ends every reader, and the thread.
  func stop() {
    watchers.end()
    condition.lock()
    isStopping = true
    condition.broadcast()
    while isRunning { condition.wait() }
    condition.unlock()
  }

  private func reaches(_ position: UInt64) -> Bool {
    known.withLock { $0.map { $0.position >= position } ?? false }
  }

  private func message(_ app: RegisteredApp, nowMs: Int64) -> LiveMessage {
    known.withLock { known in
      (known?.apps[app.number] ?? LiveApp())
        .message(appID: app.hexID, nowMs: nowMs, sinceMs: known?.sinceMs ?? nowMs)
    }
  }

  // MARK: Following

  private func run() {
    let reader = LiveReader(
      CommittedBatches(
        store: parts.store, table: parts.table, retentionMonths: parts.retentionMonths,
        registry: parts.registry))
    var told = Told()
    repeat {
      do {
        try begin()
        while isWanted {
          try follow(reader)
          tell(&told)
        }
      } catch {
        parts.log.error("the live view cannot be read", metadata: ["error": "\(error)"])
        pauseAfterFailure()
      }
      known.withLock { $0 = nil }
    } while !hasEnded()
  }

  /// Whether the thread ends: not when somebody came at the last moment.
  private func hasEnded() -> Bool {
    condition.withLock {
      guard !wants() else { return false }
      isRunning = false
      condition.broadcast()
      return true
    }
  }

  private var isWanted: Bool { condition.withLock { wants() } }

  /// Somebody is told what happens, or has looked not long ago; under the condition's lock.
  private func wants() -> Bool {
    let isIdle = Clock.monotonicSeconds - lastLook > LiveLimits.idleSeconds
    return !isStopping && !(isIdle && watchers.count == 0)
  }

  /// Goes back to where the last half hour began.
  private func begin() throws {
    let nowMs = parts.clock.nowMs
    let sinceMs = nowMs - Int64(LiveLimits.minutes) * 60_000
    let start = try RawReader(parts.store).start(
      since: sinceMs, itemsMax: LiveLimits.restoreItemsMax, through: parts.store.committedPosition)
    known.withLock {
      $0 = Known(position: start.position, sinceMs: max(sinceMs, start.receivedMs ?? sinceMs))
    }
  }

  /// Takes in what is committed; when there is nothing new, waits a moment for it.
  private func follow(_ reader: LiveReader) throws {
    var position = known.withLock { $0?.position ?? 0 }
    let committed = parts.gate.next(after: position, seconds: LiveLimits.messageSeconds)
    while position < committed, condition.withLock({ !isStopping }) {
      var items: [(app: UInt32, item: LiveItem)] = []
      let start = RawKey(position: position, item: RawKey.itemMax)
      position = try reader.read(after: position, through: committed) { items.append(($0, $1)) }
      let merges = try parts.store.merges(after: start, through: position)
      known.withLock { $0?.take(items, merges, through: position) }
    }
    condition.withLock { condition.broadcast() }
  }

  /// A question or a reader begins anew, but not at once.
  private func pauseAfterFailure() {
    let deadline = Date(timeIntervalSinceNow: 1)
    condition.lock()
    while !isStopping, condition.wait(until: deadline) {}
    condition.unlock()
  }

  // MARK: Telling

  /// When readers were told something.
  private struct Told {
    var seconds = 0.0
    var window: Int64 = 0
  }

  /// Sends what changed, and everything when a window is over: then users leave.
  private func tell(_ told: inout Told) {
    let apps = watchers.apps
    guard !apps.isEmpty, Clock.monotonicSeconds - told.seconds >= LiveLimits.messageSeconds else {
      return
    }
    let nowMs = parts.clock.nowMs
    let window = nowMs / (Int64(LiveLimits.windowSeconds) * 1_000)
    let changed = known.withLock { known in
      defer { known?.changed.subtract(apps) }
      return known?.changed ?? []
    }
    let due = window > told.window ? apps : apps.intersection(changed)
    guard !due.isEmpty else { return }
    told = Told(seconds: Clock.monotonicSeconds, window: window)
    let registered = parts.registry.snapshot.byNumber
    for number in due {
      guard let app = registered[number] else { continue }
      watchers.send(ByteBuffer(bytes: message(app, nowMs: nowMs).json), app: number)
    }
  }
}
