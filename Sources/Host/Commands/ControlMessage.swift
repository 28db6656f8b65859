import Foundation

/// What a command asks of a running server: one line of JSON.
struct ControlRequest: Codable, Equatable, Sendable {
  let command: String
  let arguments: [String: String]
}

/// The server's answer: one line of JSON, either values or a refusal.
struct ControlReply: Codable, Equatable, Sendable {
  /// Why the server did not do it.
  struct Refusal: Codable, Equatable, Sendable {
    let code: CommandError.Code
    let message: String
  }

  var values: [String: String]?
  var refusal: Refusal?

  static func success(_ values: [String: String]) -> ControlReply {
    ControlReply(values: values, refusal: nil)
  }

  static func failure(_ error: CommandError) -> ControlReply {
    ControlReply(
      values: nil, refusal: Refusal(code: error.code, message: error.description))
  }

  /// The values, or the refusal as the error it was.
  func get() throws(CommandError) -> [String: String] {
    if let refusal { throw CommandError(refusal.code, refusal.message) }
    guard let values else { throw CommandError(.control, "the server answered nothing") }
    return values
  }
}
