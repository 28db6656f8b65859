import Store

/// Who changes the configuration.
struct ConfigurationAuthor: Equatable, Sendable {
  /// How a change arrives.
  enum Way: String, Codable, Sendable {
    case api
    case command
    /// Somebody edited the file.
    case file
    /// The same, while no server ran.
    case start
  }

  let way: Way
  /// A member's name, or the command and its user; empty for a file, which keeps no names.
  var name = ""
  /// A member's id, or empty.
  var member = ""

  static let file = ConfigurationAuthor(way: .file)
  static let start = ConfigurationAuthor(way: .start)

  static func member(_ member: Member) -> ConfigurationAuthor {
    ConfigurationAuthor(way: .api, name: member.username, member: member.id)
  }

  static func command(_ name: String) -> ConfigurationAuthor {
    ConfigurationAuthor(way: .command, name: name)
  }
}
