import PluginKit

private let entry = PluginEntry(EventsPlugin.self) { EventsPlugin.create($0, $1, $2) }

@c(tally_plugin_events)
func tallyPluginEvents() -> PluginTable { entry.table }

/// Counts custom events: how often, their sums and durations, in total and per value of each
/// segment.
struct EventsPlugin: Plugin {
  static let descriptor = Descriptor(
    name: "events", version: "1.0.0", summary: "Counts custom events and their segments.",
    settings: EventLimits.settings)

  /// Internal events that are counted as custom ones; all others belong to the plugin that reads
  /// them.
  private static let internalKeys: [StaticString] = [
    "[CLY]_star_rating", "[CLY]_push_sent", "[CLY]_push_action",
  ]
  /// Bytes of a segment's name or value that are counted; longer ones are cut.
  private static let textBytesMax = 256
  /// What the store calls the segments that are one too many; here those of one event, which need
  /// not be looked for.
  private static var other: Text { "[CLY]_other" }

  private let events: Metric
  private let segmentsMax: AppCache<Int>
  private let answers: EventAnswers
  private let analytics: EventAnalytics

  init(_ host: Host, _ registrar: borrowing Registrar) throws {
    let segments = try host.int(EventLimits.segmentsName)
    segmentsMax = AppCache { app in
      (try? host.int(EventLimits.segmentsName, app: app)) ?? segments
    }
    events = try registrar.metric(
      "events",
      measures: [
        .sum("c"), .sum("s", decimals: 5, optional: true),
        .sum("dur", decimals: 5, optional: true),
      ],
      subjectLimit: try Limit(host, setting: EventLimits.keysName),
      dimensionLimit: try Limit(host, setting: EventLimits.segmentsName),
      valueLimit: try Limit(host, setting: EventLimits.valuesName))
    analytics = try EventAnalytics(registrar, events)
    answers = EventAnswers(events: events, host: host, analytics: analytics)
    try registrar.hook(keys: [try host.intern("events")])
    try registrar.read(
      method: "events", feature: "core", isPure: true,
      parameters: EventAnalytics.keyParameters.merging(Asked.document) { $1 }
        .merging(["overview": "1: each event compared with the period before."]) { $1 })
    try registrar.read(method: "get_events", feature: "core", isPure: true)
  }

  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) {
    TextBuffer.with(capacity: 4 * Self.textBytesMax) { room in
      for item in batch {
        for event in item.events where !event.isInternal || isCounted(event.key) {
          count(event, item, &room, effects)
        }
      }
    }
  }

  private func isCounted(_ key: Text) -> Bool {
    Self.internalKeys.contains { key == Text(stringLiteral: $0) }
  }

  private func count(
    _ event: Event, _ item: Item, _ room: inout TextBuffer, _ effects: borrowing Effects
  ) {
    let key = event.key
    effects.count(
      item, events.series(subject: key), hour: event.hour, event.count, event.sum, event.duration)
    for (place, segment) in event.segmentation.children.enumerated() {
      room.truncate()
      var name = room.cleanedName(segment.name.prefix(Self.textBytesMax))
      guard !name.isEmpty else { continue }
      var value = room.segmentValue(segment).prefix(Self.textBytesMax)
      guard !value.isEmpty else { continue }
      if place >= segmentsMax[item.app] { (name, value) = (Self.other, Self.other) }
      effects.count(
        item, events.series(subject: key, dimension: name, value: value), hour: event.hour,
        event.count, event.sum, event.duration)
    }
  }

  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    if try analytics.answer(request, reply) { return }
    if request["method"] == "get_events" {
      try answers.registry(request, reply)
    } else {
      try answers.document(request, reply)
    }
  }
}
