import Foundation

/// What is told about one app: the answer of `/o/live`, and every message of `/live`.
struct LiveMessage: Codable, Equatable, Sendable {
  /// One minute or one window.
  struct Stretch: Codable, Equatable, Sendable {
    /// When it began.
    let timeMs: Int64
    let users: Int
    let newUsers: Int
    let sessions: Int
    let events: Int
    let views: Int

    enum CodingKeys: String, CodingKey {
      case timeMs = "time_ms"
      case newUsers = "new_users"
      case users, sessions, events, views
    }

    init(_ stretch: (ms: Int64, counts: LiveApp.Counts)) {
      timeMs = stretch.ms
      users = stretch.counts.users
      newUsers = stretch.counts.newUsers
      sessions = stretch.counts.sessions
      events = stretch.counts.events
      views = stretch.counts.views
    }
  }

  /// A view and how often it was seen, or a country and its users.
  struct Named: Codable, Equatable, Sendable {
    let name: String
    let count: Int
  }

  let appID: String
  let timeMs: Int64
  /// Numbers are whole from here on: later than half an hour ago when there was too much to read
  /// back.
  let sinceMs: Int64
  /// Users heard of within `LiveLimits.onlineSeconds`.
  var online = 0
  // Of the last half hour.
  var users = 0
  var newUsers = 0
  var sessions = 0
  var events = 0
  var views = 0
  var isLimited = false
  /// The oldest first; the last one is not over.
  var minutes: [Stretch] = []
  var windows: [Stretch] = []
  var topViews: [Named] = []
  var topCountries: [Named] = []

  enum CodingKeys: String, CodingKey {
    case appID = "app_id"
    case timeMs = "time_ms"
    case sinceMs = "since_ms"
    case newUsers = "new_users"
    case isLimited = "users_limited"
    case topViews = "top_views"
    case topCountries = "top_countries"
    case online, users, sessions, events, views, minutes, windows
  }

  init(appID: String, timeMs: Int64, sinceMs: Int64) {
    self.appID = appID
    self.timeMs = timeMs
    self.sinceMs = sinceMs
  }

  /// One line of JSON.
  var json: [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Numbers and text that is valid always encode.
    return (try? encoder.encode(self)).map(Array.init) ?? Array("{}".utf8)
  }
}
