import PluginKit

/// What one request did: what is to be counted, and the fact about it.
struct SessionStep {
  /// A change to the histogram of session lengths.
  struct DurationChange {
    let seconds: Int64
    let hour: Int32
    /// 1, or -1 to take a closed session back.
    let add: Int64
  }

  var fact = SessionFact()
  var opened = false
  var isFirst = false
  /// Hours-since-last-session bucket of an opened session.
  var frequency = 0
  var requests: Int64 = 0
  var seconds: Int64 = 0
  /// At most one session closes and one is taken back by a request.
  var durationChange: DurationChange?
  /// Where the user stands among all users, before and after a session that opened.
  var loyaltyBefore: Standing?
  var loyalty = Standing(range: 0, hour: 0)

  /// A user's loyalty, and the hour of their last session.
  struct Standing: Equatable {
    let range: Int
    let hour: Int32
  }
}

/// The life of sessions: a plain function of what is remembered and what a request wants.
struct SessionRules: Sendable {
  let cooldownMs: Int64
  let durationMax: Int64

  static let cooldownName = "session_cooldown_s"
  static let durationName = "session_duration_max_s"

  /// Seconds a negative duration stands for.
  private static let negativeDuration: Int64 = 30

  /// Applies a request: its duration first, then begin, which wins over end.
  func apply(_ wish: SessionWish, at item: Item, to cell: inout SessionCell) -> SessionStep {
    var step = SessionStep()
    step.seconds = seconds(wish.duration)
    cell.add(seconds: step.seconds)
    if wish.begins {
      begin(wish, at: item, &cell, &step)
    } else {
      step.fact.id = cell.isOpen ? cell.id : 0
      step.fact.startMs = cell.isOpen ? cell.startMs : 0
      if wish.ends { end(at: item, &cell, &step) }
    }
    countRequest(&cell, &step)
    return step
  }

  private func seconds(_ given: Int64?) -> Int64 {
    guard let given, given != 0 else { return 0 }
    return min(given < 0 ? Self.negativeDuration : given, durationMax)
  }

  private func begin(
    _ wish: SessionWish, at item: Item, _ cell: inout SessionCell, _ step: inout SessionStep
  ) {
    if !wish.ignoresCooldown, isCooling(cell, at: item.timestampMs) {
      extend(&cell, &step)
    } else {
      if cell.isOpen { closePrevious(at: item, &cell, &step) }
      open(at: item, &cell, &step)
    }
    cell.flags.insert(.open)
    step.fact.id = cell.id
    step.fact.startMs = cell.startMs
  }

  /// Whether a session ended less than the cooldown before. What arrives late, from before that
  /// end, is a session of its own.
  private func isCooling(_ cell: SessionCell, at timestampMs: Int64) -> Bool {
    let gap = timestampMs - cell.endedMs
    return cell.flags.contains(.started) && cell.endedMs != 0 && gap >= 0 && gap < cooldownMs
  }

  /// The session that just ended goes on, and its length is counted once, when it ends again.
  private func extend(_ cell: inout SessionCell, _ step: inout SessionStep) {
    step.fact.flags.insert(.extended)
    guard cell.flags.contains(.counted), !cell.isOpen else { return }
    step.durationChange = .init(
      seconds: Int64(cell.countedDuration), hour: cell.countedHour, add: -1)
    cell.duration = Int32(clamping: Int64(cell.duration) + Int64(cell.countedDuration))
    cell.flags.remove(.counted)
  }

  private func open(at item: Item, _ cell: inout SessionCell, _ step: inout SessionStep) {
    step.opened = true
    step.isFirst = !cell.flags.contains(.started)
    step.frequency =
      step.isFirst ? 0 : Self.frequency(sinceMs: item.timestampMs - cell.lastSessionMs)
    step.fact.flags.formUnion(step.isFirst ? [.opened, .first] : .opened)
    cell.id = item.position << 20 | UInt64(item.index & 0xFFFFF)
    cell.startMs = item.timestampMs
    rank(at: item, &cell, &step)
    cell.flags.insert(.started)
    cell.flags.remove(.counted)
  }

