extension ConfigurationKey {
  /// Every setting there is. What is not here cannot be set: nothing would follow it.
  static let table = api + apps + security + frontend + logs

  /// The namespaces, in order.
  static let spaces = ["api", "apps", "security", "frontend", "logs"]

  static func named(_ space: String, _ name: String) -> ConfigurationKey? {
    table.first { $0.space == space && $0.name == name }
  }

  private static let api: [ConfigurationKey] = [
    plugin(
      "api", "session_duration_limit", is: "session_duration_max_s", of: "sessions",
      "Seconds that one request reports at most."
    ).of(.app),
    plugin(
      "api", "session_cooldown", is: "session_cooldown_s", of: "sessions",
      "Seconds in which a session that begins goes on with the last one."
    ).of(.app),
    plugin(
      "api", "metric_limit", is: "metric_values_max", of: "sessions",
      "Distinct values of a metric that are counted in a year."
    ).of(.app),
    plugin(
      "api", "country_data", is: "country_data", of: "sessions",
      "Whether sessions are counted by country."
    ).of(.app),
    plugin(
      "api", "city_data", is: "city_data", of: "sessions",
      "Whether sessions of the app's own country are counted by city, too."
    ).of(.app),
    plugin(
      "api", "event_limit", is: "event_keys_max", of: "events",
      "Distinct event keys an app may have."
    ).of(.app),
    plugin(
      "api", "event_segmentation_limit", is: "event_segments_max", of: "events",
      "Distinct segments an event may have."
    ).of(.app),
    plugin(
      "api", "event_segmentation_value_limit", is: "event_segment_values_max", of: "events",
      "Distinct values of a segment that are counted in a year."
    ).of(.app),
    safe, repeats, trim, domain, offline,
  ]

  static let safe = flag(
    "api", "safe", false, "Whether what devices send is answered when it is counted, not when kept."
  ).of(.app)
  static let repeats = flag(
    "api", "prevent_duplicate_requests", true,
    "Whether a request that a device sends once more is counted once."
  ).of(.app)
  static let trim = flag(
    "api", "trim_trailing_ending_spaces", false,
    "Whether texts are counted without the blanks at their ends."
  ).of(.app)
  static let domain = text(
    "api", "domain", "", need: "an address without a path, such as https://tally.example.org",
    "What people type to reach the server: stands in links; with https, cookies are `Secure`."
  ) { $0.isEmpty || HostSettings.isAddress($0) }.below(hostSetting: "public_url")
  static let offline = flag(
    "api", "offline_mode", false,
    "Whether the server, with its plugins, sends no requests to others.")

  private static let apps: [ConfigurationKey] = [appCountry, appTimezone, appCategory]

  static let appCountry = text(
    "apps", "country", "TR", need: "two capital letters, or nothing", "The country of new apps.",
    AppArguments.isCountry)
  static let appTimezone = text(
    "apps", "timezone", "Europe/Istanbul", need: "the name of a zone such as Europe/Berlin",
    "The time zone of new apps.", AppArguments.isTimezone)
  static let appCategory = text(
    "apps", "category", "6", need: "a number from 1 to 20", "The category of new apps.",
    AppArguments.categories.contains)

  private static let frontend: [ConfigurationKey] = [sessionTimeout, theme]

  static let sessionTimeout = number(
    "frontend", "session_timeout", 30, 0...10_080,
    "Minutes without a request after which who logged in has to do it again; 0: seven days."
  ).of(.member).below(hostSetting: "limits.session_minutes")
  static let theme = text(
    "frontend", "theme", "", need: "light, dark, or nothing for what a browser prefers",
    "The colours of pages."
  ) { themes.contains($0) }.of(.member)
  static let themes = ["", "light", "dark"]

  private static let logs: [ConfigurationKey] =
    [logDefault] + LogLevels.names.map { logModules($0.name) }

  static let logDefault = text(
    "logs", "default", "info", need: LogLevels.names.map(\.name).joined(separator: ", "),
    "The least of what modules log that stand in no list."
  ) { name in LogLevels.names.contains { $0.name == name } }

  /// The modules that log from a level on.
  static func logModules(_ level: String) -> ConfigurationKey {
    text(
      "logs", level, "", need: "`server` and names of plugins, separated by commas",
      "Modules that log \(level) and what is worse."
    ) { LogLevels.modules($0) != nil }
  }
}
