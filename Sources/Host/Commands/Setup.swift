import Foundation
import Store

/// The first member and the first app, checked and ready to be made. The password has become its
/// hash before anything leaves the command.
struct Setup: Sendable {
  /// What was made.
  struct Result: Equatable, Sendable {
    /// In the order in which they are printed.
    static let keys = ["member_id", "api_key", "app_id", "app_key"]

    let values: [String: String]

    init(values: [String: String]) throws(CommandError) {
      guard Self.keys.allSatisfy({ values[$0] != nil }) else {
        throw CommandError(.control, "the server's answer to setup lacks a value; update both")
      }
      self.values = values
    }
  }

  static let command = "setup"
  static let nameBytesMax = 256
  static let passwordCharactersMin = 8
  static let passwordBytesMax = 1024

  let username: String
  let passwordHash: String
  let app: String
  let timezone: String
  /// Two letters, or nothing.
  let country: String

  init(
    username: String, password: String, app: String, timezone: String, country: String = ""
  ) throws(CommandError) {
    guard password.count >= Self.passwordCharactersMin, password.utf8.count <= Self.passwordBytesMax
    else {
      throw CommandError(
        .invalidArgument,
        "the password must have \(Self.passwordCharactersMin) characters or more, "
          + "at most \(Self.passwordBytesMax) bytes")
    }
    try Self.check(username: username, app: app, timezone: timezone, country: country)
    self.username = username
    passwordHash = try PasswordHash.make(password)
    self.app = app
    self.timezone = timezone
    self.country = country
  }

  /// What came through the control socket, checked again: the socket is a boundary.
  init(_ request: ControlRequest) throws(CommandError) {
    guard let username = request.arguments["username"], let app = request.arguments["app"],
      let timezone = request.arguments["timezone"],
      let passwordHash = request.arguments["password_hash"],
      passwordHash.hasPrefix(PasswordHash.prefix)
    else {
      throw CommandError(
        .control, "setup needs username, password_hash, app and timezone; update both programs")
    }
    let country = request.arguments["country"] ?? ""
    try Self.check(username: username, app: app, timezone: timezone, country: country)
    self.username = username
    self.passwordHash = passwordHash
    self.app = app
    self.timezone = timezone
    self.country = country
  }

  var controlRequest: ControlRequest {
    ControlRequest(
      command: Self.command,
      arguments: [
        "username": username, "password_hash": passwordHash, "app": app, "timezone": timezone,
        "country": country,
      ])
  }

  private static func check(
    username: String, app: String, timezone: String, country: String
  ) throws(CommandError) {
    for (flag, text) in [("--username", username), ("--app", app)] {
      guard (1...nameBytesMax).contains(text.utf8.count), !text.contains(where: \.isNewline),
        text.trimmingCharacters(in: .whitespaces) == text
      else {
        throw CommandError(
          .invalidArgument,
          "\(flag) must have 1 to \(nameBytesMax) bytes, without spaces at its ends")
      }
    }
    // The system also takes abbreviations such as "CET", which have no daylight saving time.
    guard timezone == "UTC" || timezone.contains("/") && TimeZone(identifier: timezone) != nil
    else {
      throw CommandError(
        .invalidArgument,
        "--timezone \"\(timezone)\" is unknown; write a name such as Europe/Berlin or Etc/UTC")
    }
    guard AppArguments.isCountry(country) else {
      throw CommandError(
        .invalidArgument, "--country \"\(country)\" is none; write two letters such as DE")
    }
  }
}
