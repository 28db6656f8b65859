import Store

/// What a token is for: some apps, some paths, some of what its owner may. It narrows and never
/// widens.
struct TokenScope: Sendable {
  static let pathsMax = 16
  static let appsMax = 100
  private static let parametersMax = 32

  /// A path, and what the parameters must be there.
  private struct Place: Sendable {
    let pattern: PathPattern
    let parameters: [String: String]
  }

  private let apps: [String]
  /// Empty: every path.
  private let places: [Place]
  private let permission: Permission?

  /// Nil when the paths cannot be read.
  init?(apps: [String], endpoint: String, permission: String) {
    self.apps = apps
    self.permission = permission.isEmpty ? nil : Permission(JSONValue(permission) ?? .null)
    guard !endpoint.isEmpty else {
      places = []
      return
    }
    guard case .array(let entries)? = JSONValue(endpoint), entries.count <= Self.pathsMax else {
      return nil
    }
    let places = entries.compactMap(Self.place)
    guard places.count == entries.count, !places.isEmpty else { return nil }
    self.places = places
  }

  init?(_ token: AccessToken) {
    self.init(apps: token.apps, endpoint: token.endpoint, permission: token.permission)
  }

  /// `"/o/users"`, or `{"endpoint":"/o","params":{"method":"get_events"}}`.
  private static func place(_ entry: JSONValue) -> Place? {
    if let text = entry.string {
      return PathPattern(text).map { Place(pattern: $0, parameters: [:]) }
    }
    guard let pattern = entry.value(at: "endpoint")?.string.flatMap({ PathPattern($0) }) else {
      return nil
    }
    guard case .object(let members)? = entry.value(at: "params") ?? .object([:]),
      members.count <= parametersMax
    else { return nil }
    let parameters = members.mapValues { $0.string ?? $0.text(escaping: false) }
    return Place(pattern: pattern, parameters: parameters)
  }

  /// Whether it is for this request. Where it has rights of its own, these decide and no paths.
  func covers(_ credentials: Access.Credentials) -> Bool {
    if !apps.isEmpty, let app = credentials.parameters["app_id"], !apps.contains(app) {
      return false
    }
    return permission != nil || places.isEmpty
      || places.contains { place in
        place.parameters.allSatisfy { credentials.parameters[$0.key] == $0.value }
          && place.pattern.matches(credentials.path)
      }
  }

  /// The member as far as the token goes.
  func narrowed(_ caller: MemberRights) -> MemberRights {
    guard permission != nil || !apps.isEmpty else { return caller }
    var rights = caller.member.isGlobalAdmin ? nil : caller.permission
    func narrow(to scope: Permission) { rights = rights?.limited(to: scope) ?? scope }
    if let permission { narrow(to: permission) }
    if !apps.isEmpty { narrow(to: Permission(administering: apps, using: [])) }
    let text = (rights ?? Permission()).document.text(escaping: false)
    return MemberRights(caller.member.narrowed(to: text))
  }
}

extension AccessToken {
  /// Whether it is less than its owner. What it is told must not make it more.
  var isNarrow: Bool {
    !apps.isEmpty || !endpoint.isEmpty || !permission.isEmpty || !isMulti
  }
}
