import PluginRuntime
import Store

/// Tells the lifecycle hooks who was merged into whom: behind the commit, and again with the next
/// start where the process ended before they had heard of it. How far they have heard is kept as a
/// consumer's position. The pipeline's thread only, after it was made.
final class MergeNews: @unchecked Sendable {
  /// No plugin can have this name.
  private static let consumer = "host/merges"

  private let happenings: LifecycleQueue
  private let number: Int
  private var heard: UInt64
  /// What the last flush carried; nil before the first.
  private var carried: UInt64?
  /// One found no place in the queue: what was heard goes no further, so that it is told again.
  private var isLost = false

  /// Tells what hooks have not heard of. A store that never told anything begins with what comes.
  init(_ store: Store, _ happenings: LifecycleQueue, apps: RegisteredApps) throws {
    self.happenings = happenings
    number = try store.pluginNumber(Self.consumer)
    let committed = store.committedPosition
    let stored = try store.storedPosition(ofPlugin: number)
    heard = min(stored ?? committed, committed)
    carried = stored
    let missed = try store.merges(
      after: RawKey(position: heard, item: RawKey.itemMax), through: committed)
    for merge in missed { tell(merge, apps) }
  }

  func tell(_ merge: MergedUser, _ apps: RegisteredApps) {
    var event = LifecycleQueue.Event(.userMerged, atMs: merge.atMs)
    event.app = merge.app
    event.appID = apps.byNumber[merge.app]?.hexID ?? ""
    (event.user, event.into) = (merge.from, merge.into)
    let isTaken = happenings.post(event) { [weak self] _ in
      guard let self, !isLost else { return }
      heard = max(heard, merge.key.position)
    }
    if !isTaken { isLost = true }
  }

  /// How far hooks have heard, for a flush; nothing when the last one said so.
  func takePositions() -> [(plugin: Int, position: UInt64)] {
    guard hasMoved else { return [] }
    carried = heard
    return [(plugin: number, position: heard)]
  }

  /// Whether hooks have heard more than the last flush carried.
  var hasMoved: Bool { heard != carried }

  /// Flushes under way are lost.
  func reset() { carried = nil }
}
