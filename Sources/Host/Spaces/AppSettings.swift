import Store

/// What plugins and namespaces are told of one app alone, a JSON object by name.
struct AppSettings {
  private(set) var members: [String: JSONValue]

  init(_ members: [String: JSONValue]) { self.members = members }

  init(_ app: App) { self.init(JSONValue(app.plugins)?.members ?? [:]) }

  var text: String { JSONValue.object(members).text(escaping: false) }

  /// The app's own value of a key, if it has one that could be.
  func value(_ key: ConfigurationKey) -> ReportValue? {
    guard key.scope.contains(.app),
      let own = members[key.space]?.value(at: key.name).flatMap({ ReportValue($0) })
    else { return nil }
    return try? key.value(own)
  }

  /// With other values; null takes one away.
  func merging(_ changes: ConfigurationOrder.Changes) -> AppSettings {
    var merged = self
    for (space, values) in changes {
      var own = members[space]?.members ?? [:]
      for (name, value) in values { own[name] = value == .null ? nil : value.json }
      merged.members[space] = own.isEmpty ? nil : .object(own)
    }
    return merged
  }

  /// With other members in place of those of the same names.
  func replacing(_ given: [String: JSONValue]) -> AppSettings {
    var replaced = self
    replaced.members.merge(given) { _, new in new }
    return replaced
  }
}

extension ConfigurationSpaces {
  /// What is in force of a key for one app.
  func value(_ key: ConfigurationKey, of app: App) -> ReportValue {
    AppSettings(app).value(key) ?? value(key)
  }

  func flag(_ key: ConfigurationKey, of app: App) -> Bool { value(key, of: app) == .bool(true) }
}

extension ReportValue {
  /// Nil for what is no single value.
  init?(_ value: JSONValue) {
    switch value {
    case .null: self = .null
    case .bool(let flag): self = .bool(flag)
    case .number(let number): self = Int64(exactly: number).map { .int($0) } ?? .double(number)
    case .string(let text): self = .string(text)
    case .array, .object: return nil
    }
  }

  var json: JSONValue {
    switch self {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .int(let number): .number(Double(number))
    case .double(let number): .number(number)
    case .string(let text): .string(text)
    }
  }
}
