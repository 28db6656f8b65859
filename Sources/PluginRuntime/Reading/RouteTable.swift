/// What a question leads to.
package enum RouteAnswer {
  case found(ReaderLease, captured: [String: String])
  /// The path is answered, but not to this HTTP method.
  case wrongMethod
  case unknown
}

/// Who answers which question: all routes of all running plugins. A value: publishing makes a new
/// one, or fails and leaves the old.
struct RouteTable {
  /// What a path and an HTTP method lead to.
  enum Found {
    case reader(Reader, captured: [String: String])
    case wrongMethod
    case unknown
  }

  /// Paths that the server answers itself, and nobody else.
  static let hostPaths = ["/i/bulk", "/o/ping"]

  /// By `<path>?method=<method>`.
  private var byMethod: [String: [Reader]] = [:]
  /// In the order in which they are tried.
  private var byPath: [Reader] = []

  /// Adds everything one plugin registered.
  mutating func add(_ instance: PluginInstance) throws(PluginError) {
    var table = self
    for (place, route) in instance.enrollment.routes.enumerated() {
      let reader = Reader(instance: instance, route: route, number: UInt32(place + 1))
      try table.add(reader)
    }
    self = table
  }

  func find(path: String, method: String, http: Route.Methods) -> Found {
    Self.choose(byMethod["\(path)?method=\(method)"] ?? [], http) { _ in [:] }
  }

  func find(path: String, http: Route.Methods) -> Found {
    let parts = path.dropFirst().split(separator: "/", omittingEmptySubsequences: false)
    return Self.choose(byPath, http) { $0.route.pattern.match(parts) }
  }

  /// The first that matches and takes the method.
  private static func choose(
    _ readers: [Reader], _ http: Route.Methods, _ match: (Reader) -> [String: String]?
  ) -> Found {
    var isKnown = false
    for reader in readers {
      guard let captured = match(reader) else { continue }
      if !reader.route.methods.isDisjoint(with: http) { return .reader(reader, captured: captured) }
      isKnown = true
    }
    return isKnown ? .wrongMethod : .unknown
  }

  private mutating func add(_ reader: Reader) throws(PluginError) {
    let route = reader.route
    guard route.method.isEmpty else {
      let key = "\(route.pattern.text)?method=\(route.method)"
      try Self.check(reader, against: byMethod[key] ?? [])
      byMethod[key, default: []].append(reader)
      return
    }
    guard !Self.hostPaths.contains(route.pattern.text) else {
      throw PluginError(
        .conflict,
        "\(reader.instance.name) registers \(reader.label), which the server itself answers; "
          + "choose another path")
    }
    try Self.check(reader, against: byPath.filter { $0.route.pattern.shape == route.pattern.shape })
    let place = byPath.firstIndex { route.pattern.isBefore($0.route.pattern) } ?? byPath.endIndex
    byPath.insert(reader, at: place)
  }

  private static func check(_ reader: Reader, against others: [Reader]) throws(PluginError) {
    for other in others where !other.route.methods.isDisjoint(with: reader.route.methods) {
      guard other.instance !== reader.instance else {
        throw PluginError(
          .conflict, "\(reader.instance.name) registers \(reader.label) twice; remove one of them")
      }
      throw PluginError(
        .conflict,
        "\(reader.instance.name) registers \(reader.label), which \(other.instance.name) owns as "
          + "\(other.label); disable one of the two")
    }
  }
}
