/// What a route does, in words for whoever calls it: the source of `/openapi.json`.
struct RouteAbout: Sendable, Equatable, ExpressibleByStringLiteral {
  /// One sentence.
  var summary: String
  /// By name, what else than credentials and `app_id` it reads.
  var parameters: [String: String] = [:]
  /// Parameters with which it answers 200 and changes nothing that matters; a test asks so. Nil where
  /// there are none.
  var example: [String: String]?

  init(
    _ summary: String, _ parameters: [String: String] = [:], example: [String: String]? = nil
  ) {
    (self.summary, self.parameters, self.example) = (summary, parameters, example)
  }

  init(stringLiteral summary: String) { self.init(summary) }

  /// Of what is asked and not changed, with nothing but credentials and `app_id`.
  static func reading(_ summary: String, _ parameters: [String: String] = [:]) -> RouteAbout {
    RouteAbout(summary, parameters, example: [:])
  }

  static let period = ["period": "30days, 7days, hour, yesterday, day, month, [ms,ms], …"]
}

/// A route as `/openapi.json` tells of it, whoever answers it.
struct APIRoute: Sendable, Equatable {
  /// With its names in braces.
  var path: String
  /// Of `?method=`; empty for a path of its own.
  var method = ""
  /// In lower case.
  var http = ["get", "post"]
  /// Nil: anybody may ask.
  var right: String?
  var about: RouteAbout
  /// Who answers: a plugin's name; nil for the host.
  var plugin: String?
  /// Bytes of a body and milliseconds until the answer that the route allows; nil: as everywhere.
  var bodyBytesMax: Int?
  var deadlineMs: Int?

  init(
    _ path: String, method: String = "", http: [String] = ["get", "post"], right: String? = nil,
    plugin: String? = nil, _ about: RouteAbout
  ) {
    (self.path, self.method, self.http, self.right) = (path, method, http, right)
    (self.about, self.plugin) = (about, plugin)
  }

  /// The segments that any text may stand for.
  var captures: [String] {
    path.split(separator: "/").filter { $0.hasPrefix("{") && $0.hasSuffix("}") }
      .map { String($0.dropFirst().dropLast()) }
  }
}

extension Access.Need {
  /// As `/openapi.json` says it.
  var words: String {
    switch self {
    case .member: "member"
    case .globalAdmin: "global administrator"
    case .appAdmin: "administrator of the app"
    case .right(let action, let feature): "\(action) \(feature)"
    }
  }
}
