/// How much of an app's data goes.
package struct AppClearing: Codable, Equatable, Sendable {
  /// What kind of data.
  package enum Scope: String, Codable, Sendable {
    /// The app with everything.
    case app
    /// Everything that was ever received, and which events there are.
    case everything
    /// Everything that was counted and received; which events there are stays, and what plugins
    /// keep under keys.
    case data
    /// What was counted of some events, or of some of their segments.
    case events
    /// What happened before a day.
    case old
  }

  package let scope: Scope
  /// The first day that stays, in the app's time zone, and when it begins; of `old` alone.
  package var day: Int32 = 0
  package var dayMs: Int64 = 0
  /// Of `events` alone: those that go, and the segments that go of others.
  package var events: [String] = []
  package var segments: [String: [String]] = [:]

  package init(_ scope: Scope) { self.scope = scope }

  package static func before(day: Int32, beginsMs: Int64) -> AppClearing {
    var clearing = AppClearing(.old)
    (clearing.day, clearing.dayMs) = (day, beginsMs)
    return clearing
  }
}

/// Raw items that the tables have forgotten and that may still be in the files of the months. Nobody
/// reads them any more.
package struct AppRemoval: Equatable, Sendable {
  package let id: Int64
  package let app: UInt32
  /// The last journal position that goes.
  package let position: UInt64
  /// Nil: whenever it happened.
  package let happenedBeforeMs: Int64?

  package func takes(_ item: RawItem) -> Bool { removal.takes(item) }

  package var removal: RawRemoval {
    RawRemoval(app: app, through: position, happenedBeforeMs: happenedBeforeMs)
  }
}
