import PluginKit

/// How many of each the operator allows an app.
struct EventLimits: Sendable {
  static let keysName = "event_keys_max"
  static let segmentsName = "event_segments_max"
  static let valuesName = "event_segment_values_max"

  let keys: Int
  let segments: Int
  let values: Int

  init(_ host: Host, app: UInt32) throws {
    keys = try host.int(Self.keysName, app: app)
    segments = try host.int(Self.segmentsName, app: app)
    values = try host.int(Self.valuesName, app: app)
  }

  static var settings: [Setting] {
    [
      .int(
        keysName, default: 500, in: 1...100_000, help: "Distinct event keys an app may have."
      ).perApp().restart(),
      .int(
        segmentsName, default: 100, in: 1...10_000, help: "Distinct segments an event may have."
      ).perApp().restart(),
      .int(
        valuesName, default: 1_000, in: 1...100_000,
        help: "Distinct values of a segment that are counted in a year."
      ).perApp().restart(),
    ]
  }
}
