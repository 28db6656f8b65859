import PluginKit

/// The metrics of sessions, and how a step is counted in them.
struct SessionCounters: Sendable {
  /// One dimension of a metric, and what of a user it counts.
  private struct Counted {
    let metric: Metric
    let dimension: StaticString
    let value: UserMetric
  }

  let users: Metric
  let loyalty: LoyaltyCounters
  /// The metric that answers each method.
  let collections: [(method: String, metric: Metric)]
  private let counted: [Counted]
  /// Of users in the app's own country.
  private let cities: Counted
  private let places: AppCache<PlaceRule?>

  /// Per collection its method, and its dimensions with what they count; the dimension's name is
  /// also that of the list of its values in `meta`.
  private static let layout: [(method: String, dimensions: [(StaticString, UserMetric)])] = [
    (
      "device_details",
      [
        ("os", .os), ("os_versions", .osVersion), ("app_versions", .appVersion),
        ("resolutions", .resolution), ("device_type", .deviceType),
      ]
    ),
    ("devices", [("devices", .device), ("manufacturers", .manufacturer)]),
    ("carriers", [("carriers", .carrier)]),
    ("langs", [("langs", .language), ("locales", .locale)]),
    ("density", [("density", .density)]),
    ("browser", [("browser", .browser), ("browser_version", .browserVersion)]),
    ("sources", [("sources", .store)]),
    ("cities", [("cities", .city)]),
  ]

  /// The metric and the dimension that count a kind of values, by the name clients ask with.
  func values(_ name: Text) -> (metric: Metric, dimension: Text)? {
    if name == "countries" || name == "locations" { return (users, Self.country) }
    let system: Text = name == "platforms" ? "os" : "os_versions"
    let own = name.hasPrefix("platform") ? system : name
    return (counted + [cities]).first { own == Text(stringLiteral: $0.dimension) }
      .map { ($0.metric, Text(stringLiteral: $0.dimension)) }
  }

  private static var country: Text { "cc" }
  private static var frequency: Text { "f" }
  private static var duration: Text { "ds" }

  init(
    _ registrar: borrowing Registrar, valueLimit: Limit, places: AppCache<PlaceRule?>
  ) throws {
    self.places = places
    let visits: [Measure] = [.sum("t"), .new("n"), .unique("u")]
    let ranges: Grains = [.day, .week, .month]
    users = try registrar.metric(
      "users", measures: visits + [.sum("d"), .sum("e")],
      dimensions: [
        .inline("cc", meta: "countries", measures: [0, 1, 2], valueLimit: 0),
        .histogram("f", meta: "f-ranges", grains: ranges),
        .histogram("ds", meta: "d-ranges", grains: ranges),
      ], valueLimit: valueLimit)
    loyalty = try LoyaltyCounters(registrar)
    var counted: [Counted] = []
    var collections: [(method: String, metric: Metric)] = []
    for (method, dimensions) in Self.layout {
      let metric = try registrar.metric(
        method, measures: visits,
        dimensions: dimensions.map {
          .inline("\($0.0)", meta: "\($0.0)", valueLimit: 0)
        }, valueLimit: valueLimit)
      collections.append((method: method, metric: metric))
      counted += dimensions.map { Counted(metric: metric, dimension: $0.0, value: $0.1) }
    }
    cities = counted.removeLast()
    self.counted = counted
    self.collections = collections
  }

  /// Counts what a request did, and notes in its fact where the user was new.
  func count(
    _ step: inout SessionStep, _ item: Item, _ user: UserFact?, _ effects: borrowing Effects
  ) {
    if step.opened || step.seconds != 0 || step.requests != 0 {
      effects.count(item, users.series(), step.opened ? 1 : 0, 0, 0, step.seconds, step.requests)
    }
    if let change = step.durationChange { count(change, item, effects) }
    if step.opened { countOpened(&step, item, user, effects) }
  }

  private func count(
    _ change: SessionStep.DurationChange, _ item: Item, _ effects: borrowing Effects
  ) {
    countRange(
      Self.duration, SessionRules.durationBucket(change.seconds), item, hour: change.hour,
      change.add, effects)
  }

  private func countRange(
    _ dimension: Text, _ range: Int, _ item: Item, hour: Int32, _ add: Int64,
    _ effects: borrowing Effects
  ) {
    TextBuffer.with(capacity: 4) { buffer in
      buffer.append(Int64(range))
      effects.count(
        item, users.series(dimension: dimension, value: buffer.text()), hour: hour, add)
    }
  }

  private func countOpened(
    _ step: inout SessionStep, _ item: Item, _ user: UserFact?, _ effects: borrowing Effects
  ) {
    let isFirst = step.isFirst
    step.fact.newIn = effects.unique(item, users.series(), firstTime: isFirst)
    countRange(Self.frequency, step.frequency, item, hour: item.hour, 1, effects)
    loyalty.count(step, item, effects)
    let rule = places[item.app]
    let known = rule?.countries == false ? "" : user?.value(.country) ?? ""
    visit(users, Self.country, Self.named(known), item, isFirst, effects)
    guard let user else { return }
    if rule?.cities == true, item.isHome(known) {
      visit(
        cities.metric, Text(stringLiteral: cities.dimension), Self.named(user.value(.city)), item,
        isFirst, effects)
    }
    for entry in counted where user.isGiven(entry.value) {
      visit(
        entry.metric, Text(stringLiteral: entry.dimension), user.value(entry.value), item, isFirst,
        effects)
    }
  }

  private static func named(_ place: Text) -> Text { place.isEmpty ? "Unknown" : place }

  private func visit(
    _ metric: Metric, _ dimension: Text, _ value: Text, _ item: Item, _ isFirst: Bool,
    _ effects: borrowing Effects
  ) {
    let series = metric.series(dimension: dimension, value: value)
    effects.count(item, series, 1)
    effects.unique(item, series, firstTime: isFirst)
  }
}
