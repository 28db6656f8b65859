/// Says that a plugin is called about no record of its own. No record can be kept from it when it ends
/// the process there: what such a fault costs is its place.
package struct CallCrumb: Sendable {
  /// What is called.
  package enum Role: String, Sendable {
    case committed
    case answer
    case job

    fileprivate var kind: CallKind {
      switch self {
      case .committed: .committed
      case .answer: .question
      case .job: .job
      }
    }
  }

  private let breadcrumb: Breadcrumb?
  private let consumer: StaticName
  private let kind: CallKind
  private let code: UInt64

  /// Without a breadcrumb nothing is said.
  init(_ breadcrumb: Breadcrumb?, _ plugin: String, _ role: Role, code: UInt64) {
    self.breadcrumb = breadcrumb
    consumer = StaticName(plugin + "/" + role.rawValue)
    kind = role.kind
    self.code = code
  }

  /// Runs `body` as such a call. `kind` stands in for that of the role; `patienceMs` is what the call
  /// may take by its own contract.
  func during<T>(
    _ kind: CallKind? = nil, _ positions: ClosedRange<UInt64> = 0...0, patienceMs: Int = 0,
    _ body: () -> T
  ) -> T {
    guard let breadcrumb else { return body() }
    var call = Breadcrumb.Call(consumer, kind ?? self.kind, positions)
    (call.request, call.patienceMs) = (code, UInt32(clamping: patienceMs))
    return breadcrumb.during(call, body)
  }
}
