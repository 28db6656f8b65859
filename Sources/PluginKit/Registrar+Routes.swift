import PluginABI

/// HTTP methods a route answers.
public struct Methods: OptionSet, Sendable {
  public let rawValue: UInt32

  public init(rawValue: UInt32) {
    self.rawValue = rawValue
  }

  public static let get = Methods(rawValue: TALLY_METHOD_GET)
  public static let post = Methods(rawValue: TALLY_METHOD_POST)
  public static let put = Methods(rawValue: TALLY_METHOD_PUT)
  public static let patch = Methods(rawValue: TALLY_METHOD_PATCH)
  public static let delete = Methods(rawValue: TALLY_METHOD_DELETE)
}

/// What a route does, for the host to check that the member may.
public enum RouteAccess: UInt32, Sendable {
  case read = 0
  case create
  case update
  case delete
}

extension Registrar {
  /// Answers `/o?method=<method>`, for members with the permission `feature` (by default the
  /// plugin's name). `isPure`: the answer depends on what is asked and stored and on the minute,
  /// and the host may hand it out again until something is stored.
  @discardableResult
  public func read(
    method: String, feature: String = "", isPure: Bool = false, summary: String = "",
    parameters: [String: String] = [:]
  ) throws -> Route {
    try route(
      "/o", method: method, permission: feature, isPure: isPure, summary: summary,
      parameters: parameters)
  }

  /// Answers a path that begins with `/o/`.
  @discardableResult
  public func read(
    path: String, feature: String = "", isPure: Bool = false, summary: String = "",
    parameters: [String: String] = [:]
  ) throws -> Route {
    try route(path, permission: feature, isPure: isPure, summary: summary, parameters: parameters)
  }

  /// Answers a pattern of segments below `/o/` or `/i/`: `/o/crashes/{id}` hands any one segment
  /// over as the parameter `id`. With `method`, the path is `/o` or `/o/sdk`. `deadline` is
  /// when the client is answered 504, by default after 30 seconds. `parameters` are what it reads
  /// beside credentials, `app_id` and the pattern's, by name with a few words each; like `summary`
  /// they are told in `/openapi.json`.
  public func route(
    _ path: String, method: String = "", methods: Methods = [.get, .post],
    permission: String = "", access: RouteAccess = .read, isPublic: Bool = false,
    withoutApp: Bool = false, isPure: Bool = false, bodyBytesMax: Int = 0,
    deadline: Duration = .zero,
    summary: String = "", parameters: [String: String] = [:]
  ) throws -> Route {
    let names = ConstantTexts()
    var number: UInt32 = 0
    var route = tally_route()
    route.struct_size = UInt32(MemoryLayout<tally_route>.size)
    route.methods = methods.rawValue
    route.path = names.text(path)
    route.method = names.text(method)
    route.permission = names.text(permission)
    route.summary = names.text(summary)
    route.access = access.rawValue
    route.flags =
      (isPublic ? TALLY_ROUTE_PUBLIC : 0) | (withoutApp ? TALLY_ROUTE_WITHOUT_APP : 0)
      | (isPure ? TALLY_ROUTE_PURE : 0)
    route.body_bytes_max = UInt32(clamping: bodyBytesMax)
    let (seconds, attoseconds) = deadline.components
    route.deadline_ms = UInt32(clamping: seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    route.answer = Trampolines.answer
    let read = parameters.sorted { $0.key < $1.key }.map {
      tally_parameter(name: names.text($0.key), summary: names.text($0.value))
    }
    let status = read.withUnsafeBufferPointer { read in
      (route.parameters, route.n_parameters) = (read.baseAddress, UInt32(read.count))
      return pointer.pointee.route?(pointer.pointee.ctx, &route, &number) ?? TALLY_UNSUPPORTED
    }
    withExtendedLifetime(names) {}
    try PluginError.check(status, "the host refused the route \"\(path)\" \(method)")
    return Route(number: number)
  }
}
