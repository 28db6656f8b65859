import PluginKit

/// What one request wants of its user's session.
struct SessionWish: Equatable {
  var begins = false
  var ends = false
  var ignoresCooldown = false
  /// Seconds, as sent.
  var duration: Int64?
}

/// The parameters that speak of sessions.
struct SessionParameters: Sendable {
  private let begin: Key
  private let end: Key
  private let duration: Key
  private let ignoreCooldown: Key

  init(_ host: Host) throws {
    begin = try host.intern("begin_session")
    end = try host.intern("end_session")
    duration = try host.intern("session_duration")
    ignoreCooldown = try host.intern("ignore_cooldown")
  }

  /// One walk over the request's parameters.
  func read(_ item: Item) -> SessionWish {
    var wish = SessionWish()
    for parameter in item.root.children {
      if parameter.isNamed(begin) {
        wish.begins = parameter.isYes
      } else if parameter.isNamed(end) {
        wish.ends = parameter.isYes
      } else if parameter.isNamed(duration) {
        wish.duration = parameter.looseInt
      } else if parameter.isNamed(ignoreCooldown) {
        wish.ignoresCooldown = parameter.isYes
      }
    }
    return wish
  }
}
