/// What is remembered of a user's sessions. Fixed layout without padding: 64 bytes, little-endian.
struct SessionCell: BitwiseCopyable, Equatable {
  private static let version: UInt16 = 2

  private(set) var version = SessionCell.version
  var flags: Flags = []
  /// Seconds of all sessions together.
  var totalDuration: UInt32 = 0
  /// The session that is open, or was last.
  var id: UInt64 = 0
  var startMs: Int64 = 0
  /// When the last session began; moves forward only.
  var lastSessionMs: Int64 = 0
  /// When a session last ended; 0 for never.
  var endedMs: Int64 = 0
  /// Seconds since the session opened; while none is open, those reported since the close.
  var duration: Int32 = 0
  /// Seconds with which the last session was counted when it closed.
  var countedDuration: Int32 = 0
  /// The bucket in which that was.
  var countedHour: Int32 = 0
  /// Requests before the first session.
  var requestsBefore: UInt32 = 0
  /// How many sessions there were.
  var sessions: UInt32 = 0
  /// The local hour of `lastSessionMs`.
  var lastHour: Int32 = 0

  struct Flags: OptionSet, BitwiseCopyable {
    let rawValue: UInt16
    /// A session is open.
    static let open = Flags(rawValue: 1)
    /// There was a session.
    static let started = Flags(rawValue: 2)
    /// The last session is closed, and its duration counted.
    static let counted = Flags(rawValue: 4)
  }

  /// Whether this code can read it.
  var isCurrent: Bool { version == SessionCell.version }

  var isOpen: Bool { flags.contains(.open) }

  /// The range in which the user's loyalty is counted, where the number of sessions does not say so:
  /// behind a merge, until the next session.
  var standing: Int? {
    get {
      let range = Int(flags.rawValue >> Self.standingShift)
      return range == 0 ? nil : range - 1
    }
    set {
      let own = flags.rawValue & (1 << Self.standingShift - 1)
      flags = Flags(rawValue: own | UInt16(newValue.map { $0 + 1 } ?? 0) << Self.standingShift)
    }
  }

  private static let standingShift: UInt16 = 12

  /// Adds seconds to the session and to all of them; both stop at the ends of their types.
  mutating func add(seconds: Int64) {
    duration = Int32(clamping: Int64(duration) + seconds)
    totalDuration = UInt32(clamping: Int64(totalDuration) + seconds)
  }

  /// Two users are one: an open session goes on, of two the later one, with the seconds of both;
  /// what was counted stays counted.
  func merged(with other: SessionCell) -> SessionCell {
    var (last, first) = id < other.id ? (other, self) : (self, other)
    if first.isOpen, !last.isOpen { swap(&last, &first) }
    let late = lastSessionMs < other.lastSessionMs ? other : self
    (last.lastSessionMs, last.lastHour) = (late.lastSessionMs, late.lastHour)
    last.endedMs = max(endedMs, other.endedMs)
    last.duration = Int32(clamping: Int64(duration) + Int64(other.duration))
    last.totalDuration = UInt32(clamping: UInt64(totalDuration) + UInt64(other.totalDuration))
    last.sessions = UInt32(clamping: UInt64(sessions) + UInt64(other.sessions))
    last.requestsBefore = UInt32(clamping: UInt64(requestsBefore) + UInt64(other.requestsBefore))
    if first.flags.contains(.started) { last.flags.insert(.started) }
    last.standing = late.sessions == 0 ? nil : late.standing ?? SessionRules.loyalty(late.sessions)
    return last
  }
}