  /// One session more: the user moves on among all users, to the day of the last session.
  private func rank(at item: Item, _ cell: inout SessionCell, _ step: inout SessionStep) {
    if !step.isFirst {
      step.loyaltyBefore = .init(
        range: cell.standing ?? Self.loyalty(cell.sessions), hour: cell.lastHour)
    }
    if cell.standing != nil { cell.standing = nil }
    if cell.sessions < UInt32.max { cell.sessions += 1 }
    if step.isFirst || item.timestampMs > cell.lastSessionMs {
      cell.lastSessionMs = item.timestampMs
      cell.lastHour = item.hour
    }
    step.loyalty = .init(range: Self.loyalty(cell.sessions), hour: cell.lastHour)
  }

  /// A session left open closes when the next one begins.
  private func closePrevious(
    at item: Item, _ cell: inout SessionCell, _ step: inout SessionStep
  ) {
    step.fact.flags.insert(.closedPrevious)
    step.fact.previousID = cell.id
    step.fact.previousStartMs = cell.startMs
    step.fact.previousDuration = Int64(cell.duration)
    step.fact.previousHour = item.hour
    step.durationChange = .init(seconds: Int64(cell.duration), hour: item.hour, add: 1)
    cell.duration = 0
  }

  private func end(at item: Item, _ cell: inout SessionCell, _ step: inout SessionStep) {
    cell.endedMs = item.timestampMs
    guard cell.isOpen else { return }
    step.fact.flags.insert(.closed)
    step.fact.duration = Int64(cell.duration)
    step.durationChange = .init(seconds: Int64(cell.duration), hour: item.hour, add: 1)
    cell.countedDuration = cell.duration
    cell.countedHour = item.hour
    cell.duration = 0
    cell.flags.insert(.counted)
    cell.flags.remove(.open)
  }

  /// Every request counts; those before the first session are kept until it starts.
  private func countRequest(_ cell: inout SessionCell, _ step: inout SessionStep) {
    guard cell.flags.contains(.started) else {
      if cell.requestsBefore < UInt32.max { cell.requestsBefore += 1 }
      return
    }
    step.requests = 1 + Int64(cell.requestsBefore)
    cell.requestsBefore = 0
  }

  /// 1 within a day, 2 to 8 within two to eight days, 9 to 15 days, 10 to 31 days, 11 above.
  static func frequency(sinceMs gap: Int64) -> Int {
    let hours = gap / 3_600_000
    if hours < 24 { return 1 }
    if hours < 192 { return Int(hours / 24) + 1 }
    return hours < 360 ? 9 : hours < 744 ? 10 : 11
  }

  /// The range of a number of sessions: 1, 2, 3-5, 6-9, 10-19, 20-49, 50-99, 100-499 and above.
  static func loyalty(_ sessions: UInt32) -> Int {
    switch sessions {
    case ...1: 0
    case 2: 1
    case ...5: 2
    case ...9: 3
    case ...19: 4
    case ...49: 5
    case ...99: 6
    case ...499: 7
    default: 8
    }
  }

  /// The bucket of a session's length in seconds.
  static func durationBucket(_ seconds: Int64) -> Int {
    switch seconds {
    case ...10: 0
    case ...30: 1
    case ...60: 2
    case ...180: 3
    case ...600: 4
    case ...1_800: 5
    case ...3_600: 6
    default: 7
    }
  }
}

extension SessionRules {
  init(_ host: Host, app: UInt32) throws {
    self.init(
      cooldownMs: Int64(try host.int(Self.cooldownName, app: app)) * 1_000,
      durationMax: Int64(try host.int(Self.durationName, app: app)))
  }
}
