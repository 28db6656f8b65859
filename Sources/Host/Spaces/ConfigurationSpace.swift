/// Settings in the words of clients that know other servers, by namespace. What a plugin here has as
/// a setting of its own is that setting, under another name: plugins.yaml stays the one truth about
/// it. Everything else is kept in the store.
struct ConfigurationSpace: Sendable {
  /// One key of a namespace.
  struct Key: Sendable {
    let name: String
    /// Of what no plugin has.
    var standard = ReportValue.null
    var setting: Setting?
  }

  /// A plugin's own setting.
  struct Setting: Hashable, Sendable {
    let plugin: String
    let name: String
  }

  let name: String
  let keys: [Key]

  static let all: [ConfigurationSpace] = [api, apps, security, frontend, logs]

  static func named(_ name: String) -> ConfigurationSpace? { all.first { $0.name == name } }

  func key(_ name: String) -> Key? { keys.first { $0.name == name } }

  private init(_ name: String, _ keys: [Key]) { (self.name, self.keys) = (name, keys) }

  private static func key(_ name: String, _ standard: ReportValue) -> Key {
    Key(name: name, standard: standard)
  }

  private static func key(_ name: String, is setting: String, of plugin: String) -> Key {
    Key(name: name, setting: Setting(plugin: plugin, name: setting))
  }

  private static let api = ConfigurationSpace(
    "api",
    [
      key("session_duration_limit", is: "session_duration_max_s", of: "sessions"),
      key("session_cooldown", is: "session_cooldown_s", of: "sessions"),
      key("metric_limit", is: "metric_values_max", of: "sessions"),
      key("event_limit", is: "event_keys_max", of: "events"),
      key("event_segmentation_limit", is: "event_segments_max", of: "events"),
      key("event_segmentation_value_limit", is: "event_segment_values_max", of: "events"),
      key("country_data", is: "country_data", of: "sessions"),
      key("city_data", is: "city_data", of: "sessions"),
      key("domain", .string("")), key("safe", .bool(false)), key("array_list_limit", .int(10)),
      key("sync_plugins", .bool(false)), key("request_threshold", .int(30)),
      key("total_users", .bool(true)), key("export_limit", .int(10_000)),
      key("prevent_duplicate_requests", .bool(true)), key("metric_changes", .bool(true)),
      key("offline_mode", .bool(false)), key("reports_regenerate_interval", .int(3_600)),
      key("send_test_email", .string("")), key("batch_processing", .bool(true)),
      key("batch_period", .int(10)), key("batch_read_processing", .bool(true)),
      key("batch_read_ttl", .int(600)), key("batch_read_period", .int(60)),
      key("user_merge_paralel", .int(1)), key("trim_trailing_ending_spaces", .bool(false)),
    ])

  private static let apps = ConfigurationSpace(
    "apps",
    [
      key("country", .string("TR")), key("timezone", .string("Europe/Istanbul")),
      key("category", .string("6")),
    ])

  private static let security = ConfigurationSpace(
    "security",
    [
      key("login_tries", .int(3)), key("login_wait", .int(300)), key("password_min", .int(8)),
      key("password_char", .bool(true)), key("password_number", .bool(true)),
      key("password_symbol", .bool(true)), key("password_expiration", .int(0)),
      key("password_rotation", .int(3)), key("password_autocomplete", .bool(true)),
      key("dashboard_rate_limit_window", .int(60)),
      key("dashboard_rate_limit_requests", .int(500)), key("api_rate_limit_window", .int(0)),
      key("api_rate_limit_requests", .int(0)),
    ])

  private static let frontend = ConfigurationSpace(
    "frontend",
    [
      key("production", .bool(true)), key("theme", .string("")),
      key("session_timeout", .int(30)), key("use_google", .bool(true)), key("code", .bool(true)),
      key("offline_mode", .bool(false)),
    ])

  private static let logs = ConfigurationSpace(
    "logs",
    [
      key("debug", .string("")), key("info", .string("")), key("warn", .string("")),
      key("error", .string("")), key("default", .string("warn")),
    ])
}

extension ReportValue {
  /// A value of the kind this one is: what is no number is read as one, else it is 0.
  func takingKind(_ given: ReportValue) -> ReportValue {
    switch (self, given) {
    case (.int, .int), (.bool, .bool), (.string, .string), (.double, .double): given
    case (.int, .double(let number)):
      Int64(exactly: number.rounded(.towardZero)).map { .int($0) } ?? .int(0)
    case (.int, _): .int(given.text.flatMap { Int64($0) } ?? 0)
    case (.bool, _): .bool(["true", "1"].contains(given.text ?? ""))
    case (.string, _): .string(given.text ?? "")
    default: given
    }
  }
}
