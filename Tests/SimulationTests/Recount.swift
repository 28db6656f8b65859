import Foundation
import Harness

/// What the server should answer, counted again from plain lists.
///
/// Written from the protocol alone: it shares no code and no idea of storage with the server.
struct Recount {
  let zone: TimeZone
  private var users: [String: User] = [:]
  private var people = People()
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
    /// When the last session opened, in items; -1 for never.
    var order = -1
    /// Where the user was said to be last, and when anything was said last.
    var country: String?
    var lastSeen = Int64.min

    /// Whose session is that of both: an open one, else the one that opened last.
    func outlives(_ other: User) -> Bool {
      isOpen == other.isOpen ? order > other.order : isOpen
    }

    /// What is remembered of both, once they are one.
    func merged(with other: User) -> User {
      var both = other.outlives(self) ? other : self
      both.hadSession = hadSession || other.hadSession
      both.requestsBefore = requestsBefore + other.requestsBefore
      both.lastBegin = [lastBegin, other.lastBegin].compactMap(\.self).max()
      both.lastEnd = [lastEnd, other.lastEnd].compactMap(\.self).max()
      both.seconds = seconds + other.seconds
      let (late, early) = other.lastSeen > lastSeen ? (other, self) : (self, other)
      both.country = late.country ?? early.country
      both.lastSeen = late.lastSeen
      return both
    }
  }

  /// The session that ended last: what an extension has to take back.
  private struct Closed {
    let seconds: Int
    let time: LocalTime
  }

  /// Items so far: tells the order in which sessions opened.
  private var opened = 0

  static let cooldownMilliseconds: Int64 = 15_000
  static let durationLimit = 86_400
  static let negativeDuration = 30

  init(zone: TimeZone) { self.zone = zone }

  /// Counts one item that is no retry, in order of arrival.
  mutating func apply(_ item: Item) {
    let at = item.timestampStyle == .seconds ? item.milliseconds / 1_000 * 1_000 : item.milliseconds
    let time = LocalTime(milliseconds: at, zone: zone)
    let person = person(of: item)
    var user = users[person.name] ?? User()
    user.country = item.country ?? user.country
    user.lastSeen = max(user.lastSeen, at)
    if user.hadSession {
      // Of somebody who was merged into a user with sessions.
      count("e", 1 + user.requestsBefore, time)
      user.requestsBefore = 0
    } else {
      user.requestsBefore += 1
    }
    applyDuration(item, time, &user)
    if item.begin { applyBegin(item, person, at, time, &user) }
    for event in item.events {
      let own = event.milliseconds.map { LocalTime(milliseconds: $0, zone: zone) } ?? time
      events.apply(event, own)
      views.apply(event, own, user: person, inSession: user.isOpen)
    }
    if item.end && !item.begin {
      user.lastEnd = at
      if user.isOpen { user.closed = Closed(seconds: user.seconds, time: time) }
      close(person.name, time, &user)
    }
    users[person.name] = user
    opened += 1
  }

  /// Whose item it is, after the merge it asks for.
  private mutating func person(of item: Item) -> Person {
    let person = people.person(item.device)
    guard let device = item.oldDevice else { return person }
    guard let old = people.known(device) else {
      people.nickname(device, of: person)
      return person
    }
    guard old.name != person.name, !people.isNickname(device) else { return person }
    let (left, kept) = (users[old.name] ?? User(), users[person.name] ?? User())
    views.merge(old.name, into: person.name, keeping: left.outlives(kept))
    loyalty.merge(
      old.name, into: person.name,
      isLater: (left.lastBegin ?? .min) > (kept.lastBegin ?? .min))
    users[person.name] = kept.merged(with: left)
    users[old.name] = nil
    people.merge(old, into: person)
    return people.person(item.device)
  }

  private mutating func applyDuration(_ item: Item, _ time: LocalTime, _ user: inout User) {
    guard let sent = item.duration?.seconds, sent != 0 else { return }
    let seconds = sent < 0 ? Self.negativeDuration : min(sent, Self.durationLimit)
    count("d", seconds, time)
    user.seconds += seconds
  }

  private mutating func applyBegin(
    _ item: Item, _ person: Person, _ at: Int64, _ time: LocalTime, _ user: inout User
  ) {
    if user.hadSession, let end = user.lastEnd,
      (0..<Self.cooldownMilliseconds).contains(at - end)
    {
      extend(person.name, &user)
      return
    }
    close(person.name, time, &user)
    views.open(person.name)
    user.isOpen = true
    user.closed = nil
    user.order = opened
    user.country = user.country ?? "Unknown"
    countSession(item, person, user.country ?? "Unknown", time, isFirst: !user.hadSession)
    loyalty.begin(person, time)
    let index = frequencyIndex(previous: user.lastBegin, begin: at)
    histogram("f", index, time, 1)
    frequencies.insert("\(index)")
    if !user.hadSession {
      count("e", user.requestsBefore, time)
      user.requestsBefore = 0
    }
    user.hadSession = true
    user.lastBegin = max(user.lastBegin ?? at, at)
  }

  private mutating func countSession(
    _ item: Item, _ person: Person, _ country: String, _ time: LocalTime, isFirst: Bool
  ) {
    countries.insert(country)
    countSession(into: &sessions, below: [], person, time, isFirst, hours: true)
    countSession(into: &sessions, below: [country], person, time, isFirst, hours: false)
    for (collection, dimension, value) in item.countedMetrics {
      metricValues[collection, default: [:]][dimension, default: []].insert(value)
      countSession(
        into: &metrics[collection, default: Tally()], below: [value], person, time, isFirst,
        hours: false)
    }
  }

  /// t, n and u of one line: the totals, or one value.
  private func countSession(
    into tally: inout Tally, below: [String], _ user: Person, _ time: LocalTime, _ isFirst: Bool,
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
