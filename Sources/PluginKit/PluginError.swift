import PluginABI

/// Why a plugin refuses: a closed code, and one sentence for the operator that says what to do.
public struct PluginError: Error, Sendable {
  /// The failures that the contract knows.
  public enum Code: Int32, Sendable {
    /// The reason is in the message.
    case failed = -1
    /// An argument is not what the contract demands.
    case invalid = -2
    /// This host does not offer it.
    case unsupported = -3
    /// There is no such thing.
    case notFound = -4
    /// A named limit is reached.
    case limit = -5
    /// A panic or exception, caught at the boundary.
    case panic = -6
    /// Whoever asks may not.
    case denied = -7
    /// It changed meanwhile, or the name is taken.
    case conflict = -8
    /// The request, job or plugin it belongs to has ended.
    case gone = -9
    /// The deadline has passed.
    case timeout = -10
  }

  /// What kind of failure this is.
  public let code: Code
  /// What is wrong and what to do.
  public let message: String

  /// A failure with its reason.
  public init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  /// Throws unless the host said yes.
  static func check(_ status: tally_status, _ what: @autoclosure () -> String) throws {
    guard status != TALLY_OK else { return }
    throw PluginError(Code(rawValue: status) ?? .failed, what())
  }
}

/// Runs `body`, and turns what it throws into a status and the text of `error`.
func reporting(
  to error: UnsafePointer<tally_error>?, _ body: () throws -> Void
) -> tally_status {
  do {
    try body()
    return TALLY_OK
  } catch let failure as PluginError {
    leave(failure.message, in: error)
    return failure.code.rawValue
  } catch let failure {
    leave("\(failure)", in: error)
    return TALLY_FAILED
  }
}

private func leave(_ reason: String, in error: UnsafePointer<tally_error>?) {
  guard let error, let set = error.pointee.set else { return }
  Text.with(reason) { set(error.pointee.ctx, $0.abi) }
}
