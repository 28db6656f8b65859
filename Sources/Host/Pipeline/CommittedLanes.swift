import Foundation
import Logging
import PluginRuntime
import Store

/// The lanes of all plugins that want to be told what was committed. The pipeline's thread, but for
/// `positions`.
final class CommittedLanes {
  private let store: Store
  private let makeBatches: () -> CommittedBatches
  private let log: Logger
  private var lanes: [Int: CommittedLane] = [:]
  /// What the last flush carried.
  private var carried: [Int: UInt64] = [:]

  init(store: Store, log: Logger, makeBatches: @escaping () -> CommittedBatches) {
    self.store = store
    self.log = log
    self.makeBatches = makeBatches
  }

  /// Takes over who runs. A plugin that was never told anything begins with what comes next.
  func use(_ set: PluginSet, committed: UInt64) throws {
    let wanted = set.committed
    for hooks in wanted {
      if let lane = lanes[hooks.number] {
        lane.use(hooks)
        continue
      }
      let stored = try store.storedPosition(ofPlugin: hooks.number)
      lanes[hooks.number] = CommittedLane(
        hooks, after: min(stored ?? committed, committed), committed: committed,
        batches: makeBatches(), log: log)
    }
    for (number, lane) in lanes where !wanted.contains(where: { $0.number == number }) {
      lane.use(nil)
    }
  }

  func advance(to position: UInt64) {
    for lane in lanes.values { lane.advance(to: position) }
  }

  /// How far each has heard, for a flush.
  func takePositions() -> [(plugin: Int, position: UInt64)] {
    guard !lanes.isEmpty else { return [] }
    carried = lanes.mapValues(\.position)
    return carried.sorted { $0.key < $1.key }.map { (plugin: $0.key, position: $0.value) }
  }

  /// Whether one has heard more than the last flush carried.
  var hasMoved: Bool { lanes.contains { $0.value.position != carried[$0.key] } }

  /// Ends all of them behind the calls that run; answers whose do not return within the time.
  func stop(within seconds: Double) -> [String] {
    let deadline = Date(timeIntervalSinceNow: seconds)
    for lane in lanes.values { lane.end() }
    return lanes.values.filter { !$0.hasEnded(by: deadline) }.map(\.plugin).sorted()
  }
}
