import Foundation
import Harness

/// What the server should answer, counted again from plain lists.
///
/// Written from the protocol alone: it shares no code and no idea of storage with the server.
struct Recount {
  let zone: TimeZone
  private var users: [String: User] = [:]
  private(set) var sessions = Tally()
  private(set) var metrics: [Collection: Tally] = [:]
  private(set) var metricValues: [Collection: [String: Set<String>]] = [:]
  private(set) var countries: Set<String> = []
  private(set) var frequencies: Set<String> = []
  private(set) var durations: Set<String> = []
  private(set) var loyalty = LoyaltyRecount()
  var events = EventRecount()
  var views = ViewRecount()

  /// The documents that metric values are counted in.
  enum Collection: String, CaseIterable {
    case deviceDetails = "device_details"
    case devices
    case carriers
  }

  private struct User {
    var hadSession = false
    var requestsBefore = 0
    var lastBegin: Int64?
    var lastEnd: Int64?
    var isOpen = false
    /// Seconds since the last session closed.
    var seconds = 0
    var closed: Closed?
  }

  /// The session that ended last: what an extension has to take back.
  private struct Closed {
    let seconds: Int
    let time: LocalTime
  }

  static let cooldownMilliseconds: Int64 = 15_000
  static let durationLimit = 86_400
  static let negativeDuration = 30

  init(zone: TimeZone) { self.zone = zone }

  /// Counts one item that is no retry, in order of arrival.
  mutating func apply(_ item: Item) {
    let at = item.timestampStyle == .seconds ? item.milliseconds / 1_000 * 1_000 : item.milliseconds
    let time = LocalTime(milliseconds: at, zone: zone)
    var user = users[item.device] ?? User()
    if user.hadSession { count("e", 1, time) } else { user.requestsBefore += 1 }
    applyDuration(item, time, &user)
    if item.begin { applyBegin(item, at, time, &user) }
    for event in item.events {
      let own = event.milliseconds.map { LocalTime(milliseconds: $0, zone: zone) } ?? time
      events.apply(event, own)
      views.apply(event, own, user: item.device, inSession: user.isOpen)
    }
    if item.end && !item.begin {
      user.lastEnd = at
      if user.isOpen { user.closed = Closed(seconds: user.seconds, time: time) }
      close(item.device, time, &user)
    }
    users[item.device] = user
  }

  private mutating func applyDuration(_ item: Item, _ time: LocalTime, _ user: inout User) {
    guard let sent = item.duration?.seconds, sent != 0 else { return }
    let seconds = sent < 0 ? Self.negativeDuration : min(sent, Self.durationLimit)
    count("d", seconds, time)
    user.seconds += seconds
  }

  private mutating func applyBegin(
    _ item: Item, _ at: Int64, _ time: LocalTime, _ user: inout User
  ) {
    if user.hadSession, let end = user.lastEnd,
      (0..<Self.cooldownMilliseconds).contains(at - end)
    {
      extend(item.device, &user)
      return
    }
    close(item.device, time, &user)
    views.open(item.device)
    user.isOpen = true
    user.closed = nil
    countSession(item, time, isFirst: !user.hadSession)
    loyalty.begin(item.device, time)
    let index = frequencyIndex(previous: user.lastBegin, begin: at)
    histogram("f", index, time, 1)
    frequencies.insert("\(index)")
    if !user.hadSession { count("e", user.requestsBefore, time) }
    user.hadSession = true
    user.lastBegin = max(user.lastBegin ?? at, at)
  }

  private mutating func countSession(_ item: Item, _ time: LocalTime, isFirst: Bool) {
    let country = item.country ?? "Unknown"
    countries.insert(country)
    countSession(into: &sessions, below: [], item.device, time, isFirst, hours: true)
    countSession(into: &sessions, below: [country], item.device, time, isFirst, hours: false)
    for (collection, dimension, value) in item.countedMetrics {
      metricValues[collection, default: [:]][dimension, default: []].insert(value)
      countSession(
        into: &metrics[collection, default: Tally()], below: [value], item.device, time, isFirst,
        hours: false)
    }
  }

  /// t, n and u of one line: the totals, or one value.
  private func countSession(
    into tally: inout Tally, below: [String], _ user: String, _ time: LocalTime, _ isFirst: Bool,
    hours: Bool
  ) {
    for level in LocalTime.Level.allCases where hours || level != .hour {
      let path = time.path(level) + below
      tally.join(user, at: path + ["u"])
      guard level != .week else { continue }
      tally.add(1, at: path + ["t"])
      if isFirst { tally.add(1, at: path + ["n"]) }
    }
  }

  /// Counts the length of the open session, if there is one.
  private mutating func close(_ device: String, _ time: LocalTime, _ user: inout User) {
    guard user.isOpen else { return }
    let index = durationIndex(user.seconds)
    histogram("ds", index, time, 1)
    durations.insert("\(index)")
    views.close(device, time)
    user.isOpen = false
    user.seconds = 0
  }

  /// The closed session goes on: its length is taken back, to be counted whole when it closes
  /// again.
  private mutating func extend(_ device: String, _ user: inout User) {
    guard !user.isOpen, let closed = user.closed else { return }
    histogram("ds", durationIndex(closed.seconds), closed.time, -1)
    views.extend(device)
    user.seconds += closed.seconds
    user.isOpen = true
    user.closed = nil
  }

  private mutating func count(_ key: String, _ amount: Int, _ time: LocalTime) {
    for level in LocalTime.Level.allCases where level != .week {
      sessions.add(amount, at: time.path(level) + [key])
    }
  }

  private mutating func histogram(_ key: String, _ index: Int, _ time: LocalTime, _ amount: Int) {
    loyalty.add(key, index, amount)
    for level in LocalTime.Level.allCases where level != .hour {
      sessions.add(amount, at: time.path(level) + [key, "\(index)"])
    }
  }
}

/// The place of a session's length in `ds`.
func durationIndex(_ seconds: Int) -> Int {
  [10, 30, 60, 180, 600, 1_800, 3_600].firstIndex { seconds <= $0 } ?? 7
}

/// The place of the time since the previous session in `f`.
func frequencyIndex(previous: Int64?, begin: Int64) -> Int {
  guard let previous else { return 0 }
  let limits: [Int64] = [24, 48, 72, 96, 120, 144, 168, 192, 360, 744]
  let passed = begin - previous
  return (limits.firstIndex { passed < $0 * 3_600_000 } ?? 10) + 1
}
