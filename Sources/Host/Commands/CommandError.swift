/// Why a command ends with a failure: one sentence that says what to do.
struct CommandError: Error, CustomStringConvertible, Equatable {
  /// What kind of failure it is.
  enum Code: String, Codable, Sendable {
    /// An argument is not what the command needs.
    case invalidArgument
    /// What should be made exists.
    case exists
    /// Another process holds the data folder.
    case locked
    /// The operating system refused.
    case system
    /// The running server did not answer, or not in its language.
    case control
    /// The store refused.
    case store
  }

  let code: Code
  let description: String

  init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }

  /// A refusal of the operating system, with its own words.
  static func system(_ what: String, errno code: Int32) -> CommandError {
    CommandError(.system, "\(what): \(SystemCall.reason(code))")
  }
}
