import PluginKit

/// The numbers of a view, in the order in which the metric declares them.
enum ViewMeasure: Int, CaseIterable {
  case visits, newUsers, users, starts, duration, exits, bounces, sessions

  /// As it appears in documents and tables.
  var name: String {
    switch self {
    case .visits: "t"
    case .newUsers: "n"
    case .users: "u"
    case .starts: "s"
    case .duration: "d"
    case .exits: "e"
    case .bounces: "b"
    case .sessions: "uvc"
    }
  }
}

/// The metrics of views, and how they are counted.
struct ViewCounters: Sendable {
  /// One line of counters per view.
  let views: Metric
  /// How far views were scrolled, in percent: the sum over all scrolls.
  let scrolls: Metric
  /// Visits per platform, over all views.
  let platforms: Metric
  /// Names and addresses, by view.
  let names: Collection

  static var platform: Text { "platform" }
  private static let platformsMax = 100
  private static let users: Grains = [.hour, .day, .isoWeek, .month, .year]

  init(_ registrar: borrowing Registrar, limit: Int) throws {
    let platform = Dimension.inline("platform", meta: "platform", valueLimit: Self.platformsMax)
    views = try registrar.metric(
      "views",
      measures: [
        .sum("t"), .new("n"), .unique("u", grains: Self.users), .sum("s"),
        .sum("d", decimals: 5), .sum("e"), .sum("b"), .sum("uvc"),
      ], dimensions: [platform], subjectLimit: Limit(limit))
    scrolls = try registrar.metric(
      "scrolls", measures: [.sum("scr", decimals: 5)], subjectLimit: Limit(limit))
    platforms = try registrar.metric("platforms", measures: [.sum("t")], dimensions: [platform])
    names = try registrar.collection("views", documentLimit: limit)
  }

  // MARK: Sessions

  /// What a session does before the events of an item.
  func opening(
    _ session: SessionFact, _ cell: inout VisitCell, _ item: Item,
    _ effects: borrowing Effects
  ) {
    if session.flags.contains(.closedPrevious), cell.session == session.previousID {
      leave(&cell, item, hour: session.previousHour, effects)
    }
    if session.flags.contains(.first) { cell.firstSession = session.id }
    if session.flags.contains(.extended), cell.exitSession == session.id {
      goOn(&cell, item, effects)
    }
  }

  /// What a session does behind the events of an item.
  func closing(
    _ session: SessionFact, _ cell: inout VisitCell, _ item: Item,
    _ effects: borrowing Effects
  ) {
    guard session.flags.contains(.closed), cell.session == session.id else { return }
    leave(&cell, item, hour: item.hour, effects)
  }

  /// The last view of a session is its exit; the only one is a bounce.
  private func leave(
    _ cell: inout VisitCell, _ item: Item, hour: Int32, _ effects: borrowing Effects
  ) {
    guard cell.session != 0 else { return }
    countExit(cell.last, of: cell.views, add: 1, item, hour: hour, effects)
    (cell.exitSession, cell.exit, cell.exitViews) = (cell.session, cell.last, cell.views)
    cell.exitHour = hour
    (cell.session, cell.views, cell.last) = (0, 0, SeenView())
  }

  /// The session goes on after all: its exit is taken back.
  private func goOn(_ cell: inout VisitCell, _ item: Item, _ effects: borrowing Effects) {
    countExit(cell.exit, of: cell.exitViews, add: -1, item, hour: cell.exitHour, effects)
    (cell.session, cell.last, cell.views) = (cell.exitSession, cell.exit, cell.exitViews)
    cell.exitSession = 0
  }

  private func countExit(
    _ view: SeenView, of views: UInt32, add: Int64, _ item: Item, hour: Int32,
    _ effects: borrowing Effects
  ) {
    let bounces = views == 1 ? add : 0
    view.withPlatform { platform in
      forEachSeries(view.id, platform) { series in
        effects.count(item, series, hour: hour, 0, 0, 0, 0, 0, add, bounces)
      }
    }
  }

  // MARK: Views

  /// A visit, or seconds spent on one.
  func count(
    _ view: View, _ session: SessionFact?, _ cell: inout VisitCell, _ seen: inout SessionViews,
    _ item: Item, _ effects: borrowing Effects
  ) {
    let isFirstInSession =
      view.isVisit && session.map { seen.add(view.id, session: $0.id) } ?? false
    let isNewUser = session.map { $0.id != 0 && $0.id == cell.firstSession } ?? item.isNewUser
    var isNews = false
    forEachSeries(view.id, view.platform) { series in
      effects.count(
        item, series, hour: view.hour, view.isVisit ? 1 : 0, 0, 0,
        view.isVisit && view.isStart ? 1 : 0, view.duration, 0, 0, isFirstInSession ? 1 : 0)
      guard view.isVisit else { return }
      let grains = effects.unique(item, series, hour: view.hour)
      isNews = isNews || !grains.isEmpty
      // In a user's first session a view is new in the year exactly once.
      guard isNewUser, grains.contains(.year) else { return }
      effects.unique(item, series, hour: view.hour, firstTime: true)
    }
    // A name is sent when the view is news to its user, and before seconds on a view not seen last.
    if isNews || !view.isVisit && cell.last.id != view.id { sendName(of: view, item, effects) }
    if view.isVisit { remember(view, session, &cell, item, effects) }
  }

  /// How far a view was scrolled: the one that is named, when this session has seen it, else the one
  /// seen last.
  func count(
    _ scroll: Scroll, _ cell: VisitCell, _ seen: SessionViews, _ item: Item,
    _ effects: borrowing Effects
  ) {
    guard cell.session != 0 else { return }
    withSubject(seen.has(scroll.view) ? scroll.view : cell.last.id) { subject in
      effects.count(item, scrolls.series(subject: subject), hour: scroll.hour, scroll.percent)
    }
  }

  private func remember(
    _ view: View, _ session: SessionFact?, _ cell: inout VisitCell, _ item: Item,
    _ effects: borrowing Effects
  ) {
    if !view.platform.isEmpty {
      effects.count(
        item, platforms.series(dimension: Self.platform, value: view.platform), hour: view.hour, 1)
    }
    guard let session, session.id != 0 else { return }
    cell.views = cell.session == session.id ? cell.views + 1 : 1
    cell.session = session.id
    cell.last = SeenView(view)
  }

  private func sendName(of view: View, _ item: Item, _ effects: borrowing Effects) {
    withSubject(view.id) { id in
      ViewDocument.write(view) { effects.emit(item, names, key: id, $0) }
    }
  }

  /// The line of the view, and that of its platform.
  private func forEachSeries(_ id: UInt64, _ platform: Text, _ body: (Series) -> Void) {
    withSubject(id) { subject in
      body(views.series(subject: subject))
      guard !platform.isEmpty else { return }
      body(views.series(subject: subject, dimension: Self.platform, value: platform))
    }
  }

  private func withSubject(_ id: UInt64, _ body: (Text) -> Void) {
    TextBuffer.with(capacity: 16) { buffer in
      buffer.append(hexadecimal: id)
      body(buffer.text())
    }
  }
}
