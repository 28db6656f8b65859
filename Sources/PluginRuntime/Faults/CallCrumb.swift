/// Says that a plugin is called about no record of its own. No record can be kept from it when it ends
/// the process there: what such a fault costs is its place.
package struct CallCrumb: Sendable {
  /// What is called.
  package enum Role: String, Sendable {
    case committed
    case answer
    case job

    var phrase: String {
      switch self {
      case .committed: "a committed hook"
      case .answer: "an answer"
      case .job: "a job"
      }
    }
  }

  private let breadcrumb: Breadcrumb?
  private let consumer: StaticName
  private let code: UInt64

  /// Without a breadcrumb nothing is said.
  init(_ breadcrumb: Breadcrumb?, _ plugin: String, _ role: Role, code: UInt64) {
    self.breadcrumb = breadcrumb
    consumer = StaticName(plugin + "/" + role.rawValue)
    self.code = code
  }

  /// Runs `body` as such a call.
  func during<T>(_ positions: ClosedRange<UInt64> = 0...0, _ body: () -> T) -> T {
    guard let breadcrumb else { return body() }
    return breadcrumb.during(consumer, positions, code: code, body)
  }
}

extension Breadcrumb.Death {
  /// For the operator.
  var reason: String {
    let what = role?.phrase ?? (request == nil ? "a hook" : "an intake hook")
    return "ended the server with \(Breadcrumb.words(signal)) in \(what)"
  }
}
