import PluginABI
import Store

/// Everything one plugin registered in `enroll`, published in one step when its start succeeded.
package struct Enrollment {
  /// A function that sees requests or hears of what happens.
  struct Hook {
    let kind: HookKind
    /// What the plugin calls it; may be empty.
    let name: String
    let phase: Int32
    let before: [String]
    let after: [String]
    let keys: [UInt32]
    /// Bits of `TALLY_LIFECYCLE_…`, all of them when the plugin named none.
    let lifecycleKinds: UInt32
    /// The how-manieth hook of its plugin, by the order of registration.
    var ordinal = 0
    let function: Function

    /// The function of a process hook.
    var process: ProcessFunction {
      guard case .process(let function) = function else {
        preconditionFailure("process is asked of a \(kind.name) hook")
      }
      return function
    }
  }

  /// The one function of a hook.
  enum Function {
    case intake(IntakeFunction)
    case transform(TransformFunction)
    case process(ProcessFunction)
    case committed(CommittedFunction)
    case lifecycle(LifecycleFunction)
  }

  typealias IntakeFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_intake>?, UnsafePointer<tally_error>?
    ) -> tally_status
  typealias TransformFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_batch>?, UnsafePointer<tally_verdicts>?,
      UnsafePointer<tally_error>?
    ) -> tally_status
  typealias ProcessFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_batch>?, UnsafePointer<tally_facts>?,
      UnsafePointer<tally_effects>?, UnsafePointer<tally_error>?
    ) -> tally_status
  typealias CommittedFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_commit>?, UnsafePointer<tally_error>?
    ) -> tally_status
  typealias LifecycleFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_lifecycle>?, UnsafePointer<tally_error>?
    ) -> tally_status
  typealias ReduceFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_fold>?, UnsafePointer<tally_error>?
    ) -> tally_status
  typealias AnswerFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_request>?, UnsafePointer<tally_reply>?,
      UnsafePointer<tally_error>?
    ) -> tally_status

  typealias DescribeFunction =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_portrait>?, UnsafePointer<tally_error>?
    ) -> tally_status

  /// Documents that many users share.
  struct Collection {
    let name: String
    let documentLimit: Int
    let reduce: ReduceFunction
  }

  struct Table {
    let name: String
    let rowsPerKey: Int
  }

  /// Registrations of each kind a plugin may make.
  static let registrationsMax = 256

  var metrics: [MetricDefinition] = []
  /// Of each metric.
  var metricLimits: [MetricDefinition.LimitSettings] = []
  var collections: [Collection] = []
  var tables: [Table] = []
  var hooks: [Hook] = []
  var routes: [Route] = []
  var describe: DescribeFunction?

  func has(_ kind: HookKind) -> Bool { hooks.contains { $0.kind == kind } }
}

/// When a hook is called; the raw values are those of `TALLY_HOOK_…`.
package enum HookKind: UInt32, CaseIterable, Sendable {
  case intake = 1
  case transform
  case process
  case committed
  case lifecycle

  package var name: String {
    switch self {
    case .intake: "intake"
    case .transform: "transform"
    case .process: "process"
    case .committed: "committed"
    case .lifecycle: "lifecycle"
    }
  }
}
