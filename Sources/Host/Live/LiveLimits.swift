/// The bounds of the live view. What it keeps and sends never grows with traffic beyond them.
enum LiveLimits {
  /// Minutes it looks back.
  static let minutes = 30
  /// Seconds of one of the short windows, and how many of them are kept.
  static let windowSeconds = 10
  static let windows = 18
  /// A user who was heard of within so many seconds is online: SDKs send once a minute, and one of
  /// these requests may be late.
  static let onlineSeconds = 120
  /// Users of one app that are told apart; further ones are not counted as users.
  static let usersMax = 100_000
  /// Names of views of one app and minute; further ones are counted under `otherName`.
  static let viewsMax = 500
  static let otherName = "[CLY]_other"
  static let nameBytesMax = 128
  /// Countries of one app that are told apart.
  static let countriesMax = 300
  /// Names in a list of the most frequent.
  static let topMax = 10
  /// The newest items a first look reads back.
  static let restoreItemsMax = 500_000
  /// How long a first look waits for that.
  static let restoreWaitSeconds = 10.0
  /// Nobody has looked for so long: everything is forgotten, and nothing is read any more.
  static let idleSeconds = 60.0
  /// The shortest time between two messages about one app.
  static let messageSeconds = 0.25
  /// Readers that are told at a time; further ones are turned away.
  static let watchersMax = 256
  /// How long a reader may leave messages lying before it is dropped.
  static let slowSeconds = 5.0
}
