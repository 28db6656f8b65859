import Foundation
import PluginRuntime
import Store

/// Tells lifecycle hooks that a day of an app is over, in the app's own time zone. Days that closed
/// while the server was down are not told.
final class DayWatch: @unchecked Sendable {
  /// Days of one app that are told at once, the newest, when the clock was put forward.
  static let daysMax: Int32 = 7
  /// The clock may be put, so nobody sleeps until midnight.
  private static let sleepSecondsMax = 30.0

  private let registry: AppRegistry
  private let happenings: LifecycleQueue
  private let clock: Clock
  private let condition = NSCondition()
  // Under the condition's lock.
  /// The day that is open, by app; it only grows.
  private var open: [UInt32: Int32] = [:]
  private var isStopping = false

  init(registry: AppRegistry, happenings: LifecycleQueue, clock: Clock = .system) {
    self.registry = registry
    self.happenings = happenings
    self.clock = clock
  }

  func start() {
    Thread.start(name: "days") { self.run() }
  }

  func stop() {
    condition.withLock {
      isStopping = true
      condition.broadcast()
    }
  }

  /// Looks at the clock: whatever closed since the last look is told.
  func look(atMs now: Int64) {
    condition.withLock { look(now) }
  }

  private func run() {
    condition.lock()
    defer { condition.unlock() }
    while !isStopping {
      let now = clock.nowMs
      look(now)
      let next = registry.snapshot.byNumber.values.map {
        $0.calendar.startMs(ofDay: $0.calendar.day(ofMs: now) + 1)
      }.min()
      let seconds = next.map { Double($0 - now) / 1_000 } ?? Self.sleepSecondsMax
      let pause = min(max(seconds, 0.01), Self.sleepSecondsMax)
      _ = condition.wait(until: Date(timeIntervalSinceNow: pause))
    }
  }

  private func look(_ now: Int64) {
    for app in registry.snapshot.byNumber.values.sorted(by: { $0.number < $1.number }) {
      let today = app.calendar.day(ofMs: now)
      // A new app has no yesterday here.
      guard let last = open[app.number] else {
        open[app.number] = today
        continue
      }
      guard today > last else { continue }
      open[app.number] = today
      for day in max(last, today - Self.daysMax)..<today { tell(app, day, now) }
    }
  }

  private func tell(_ app: RegisteredApp, _ day: Int32, _ now: Int64) {
    var closed = LifecycleQueue.Event(.dayClosed, atMs: now)
    closed.app = app.number
    closed.appID = app.hexID
    closed.name = CivilDate(day: day).text
    happenings.post(closed)
  }
}

extension CivilDate {
  /// "2026-11-21"
  fileprivate var text: String {
    func padded(_ number: Int32, _ digits: Int) -> String {
      let text = "\(number)"
      return String(repeating: "0", count: max(digits - text.count, 0)) + text
    }
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
  }
}
