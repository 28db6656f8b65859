import PluginABI

/// A question a plugin answers, or an order it carries out.
package struct Route {
  /// HTTP methods, as bits of `TALLY_METHOD_…`.
  package struct Methods: OptionSet, Sendable {
    package let rawValue: UInt32

    package init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    static let all = Methods(rawValue: 31)
    /// What a route answers that names none.
    static let standard = Methods(rawValue: TALLY_METHOD_GET | TALLY_METHOD_POST)

    private static let names = ["GET", "POST", "PUT", "PATCH", "DELETE"]

    /// The method HTTP calls so; empty for one that no route answers.
    package init(http name: String) {
      // A HEAD is a GET whose body nobody sends.
      let place = Self.names.firstIndex(of: name == "HEAD" ? "GET" : name)
      rawValue = place.map { 1 << UInt32($0) } ?? 0
    }

    var text: String {
      Self.names.enumerated().filter { rawValue >> UInt32($0.offset) & 1 != 0 }
        .map(\.element).joined(separator: " ")
    }
  }

  /// What a route does, for the check whether a member may; raw values are those of
  /// `TALLY_ACCESS_…`.
  package enum Access: UInt32, Sendable {
    case read = 0
    case create
    case update
    case delete
  }

  static let bodyBytesStandard: UInt32 = 1 << 20
  static let bodyBytesMax: UInt32 = 64 << 20
  static let deadlineMsStandard: UInt32 = 30_000
  static let deadlineMsMax: UInt32 = 600_000
  static let parametersMax: UInt32 = 64
  static let parameterBytesMax = 64

  /// Of what no plugin answers.
  package static let standardBounds = (
    bodyBytesMax: Int(bodyBytesStandard), deadlineMs: Int(deadlineMsStandard)
  )

  package let methods: Methods
  package let pattern: RoutePattern
  /// Behind `/o?method=` or `/o/sdk?method=`; empty for a path of its own.
  package let method: String
  /// The permission a member needs.
  package let permission: String
  package let summary: String
  /// By name, what it reads beside credentials, the app and what the path captures.
  package let parameters: [String: String]
  package let access: Access
  package let isPublic: Bool
  package let isWithoutApp: Bool
  /// Whether an answer may be handed out again until something is stored.
  package let isPure: Bool
  package let bodyBytesMax: Int
  package let deadlineMs: Int
  let answer: Enrollment.AnswerFunction
}
