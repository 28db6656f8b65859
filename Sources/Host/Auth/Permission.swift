import PluginRuntime

/// What a member may do: the document clients read and write, `c`, `r`, `u` and `d` by app, and
/// the apps a member administers.
struct Permission: Equatable, Sendable {
  enum Action: String, CaseIterable, Sendable {
    case create = "c"
    case read = "r"
    case update = "u"
    case delete = "d"

    /// What a route of a plugin asks for.
    init(_ access: Route.Access) {
      self =
        switch access {
        case .read: .read
        case .create: .create
        case .update: .update
        case .delete: .delete
        }
    }
  }

  /// What one action may be done with in one app.
  struct Grant: Equatable, Sendable {
    var all = false
    var features: Set<String> = []
  }

  /// By action and app.
  private var grants: [Action: [String: Grant]] = [:]
  /// Apps of which everything may be done, `_.a`.
  private(set) var administered: [String] = []
  /// Apps that are edited together, `_.u`. They grant nothing.
  private(set) var groups: [[String]] = []

  /// Nothing.
  init() {}

  /// As clients and older records write it: `{c,r,u,d,_:{a,u}}`. What is missing or of another
  /// type grants nothing.
  init(_ document: JSONValue) {
    for action in Action.allCases {
      for (app, grant) in document.members(action.rawValue) {
        let allowed = grant.members("allowed").filter { $0.value == .bool(true) }
        grants[action, default: [:]][app] = Grant(
          all: grant.value(at: "all") == .bool(true), features: Set(allowed.keys))
      }
    }
    administered = document.value(at: "_.a")?.texts ?? []
    if case .array(let groups)? = document.value(at: "_.u") { self.groups = groups.map(\.texts) }
  }

  /// From lists of apps, as older clients give rights: all of what is administered, reading the
  /// rest.
  init(administering apps: [String], using others: [String]) {
    administered = apps
    if !others.isEmpty { groups = [others] }
    for action in Action.allCases {
      for app in apps { grants[action, default: [:]][app] = Grant(all: true) }
    }
    for app in others where !apps.contains(app) {
      grants[.read, default: [:]][app] = Grant(all: true)
    }
  }

  var document: JSONValue {
    var members: [String: JSONValue] = [
      "_": .object(["a": .texts(administered), "u": .array(groups.map { .texts($0) })])
    ]
    for action in Action.allCases {
      members[action.rawValue] = .object(
        (grants[action] ?? [:]).mapValues { grant in
          .object([
            "all": .bool(grant.all),
            "allowed": .object(
              Dictionary(uniqueKeysWithValues: grant.features.map { ($0, .bool(true)) })),
          ])
        })
    }
    return .object(members)
  }

  func allows(_ action: Action, _ feature: String, app: String) -> Bool {
    if administered.contains(app) { return true }
    guard let grant = grants[action]?[app] else { return false }
    return grant.all || grant.features.contains(feature)
  }

  /// Whether everything of an app may be done; single features never make an administrator.
  func administers(_ app: String) -> Bool {
    administered.contains(app)
      || Action.allCases.allSatisfy { grants[$0]?[app]?.all == true }
  }

  /// Names apps that are administered, and a group of others.
  mutating func administer(_ apps: [String], grouped others: [String]) {
    administered = apps
    groups = others.isEmpty ? [] : [others]
  }

  /// Whoever may change something may see it.
  mutating func addReading() {
    for action in Action.allCases where action != .read {
      for (app, grant) in grants[action] ?? [:] {
        var reading = grants[.read]?[app] ?? Grant()
        reading.all = reading.all || grant.all
        reading.features.formUnion(grant.features)
        grants[.read, default: [:]][app] = reading
      }
    }
  }

  /// What both allow.
  func limited(to scope: Permission) -> Permission {
    var both = Permission()
    both.administered = administered.filter(scope.administered.contains)
    both.groups = groups.map { $0.filter(scope.apps.contains) }.filter { !$0.isEmpty }
    for app in apps.intersection(scope.apps) {
      for action in Action.allCases {
        let (one, other) = (grant(action, app), scope.grant(action, app))
        let features =
          one.all
          ? other.features
          : other.all
            ? one.features
            : one.features.intersection(other.features)
        guard one.all && other.all || !features.isEmpty else { continue }
        both.grants[action, default: [:]][app] = Grant(
          all: one.all && other.all, features: features)
      }
    }
    return both
  }

  private func grant(_ action: Action, _ app: String) -> Grant {
    administered.contains(app) ? Grant(all: true) : grants[action]?[app] ?? Grant()
  }

  /// Forgets an app; groups that had nothing else go with it.
  mutating func remove(app: String) {
    administered.removeAll { $0 == app }
    groups = groups.map { $0.filter { $0 != app } }.filter { !$0.isEmpty }
    for action in Action.allCases { grants[action]?[app] = nil }
  }

  /// Every app it names something of.
  var apps: Set<String> {
    Set(administered).union(groups.joined()).union(grants.values.flatMap(\.keys))
  }
}

extension JSONValue {
  static func texts(_ list: [String]) -> JSONValue { .array(list.map { .string($0) }) }

  /// The texts of a list; nothing for everything else.
  var texts: [String] {
    guard case .array(let values) = self else { return [] }
    return values.compactMap(\.string)
  }

  /// The members of an object below a name; none for everything else.
  fileprivate func members(_ name: String) -> [String: JSONValue] {
    guard case .object(let members)? = value(at: name) else { return [:] }
    return members
  }
}
