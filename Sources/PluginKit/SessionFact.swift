import PluginABI

/// Which session an item belongs to, as the built-in "sessions" says it. Laid out as
/// `tally_session_fact`. The events of an item lie between opening and closing.
public struct SessionFact: BitwiseCopyable, Equatable, Sendable {
  /// The session this item belongs to; 0 when none is open.
  public var id: UInt64 = 0
  public var startMs: Int64 = 0
  public var flags: Flags = []
  /// Grains in which this session makes the user newly seen.
  public var newIn: Grains = []
  /// With `closedPrevious`: the session this begin closed.
  public var previousID: UInt64 = 0
  public var previousStartMs: Int64 = 0
  /// Seconds.
  public var previousDuration: Int64 = 0
  /// The bucket in which that close is counted.
  public var previousHour: Int32 = 0
  private var reserved: UInt32 = 0
  /// With `closed`: seconds of the session that closes behind this item's events.
  public var duration: Int64 = 0

  /// Nothing happened, and no session is open.
  public init() {}

  /// What happened to sessions at an item.
  public struct Flags: OptionSet, BitwiseCopyable, Sendable {
    public let rawValue: UInt32

    public init(rawValue: UInt32) {
      self.rawValue = rawValue
    }

    /// A new session was counted.
    public static let opened = Flags(rawValue: TALLY_SESSION_OPENED)
    /// A begin inside the cooldown: the closed session goes on.
    public static let extended = Flags(rawValue: TALLY_SESSION_EXTENDED)
    /// Before this item's events.
    public static let closedPrevious = Flags(rawValue: TALLY_SESSION_CLOSED_PREVIOUS)
    /// After this item's events.
    public static let closed = Flags(rawValue: TALLY_SESSION_CLOSED)
    /// The opened session is the user's first.
    public static let first = Flags(rawValue: TALLY_SESSION_FIRST)
  }
}
