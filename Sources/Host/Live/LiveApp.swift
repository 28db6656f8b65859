import Store

/// What the live view takes from one item.
struct LiveItem: Equatable, Sendable {
  var user: UInt64 = 0
  var receivedMs: Int64 = 0
  var isNewUser = false
  var sessions = 0
  /// Without those that SDKs make for themselves.
  var events = 0
  var views: [String] = []
  var country = ""
  /// Its place in the journal.
  var key = RawKey(position: 0, item: 0)
}

/// What happened in one app within the last half hour, by the time at which it arrived. A value
/// without I/O.
struct LiveApp: Sendable {
  /// The numbers of one minute or one window.
  struct Counts: Equatable, Sendable {
    var users = 0
    var newUsers = 0
    var sessions = 0
    var events = 0
    var views = 0

    mutating func add(_ item: LiveItem) {
      newUsers += item.isNewUser ? 1 : 0
      sessions += item.sessions
      events += item.events
      views += item.views.count
    }
  }

  /// A ring of stretches of equal length, each numbered since 1970.
  private struct Ring: Sendable {
    let milliseconds: Int64
    private var numbers: [Int64]
    private var counts: [Counts]

    init(seconds: Int, count: Int) {
      milliseconds = Int64(seconds) * 1_000
      numbers = Array(repeating: -1, count: count)
      counts = Array(repeating: Counts(), count: count)
    }

    /// Enters an item; false when it is older than the ring reaches.
    mutating func add(_ item: LiveItem, isNewHere: Bool) -> Bool {
      let number = item.receivedMs / milliseconds
      let place = Int(number % Int64(numbers.count))
      guard number >= numbers[place] else { return false }
      if number > numbers[place] { (numbers[place], counts[place]) = (number, Counts()) }
      counts[place].add(item)
      counts[place].users += isNewHere ? 1 : 0
      return true
    }

    /// The stretches up to a moment, the oldest first.
    func all(nowMs: Int64) -> [(ms: Int64, counts: Counts)] {
      let last = nowMs / milliseconds
      return (last - Int64(numbers.count) + 1...last).map { number in
        let place = Int(number % Int64(numbers.count))
        return (number * milliseconds, numbers[place] == number ? counts[place] : Counts())
      }
    }
  }

  private struct Seen: Sendable {
    var ms: Int64
    var country: UInt16
  }

  private static let reachMs = Int64(LiveLimits.minutes) * 60_000

  private var minutes = Ring(seconds: 60, count: LiveLimits.minutes)
  private var windows = Ring(seconds: LiveLimits.windowSeconds, count: LiveLimits.windows)
  private var viewMinutes = [Int64](repeating: -1, count: LiveLimits.minutes)
  private var views = [[String: Int]](repeating: [:], count: LiveLimits.minutes)
  private var users: [UInt64: Seen] = [:]
  private var sweptMinute: Int64 = 0
  private var countries: [String] = []
  private var countryNumbers: [String: UInt16] = [:]
  /// There were more users than are told apart.
  private(set) var isLimited = false

  /// Enters an item. Items come in the order of the journal.
  mutating func add(_ item: LiveItem) {
    let before = users[item.user]?.ms ?? .min / 2
    let isTracked = note(item, before)
    func isNew(_ ms: Int64) -> Bool { isTracked && before / ms < item.receivedMs / ms }
    guard minutes.add(item, isNewHere: isNew(minutes.milliseconds)) else { return }
    _ = windows.add(item, isNewHere: isNew(windows.milliseconds))
    for name in item.views { addView(name, minute: item.receivedMs / minutes.milliseconds) }
  }

  /// Remembers when the user was heard of; false when there are too many.
  private mutating func note(_ item: LiveItem, _ before: Int64) -> Bool {
    let country = number(of: item.country)
    if users[item.user] == nil {
      if users.count >= LiveLimits.usersMax { sweep(item.receivedMs) }
      guard users.count < LiveLimits.usersMax else {
        isLimited = true
        return false
      }
    }
    users[item.user] = Seen(ms: max(before, item.receivedMs), country: country)
    return true
  }

  /// Two users are one from here on; what was counted stays counted.
  mutating func merge(_ old: UInt64, into new: UInt64) {
    guard let left = users.removeValue(forKey: old) else { return }
    if let kept = users[new], kept.ms >= left.ms { return }
    users[new] = left
  }

  /// Forgets users nobody asks about any more, at most once a minute.
  private mutating func sweep(_ nowMs: Int64) {
    guard nowMs / 60_000 > sweptMinute else { return }
    sweptMinute = nowMs / 60_000
    users = users.filter { $0.value.ms > nowMs - Self.reachMs }
    isLimited = false
  }

  private mutating func addView(_ name: String, minute: Int64) {
    let place = Int(minute % Int64(LiveLimits.minutes))
    if viewMinutes[place] != minute { (viewMinutes[place], views[place]) = (minute, [:]) }
    let isKept = views[place].count < LiveLimits.viewsMax || views[place][name] != nil
    views[place][isKept ? name : LiveLimits.otherName, default: 0] += 1
  }

  private mutating func number(of country: String) -> UInt16 {
    if let known = countryNumbers[country] { return known }
    guard countries.count < LiveLimits.countriesMax else { return UInt16(countries.count) }
    countries.append(country)
    countryNumbers[country] = UInt16(countries.count - 1)
    return UInt16(countries.count - 1)
  }

  // MARK: Reading

  /// What is told at a moment.
  func message(appID: String, nowMs: Int64, sinceMs: Int64) -> LiveMessage {
    var message = LiveMessage(appID: appID, timeMs: nowMs, sinceMs: sinceMs)
    var byCountry = [Int](repeating: 0, count: countries.count + 1)
    for seen in users.values where seen.ms > nowMs - Self.reachMs {
      message.users += 1
      message.online += seen.ms > nowMs - Int64(LiveLimits.onlineSeconds) * 1_000 ? 1 : 0
      byCountry[Int(seen.country)] += 1
    }
    message.isLimited = isLimited
    message.minutes = minutes.all(nowMs: nowMs).map(LiveMessage.Stretch.init)
    message.windows = windows.all(nowMs: nowMs).map(LiveMessage.Stretch.init)
    for minute in message.minutes {
      message.newUsers += minute.newUsers
      message.sessions += minute.sessions
      message.events += minute.events
      message.views += minute.views
    }
    let names = Dictionary(zip(countries + [LiveLimits.otherName], byCountry), uniquingKeysWith: +)
    message.topCountries = Self.top(names)
    message.topViews = Self.top(viewCounts(nowMs))
    return message
  }

  private func viewCounts(_ nowMs: Int64) -> [String: Int] {
    let first = nowMs / 60_000 - Int64(LiveLimits.minutes) + 1
    return zip(viewMinutes, views).filter { $0.0 >= first }
      .reduce(into: [:]) { $0.merge($1.1, uniquingKeysWith: +) }
  }

  private static func top(_ counts: [String: Int]) -> [LiveMessage.Named] {
    counts.filter { $0.value > 0 && !$0.key.isEmpty }
      .sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(LiveLimits.topMax)
      .map { LiveMessage.Named(name: $0.key, count: $0.value) }
  }
}
