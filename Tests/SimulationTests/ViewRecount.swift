import Harness

/// Views, counted again: one document per view.
struct ViewRecount {
  private(set) var documents: [String: Tally] = [:]
  private var stays: [String: Stay] = [:]

  /// What one user has seen in the session that is open, and the exit of the one that closed last.
  private struct Stay {
    var views = 0
    var last: String?
    /// Views that this session has seen.
    var seen: Set<String> = []
    var exit: (view: String, views: Int, time: LocalTime)?
  }

  /// A session ends: its last view is its exit, and a bounce when it was the only one.
  mutating func close(_ user: String, _ time: LocalTime) {
    var stay = stays[user] ?? Stay()
    stay.exit = stay.last.map { ($0, stay.views, time) }
    if let exit = stay.exit { countExit(exit, 1) }
    (stay.views, stay.last) = (0, nil)
    stays[user] = stay
  }

  /// A session begins: what was seen outside of sessions is no part of it.
  mutating func open(_ user: String) { stays[user] = Stay() }

  /// The closed session goes on: its exit is taken back.
  mutating func extend(_ user: String) {
    guard var stay = stays[user], let exit = stay.exit else { return }
    countExit(exit, -1)
    (stay.last, stay.views, stay.exit) = (exit.view, exit.views, nil)
    stays[user] = stay
  }

  private mutating func countExit(
    _ exit: (view: String, views: Int, time: LocalTime), _ amount: Int
  ) {
    add(amount, "e", exit.view, exit.time)
    if exit.views == 1 { add(amount, "b", exit.view, exit.time) }
  }

  /// Two users are one: what was seen in the session that goes on is kept.
  mutating func merge(_ old: String, into new: String, keeping isOld: Bool) {
    if isOld { stays[new] = stays[old] }
    stays[old] = nil
  }

  mutating func apply(_ event: Item.Event, _ time: LocalTime, user: Person, inSession: Bool) {
    guard event.key == "[CLY]_view" else { return }
    var name: String?
    var (visit, start) = (false, false)
    for (segment, value) in event.segmentation {
      if segment == "name", case .text(let text) = value { name = text }
      if segment == "visit" { visit = value.json != "0" }
      if segment == "start" { start = value.json != "0" }
    }
    guard let name else { return }
    if visit {
      add(1, "t", name, time)
      if start { add(1, "s", name, time) }
      for level in Self.levels {
        documents[name, default: Tally()].join(user, at: time.path(level) + ["u"])
      }
      guard inSession else { return }
      stays[user.name, default: Stay()].views += 1
      if stays[user.name, default: Stay()].seen.insert(name).inserted {
        add(1, "uvc", name, time)
      }
      stays[user.name, default: Stay()].last = name
    } else if let duration = event.duration {
      add(duration / 100_000, "d", name, time)
    }
  }

  private static let levels = [LocalTime.Level.year, .month, .day]

  private mutating func add(_ amount: Int, _ key: String, _ name: String, _ time: LocalTime) {
    for level in Self.levels {
      documents[name, default: Tally()].add(amount, at: time.path(level) + [key])
    }
  }
}
