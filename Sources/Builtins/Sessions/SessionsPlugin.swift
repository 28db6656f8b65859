import PluginKit

private let entry = PluginEntry(SessionsPlugin.self) { SessionsPlugin.create($0, $1, $2) }

@c(tally_plugin_sessions)
func tallyPluginSessions() -> PluginTable { entry.table }

/// Counts sessions, their users, seconds and requests, and the metrics of the devices they run on.
/// Says as a fact about every item which session it belongs to, and what opened and closed.
struct SessionsPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "sessions", version: "1.0.0", summary: "Counts sessions, users and their devices.",
    settings: [
      .int(
        SessionRules.cooldownName, default: 15, in: 0...3_600,
        help: "A session that begins this soon after one ended goes on with it."
      ).perApp(),
      .int(
        SessionRules.durationName, default: 86_400, in: 1...31_536_000,
        help: "A request reports at most this many seconds."
      ).perApp(),
      .int(
        "metric_values_max", default: 1_000, in: 1...100_000,
        help: "Distinct values of a metric that are counted in a year."
      ).perApp().restart(),
    ] + PlaceRule.settings)

  private let rules: AppCache<SessionRules>
  private let counters: SessionCounters
  private let answers: SessionAnswers
  private let histograms: HistogramAnswers
  private let loyalty: LoyaltyAnswers
  private let totals: TotalUsersAnswers
  private let dashboard: DashboardAnswers
  private let metrics: MetricAnswers
  private let users: Key
  private let parameters: SessionParameters

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    let general = SessionRules(
      cooldownMs: Int64(try host.int(SessionRules.cooldownName)) * 1_000,
      durationMax: Int64(try host.int(SessionRules.durationName)))
    rules = AppCache { app in (try? SessionRules(host, app: app)) ?? general }
    counters = try SessionCounters(
      registrar, valueLimit: try Limit(host, setting: "metric_values_max"),
      places: AppCache { app in try? PlaceRule(host, app: app) })
    answers = try SessionAnswers(host, registrar, counters)
    histograms = try HistogramAnswers(registrar, counters)
    loyalty = try LoyaltyAnswers(registrar, counters)
    totals = try TotalUsersAnswers(registrar, counters)
    dashboard = try DashboardAnswers(registrar, counters)
    metrics = try MetricAnswers(registrar, counters, dashboard)
    users = try host.intern("users")
    parameters = try SessionParameters(host)
    try registrar.hook(phase: .early, after: ["users"])
    try registrar.describesUsers()
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    for item in batch where !item.isNobodys {
      let wish = parameters.read(item)
      let stored = effects.cell(item, as: SessionCell.self)
      var cell = stored.flatMap { $0.isCurrent ? $0 : nil } ?? SessionCell()
      let before = cell
      var step = rules[item.app].apply(wish, at: item, to: &cell)
      let user = step.opened ? facts.user(item, from: users) : nil
      counters.count(&step, item, user, effects)
      if cell != before || stored == nil { effects.putCell(item, cell) }
      withUnsafeBytes(of: step.fact) { effects.fact(item, $0) }
    }
  }

  func merge(_ merge: borrowing Merge) {
    guard let (from, into) = merge.cells(as: SessionCell.self), from.isCurrent else { return }
    merge.put(into.isCurrent ? into.merged(with: from) : from)
  }

  /// The members of a user's document, as clients know them.
  func describe(_ portrait: borrowing Portrait) {
    guard let cell = portrait.cell(as: SessionCell.self), cell.isCurrent, cell.sessions > 0
    else { return }
    portrait.member("sc", Int64(cell.sessions))
    portrait.member("sd", Int64(cell.duration))
    portrait.member("tsd", Int64(cell.totalDuration))
    portrait.member("ls", cell.lastSessionMs / 1_000)
    portrait.member("lbst", cell.startMs / 1_000)
    if cell.endedMs > 0 { portrait.member("lest", cell.endedMs / 1_000) }
    if cell.isOpen { portrait.member("hos", json: "true") }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    if try histograms.answer(request, reply) { return }
    if try loyalty.answer(request, reply) { return }
    if try totals.answer(request, reply) { return }
    if try dashboard.answer(request, reply) { return }
    if try metrics.answer(request, reply) { return }
    try answers.answer(request, reply)
  }
}
