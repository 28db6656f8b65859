import PluginABI
import Synchronization

/// What happened to apps, users, settings and days, on its way to the lifecycle hooks. Whoever
/// knows of it posts it, on any thread; the pipeline delivers between two batches.
package final class LifecycleQueue: Sendable {
  /// What happened; the raw values are those of `TALLY_LIFECYCLE_…`.
  package enum Kind: UInt32, CaseIterable, Sendable {
    case appCreated = 1
    case appReset
    case appDeleted
    case userMerged
    case userDeleted
    case userExported
    case settingsChanged
    case dayClosed
  }

  /// Something that happened.
  package struct Event: Sendable {
    let kind: Kind
    let atMs: Int64
    /// 0 and empty for what concerns no app.
    package var app: UInt32 = 0
    package var appID = ""
    package var user: UInt64 = 0
    package var into: UInt64 = 0
    package var name = ""
    /// A JSON object, or empty.
    package var detail = ""

    package init(_ kind: Kind, atMs: Int64) {
      self.kind = kind
      self.atMs = atMs
    }
  }

  /// What a plugin adds to the export of a user.
  package struct Export: Sendable, Equatable {
    package let plugin: String
    package let name: String
    /// One JSON value.
    package let json: [UInt8]
  }

  struct Posted: Sendable {
    let event: Event
    let answer: (@Sendable ([Export]) -> Void)?
  }

  /// Events that wait; more are dropped and counted.
  static let eventsMax = 10_000

  private let events = Mutex<[Posted]>([])
  private let waiting = Atomic<Int>(0)
  private let lost = Atomic<Int>(0)
  private let wake = Mutex<@Sendable () -> Void>({})

  /// `wake` has the pipeline look.
  package func connect(_ wake: @escaping @Sendable () -> Void) {
    self.wake.withLock { $0 = wake }
  }

  /// Tells the lifecycle hooks; false when too much waits. `answer` gets what they wrote, when all
  /// have heard of it.
  @discardableResult
  package func post(
    _ event: Event, answer: (@Sendable ([Export]) -> Void)? = nil
  ) -> Bool {
    let isTaken = events.withLock { events in
      guard events.count < Self.eventsMax else { return false }
      events.append(Posted(event: event, answer: answer))
      waiting.store(events.count, ordering: .releasing)
      return true
    }
    guard isTaken else {
      lost.wrappingAdd(1, ordering: .relaxed)
      return false
    }
    wake.withLock { $0 }()
    return true
  }

  /// Events that found no place.
  package var dropped: Int { lost.load(ordering: .relaxed) }

  /// Cheap enough to be asked for between any two batches.
  var isEmpty: Bool { waiting.load(ordering: .acquiring) == 0 }

  func take() -> [Posted] {
    events.withLock { events in
      defer { events = [] }
      waiting.store(0, ordering: .releasing)
      return events
    }
  }
}
