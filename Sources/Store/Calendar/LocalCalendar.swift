import Foundation
import Synchronization

/// The civil calendar of one time zone: which local hour an instant belongs to, and when a local
/// day begins.
///
/// Every transition of the zone is listed when the calendar is made; a conversion is then one
/// comparison (the last range is remembered, and times arrive nearly in order) and integer
/// arithmetic. Safe to share between threads.
package final class LocalCalendar: Sendable {
  /// The zone's IANA name, as it was given.
  package let identifier: String

  /// Range `i` reaches from `starts[i]` up to `starts[i + 1]`; its clocks are `offsets[i]` ahead of
  /// UTC.
  private let starts: [Int64]
  private let offsets: [Int64]
  private let lastRange = Atomic<Int>(0)

  package static let utc = LocalCalendar(
    identifier: "UTC", starts: [.min], offsets: [0])

  /// Refuses a name that the system has no zone for.
  package convenience init(identifier: String) throws(StoreError) {
    guard let zone = TimeZone(identifier: identifier) else {
      throw StoreError(
        .invalid, "there is no time zone \"\(identifier)\"; give an IANA name such as Europe/Berlin"
      )
    }
    let first = Date(timeIntervalSince1970: Self.firstListedSecond)
    var starts = [Int64.min]
    var offsets = [Int64(zone.secondsFromGMT(for: first)) * 1_000]
    var instant = first
    while let next = zone.nextDaylightSavingTimeTransition(after: instant),
      next > instant, next.timeIntervalSince1970 < Self.lastListedSecond
    {
      starts.append(Int64(next.timeIntervalSince1970) * 1_000)
      offsets.append(Int64(zone.secondsFromGMT(for: next)) * 1_000)
      instant = next
    }
    self.init(identifier: identifier, starts: starts, offsets: offsets)
  }

  /// `starts[0]` is `Int64.min`, so that every instant has a range.
  private init(identifier: String, starts: [Int64], offsets: [Int64]) {
    self.identifier = identifier
    self.starts = starts
    self.offsets = offsets
  }

  /// The local hour of an instant in Unix milliseconds: hours of the zone's clocks since their
  /// 1970-01-01 00:00. Where clocks are put back, two hours share one number; where they are put
  /// forward, a number is left out.
  package func hour(ofMs ms: Int64) -> Int32 {
    let local = localMs(ofMs: ms)
    // Division rounds towards zero, and before 1970 hours must not.
    return Int32(local >= 0 ? local / Self.msPerHour : (local + 1) / Self.msPerHour - 1)
  }

  /// What the zone's clocks show at an instant: milliseconds since their 1970-01-01 00:00.
  package func localMs(ofMs ms: Int64) -> Int64 {
    let bounded = min(max(ms, -Self.farthestMs), Self.farthestMs)
    return bounded + offsets[range(of: bounded)]
  }

  /// The local day of an instant: days since 1970-01-01.
  package func day(ofMs ms: Int64) -> Int32 {
    Grain.day(ofHour: hour(ofMs: ms))
  }

  /// The first instant, in Unix milliseconds, at which the zone's clocks show this day or a later
  /// one: midnight, or whatever comes first on a day whose midnight was skipped. A day the zone
  /// skipped whole begins with its successor.
  package func startMs(ofDay day: Int32) -> Int64 {
    let midnight = Int64(day) * 24 * Self.msPerHour
    // No zone is farther than 26 hours from UTC, and no two of its offsets differ by more than 24.
    var candidate = range(of: midnight - 50 * Self.msPerHour)
    while true {
      let start = max(starts[candidate], midnight - offsets[candidate])
      if candidate + 1 == starts.count || start < starts[candidate + 1] { return start }
      candidate += 1
    }
  }

  private func range(of ms: Int64) -> Int {
    // A hint only: it is checked before it is used, so no ordering with other memory is needed.
    let hint = lastRange.load(ordering: .relaxed)
    if starts[hint] <= ms && (hint + 1 == starts.count || ms < starts[hint + 1]) { return hint }
    let found = search(ms)
    lastRange.store(found, ordering: .relaxed)
    return found
  }

  private func search(_ ms: Int64) -> Int {
    var low = 0
    var high = starts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= ms { low = middle } else { high = middle }
    }
    return low
  }

  private static let msPerHour: Int64 = 3_600_000
  /// Where the list of transitions begins and ends: 1968 and 2100. Beyond, the nearest offset goes
  /// on.
  private static let firstListedSecond: Double = -63_158_400
  private static let lastListedSecond: Double = 4_102_444_800
  /// Instants farther from 1970 than 200 000 years are taken as that, so that an hour always fits
  /// its type.
  private static let farthestMs: Int64 = 200_000 * 365 * 24 * 3_600_000
}
