import Harness
import Testing

@testable import Host

@Suite struct LiveAppTests {
  private static let start: Int64 = 1_750_000_020_000

  private func item(
    _ user: UInt64, at seconds: Int64, events: Int = 0, views: [String] = [], country: String = ""
  ) -> LiveItem {
    LiveItem(
      user: user, receivedMs: Self.start + seconds * 1_000, isNewUser: false, sessions: 0,
      events: events, views: views, country: country)
  }

  private func message(_ app: LiveApp, at seconds: Int64) -> LiveMessage {
    app.message(appID: "a", nowMs: Self.start + seconds * 1_000, sinceMs: 0)
  }

  @Test("A user is online for two minutes, and of the last half hour for thirty")
  func online() {
    var app = LiveApp()
    app.add(item(1, at: 0))
    app.add(item(2, at: 60))
    for (second, online, users) in [
      (61, 2, 2), (119, 2, 2), (120, 1, 2), (180, 0, 2), (1_799, 0, 2), (1_800, 0, 1),
      (1_860, 0, 0),
    ] as [(Int64, Int, Int)] {
      let message = message(app, at: second)
      #expect(message.online == online, "after \(second) s")
      #expect(message.users == users, "after \(second) s")
    }
  }

  @Test("Users who turn out to be one are one from then on, as late as the later of them")
  func merged() {
    var app = LiveApp()
    app.add(item(1, at: 0, country: "DE"))
    app.add(item(2, at: 60, country: "TR"))
    app.add(item(3, at: 60))
    app.merge(2, into: 1)
    #expect(message(app, at: 150).users == 2)
    #expect(message(app, at: 150).online == 2)
    #expect(message(app, at: 150).topCountries.map(\.name).contains("TR"))
    app.merge(1, into: 3)
    app.merge(9, into: 3)
    #expect(message(app, at: 150).users == 1)
    app.add(item(3, at: 61))
    #expect(message(app, at: 61).minutes.last?.users == 2)
  }

  @Test("Windows are ten seconds and minutes sixty, the newest last")
  func stretches() {
    var app = LiveApp()
    for second in [0, 9, 10, 59, 60] as [Int64] { app.add(item(1, at: second, events: 1)) }
    let message = message(app, at: 60)
    #expect(message.minutes.count == 30)
    #expect(message.windows.count == 18)
    #expect(message.minutes.suffix(3).map(\.events) == [0, 4, 1])
    #expect(message.windows.suffix(8).map(\.events) == [0, 2, 1, 0, 0, 0, 1, 1])
    #expect(message.windows.suffix(8).map(\.users) == [0, 1, 1, 0, 0, 0, 1, 1])
    #expect(message.minutes.last?.timeMs == (Self.start + 60_000) / 60_000 * 60_000)
    #expect(message.windows.last?.timeMs == Self.start + 60_000)
  }

  @Test("The most frequent views and countries come first, and no more than ten")
  func top() {
    var app = LiveApp()
    for number in 0..<12 {
      let views = [String](repeating: "page \(number)", count: number + 1)
      app.add(item(UInt64(number), at: 0, views: views, country: number < 8 ? "DE" : "TR"))
    }
    app.add(item(0, at: 1, country: "FR"))
    let message = message(app, at: 1)
    #expect(message.topViews.count == LiveLimits.topMax)
    #expect(message.topViews.first == .init(name: "page 11", count: 12))
    #expect(
      message.topCountries == [
        .init(name: "DE", count: 7), .init(name: "TR", count: 4), .init(name: "FR", count: 1),
      ])
    #expect(message.views == 78)
  }

  @Test("Names and users over their limits are counted as others, and said to be")
  func limits() {
    var app = LiveApp()
    for number in 0..<LiveLimits.viewsMax + 3 { app.add(item(1, at: 0, views: ["v\(number)"])) }
    #expect(
      message(app, at: 0).topViews.first == .init(name: LiveLimits.otherName, count: 3))
    for user in 0..<UInt64(LiveLimits.usersMax) + 5 { app.add(item(user, at: 1)) }
    #expect(message(app, at: 1).isLimited)
    #expect(message(app, at: 1).users == LiveLimits.usersMax)
    app.add(item(7_000_000, at: 1_900))
    #expect(!message(app, at: 1_900).isLimited)
    #expect(message(app, at: 1_900).users == 1)
  }

  @Test("Any stream gives what counting the last half hour by hand gives", arguments: 1...20)
  func recount(seed: Int) {
    var random = SeededGenerator(seed: UInt64(seed))
    var app = LiveApp()
    var items: [LiveItem] = []
    var second: Int64 = 0
    for _ in 0..<400 {
      second += Int64(random.int(0...20))
      var next = item(
        UInt64(random.int(1...30)), at: second, events: random.int(0...3),
        views: random.chance(40) ? ["p\(random.int(1...5))"] : [],
        country: ["DE", "TR", ""][random.int(0...2)])
      next.sessions = random.int(0...1)
      next.isNewUser = random.chance(10)
      items.append(next)
      app.add(next)
    }
    let now = Self.start + (second + Int64(random.int(0...90))) * 1_000
    let have = app.message(appID: "a", nowMs: now, sinceMs: 0)
    for minute in have.minutes {
      let own = items.filter { $0.receivedMs / 60_000 == minute.timeMs / 60_000 }
      #expect(minute.users == Set(own.map(\.user)).count)
      #expect(minute.events == own.reduce(0) { $0 + $1.events })
      #expect(minute.sessions == own.reduce(0) { $0 + $1.sessions })
      #expect(minute.newUsers == own.filter(\.isNewUser).count)
      #expect(minute.views == own.reduce(0) { $0 + $1.views.count })
    }
    let recent = items.filter { $0.receivedMs > now - 1_800_000 }
    #expect(have.users == Set(recent.map(\.user)).count)
    #expect(
      have.online == Set(items.filter { $0.receivedMs > now - 120_000 }.map(\.user)).count)
  }
}
