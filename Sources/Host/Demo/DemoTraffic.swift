import Store

/// Believable requests of one app over some days that end now: users who come and go by the hour of
/// the day and the day of the week, with sessions, views, events and crashes. The same seed gives
/// the same requests.
struct DemoTraffic: Sendable {
  /// One item of a bulk request.
  struct Request: Equatable, Sendable {
    let ms: Int64
    let json: String
  }

  let app: DemoApp
  let days: Int
  private let number: Int
  private let seed: UInt64
  private let users: [DemoUser]
  private let calendar: LocalCalendar
  private let nowMs: Int64
  private let firstDay: Int32

  /// `number` is the app's place among all of the demo.
  init(
    _ number: Int, users count: Int, days: Int, seed: UInt64, nowMs: Int64
  ) throws(StoreError) {
    let app = DemoApp.all[number]
    self.app = app
    self.days = days
    self.number = number
    self.seed = seed
    self.nowMs = nowMs
    calendar = try LocalCalendar(identifier: app.timezone)
    firstDay = calendar.day(ofMs: nowMs) - Int32(days) + 1
    users = (0..<count).map {
      DemoUser($0, of: number, web: app.isWeb, days: days, seed: seed)
    }
  }

  /// The requests of one of the days, in the order in which they were made.
  func requests(ofDay index: Int) -> [Request] {
    let day = firstDay + Int32(index)
    let start = calendar.startMs(ofDay: day)
    // 1970-01-01 was a Thursday.
    let isWeekend = (day + 3) % 7 >= 5
    var found: [Request] = []
    for (place, user) in users.enumerated() where user.firstDay <= index {
      var random = DemoRandom(seed: seed, UInt64(number), UInt64(place), UInt64(index) + 1)
      let isFirst = user.firstDay == index
      guard isFirst || random.chance(user.activity * (isWeekend ? 1.15 : 1)) else { continue }
      var from: Int64 = 0
      for _ in 0..<random.int(1...3) {
        let hour = Int64(random.place(app.hours))
        let begin = start + max(hour * 3_600_000 + Int64(random.int(0...3_599_999)), from)
        from = session(user, beginMs: begin, day: index, &random, &found) - start + 60_000
      }
    }
    // Of one moment in the order of their making, which is that of each user.
    return found.filter { $0.ms < nowMs }.enumerated()
      .sorted { ($0.element.ms, $0.offset) < ($1.element.ms, $1.offset) }.map(\.element)
  }

  // MARK: One session

  /// Answers when it ended.
  private func session(
    _ user: DemoUser, beginMs: Int64, day: Int, _ random: inout DemoRandom,
    _ found: inout [Request]
  ) -> Int64 {
    let seconds = 20 + Int(random.share() * random.share() * 900)
    let endMs = beginMs + Int64(seconds) * 1_000
    func add(_ ms: Int64, _ members: String) {
      let id = "\"device_id\":\"\(user.device)\",\"timestamp\":\(ms)"
      found.append(Request(ms: ms, json: "{\(id),\(members)}"))
    }
    add(beginMs, begin(user, day))
    var told = 0
    var events: [String] = []
    let count = 1 + random.int(0...6)
    for view in 0..<count {
      let at = beginMs + Int64(seconds) * 1_000 * Int64(view) / Int64(count) + 5
      events.append(self.view(user, at, isStart: view == 0, &random))
      for event in app.events where random.chance(event.share / Double(count)) {
        events.append(self.event(event, at + 900, &random))
      }
      let passed = Int(at - beginMs) / 1_000
      guard passed - told >= 60 else { continue }
      add(
        at + 1_000,
        "\"session_duration\":\(passed - told),\"events\":[\(events.joined(separator: ","))]")
      (told, events) = (passed, [])
    }
    if random.chance(app.crashShare) { add(endMs - 10, crash(user, day, &random)) }
    let rest = events.isEmpty ? "" : ",\"events\":[\(events.joined(separator: ","))]"
    add(endMs, "\"end_session\":1,\"session_duration\":\(seconds - told)\(rest)")
    return endMs
  }

  private func begin(_ user: DemoUser, _ day: Int) -> String {
    var metrics = [
      ("_os", user.os), ("_os_version", user.osVersion), ("_device", user.model),
      ("_resolution", user.resolution), ("_locale", user.place.locale),
      ("_app_version", version(user, day)),
    ]
    metrics.append(app.isWeb ? ("_browser", user.browser) : ("_carrier", user.place.carrier))
    let text = metrics.map { "\"\($0)\":\"\($1)\"" }.joined(separator: ",")
    return "\"begin_session\":1,\"metrics\":{\(text)},\"country_code\":\"\(user.place.country)\","
      + "\"city\":\"\(user.place.city)\""
  }

  /// Versions come out one after another, and users take some days to have them.
  private func version(_ user: DemoUser, _ day: Int) -> String {
    let reached = max(0, day - user.patience) * app.versions.count / max(days, 1)
    return app.versions[min(reached, app.versions.count - 1)]
  }

  private func view(
    _ user: DemoUser, _ ms: Int64, isStart: Bool, _ random: inout DemoRandom
  ) -> String {
    let name = isStart ? app.views[0] : random.pick(app.views)
    let start = isStart ? ",\"start\":1" : ""
    return "{\"key\":\"[CLY]_view\",\"count\":1,\"timestamp\":\(ms),\"dur\":\(random.int(3...90)),"
      + "\"segmentation\":{\"name\":\"\(name)\",\"visit\":1\(start),\"segment\":\"\(user.os)\"}}"
  }

  private func event(
    _ event: DemoApp.Event, _ ms: Int64, _ random: inout DemoRandom
  ) -> String {
    let segments = event.segments
      .map { "\"\($0.name)\":\"\(random.pick($0.values))\"" }.joined(separator: ",")
    var sum = ""
    if let cents = event.cents {
      let amount = random.int(cents)
      let rest = amount % 100
      sum = ",\"sum\":\(amount / 100).\(rest < 10 ? "0" : "")\(rest)"
    }
    return "{\"key\":\"\(event.key)\",\"count\":1,\"timestamp\":\(ms)\(sum),"
      + "\"segmentation\":{\(segments)}}"
  }

  private static let errors = [
    "NullPointerException at CartView.render", "IndexOutOfRange at LevelLoader.next",
    "TimeoutError at ApiClient.fetch", "OutOfMemoryError at ImageCache.load",
  ]

  private func crash(_ user: DemoUser, _ day: Int, _ random: inout DemoRandom) -> String {
    let error = Self.errors[random.int(0...Self.errors.count - 1)]
    return "\"crash\":{\"_os\":\"\(user.os)\",\"_os_version\":\"\(user.osVersion)\","
      + "\"_device\":\"\(user.model)\",\"_app_version\":\"\(version(user, day))\","
      + "\"_name\":\"\(error)\",\"_error\":\"\(error)(line \(random.int(10...90)))\\nmain(line 7)\","
      + "\"_nonfatal\":\(random.chance(0.4)),\"_run\":\(random.int(5...600))}"
  }
}
