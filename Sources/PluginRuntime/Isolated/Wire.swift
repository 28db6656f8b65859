import PluginABI

/// What host and runner agree on. Both are built together; the protocol's number tells a mixed
/// installation.
package enum Wire {
  /// Changes with every change of the messages.
  package static let protocolNumber: UInt32 = 9
  static let magic: UInt32 = 0x5441_4C52

  /// The first page of each block holds its `WireHeader`.
  static let headerBytes = 4_096
  /// Where in the first page of replies a runner's thread says that it brought the end about.
  static let crumbOffset = 2_048
  /// Where it says its number.
  static let threadOffset = 3_072
  /// What one message may carry. Effects beyond it are handed over in several.
  static let messageBytes = 64 << 20
  /// What a batch, its facts and its users' cells may take together.
  static let batchBytes = 448 << 20

  static let batchOffset = headerBytes + messageBytes
  static let batchRequestBytes = batchOffset + batchBytes
  static let blockBytes = headerBytes + messageBytes

  /// What a message is. The runner answers each request with `ask`s, each followed by `given`, and
  /// one `done`.
  enum Kind: UInt32 {
    case hello = 1
    case load = 2
    case begin = 3
    case process = 4
    case reduce = 5
    case answer = 6
    case end = 7
    case given = 8
    case ask = 9
    case done = 10
    case transform = 11
    case lifecycle = 12
    case command = 13
    case export = 14
    case committed = 15
    case job = 16
    case intake = 17
    case settingsCheck = 18
    case settingsApply = 19
    case describe = 20
    case merge = 21
  }

  /// One effect, or one step of an answer.
  enum Entry: UInt32 {
    case count = 1
    case unique = 2
    case cell = 3
    case cellPut = 4
    case fact = 5
    case row = 6
    case emit = 7
    /// The call is refused, in these words.
    case refuse = 8
    case write = 9
    case string = 10
    /// Of an answer; of what is told of users, that all was told of one.
    case status = 11
    case document = 12
    case totals = 13
    case names = 14
    case get = 15
    case list = 16
    case rows = 17
    case cellOfUser = 18
    case header = 19
    case cancelled = 20
    /// A call of a service: a `ServiceCall` and its arguments.
    case service = 21
    case drop = 22
    case dropEvent = 23
    case set = 24
    case remove = 25
    case addEvent = 26
    /// Bytes a function hands out: the document of a fold, a command's answer, a state.
    case handed = 27
    /// A named value of an export, or of what a plugin tells of a user.
    case exported = 28
    case progress = 29
    /// What an intake hook said about a request.
    case said = 30
    case findBy = 31
  }

  /// What a plugin's hooks have been seen to read, so that it travels with the batch.
  struct Wants: OptionSet {
    let rawValue: UInt64
    static let cells = Wants(rawValue: 1)
    static let seen = Wants(rawValue: 2)
  }

  /// Says "no number" where 0 is one.
  static let none = UInt64.max

  /// Of a place: it is counted from the first byte of the memory all runners share, and not from
  /// that of the call's own.
  static let isShared: UInt64 = 1 << 63

  /// Users of a batch: words of each, and where they point from the batch's first byte.
  static let wordsPerUser = 4

  /// FNV-1a: tells a plugin from its successor under the same name; nothing trusts it.
  static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }
}

/// The descriptors a runner is born with.
enum RunnerDescriptor: Int32 {
  case input = 0
  case output = 1
  case errors = 2
  case log = 3
}

/// The conversations of a runner with its host. Each has a thread of its own on either side.
enum Channel: Int32, CaseIterable {
  /// Everything that is called on the pipeline's thread.
  case hook
  case question
  case commit
  case job
  case intake

  private static let first: Int32 = 4

  /// Where the memory shared by all runners is found.
  static let batches = first + 4 * Int32(allCases.count)

  var requests: Int32 { Self.first + 4 * rawValue }
  var replies: Int32 { requests + 1 }
  var bell: Int32 { requests + 2 }
  var replyBell: Int32 { requests + 3 }

  /// Whether batches are copied into its memory.
  var carriesBatches: Bool { self == .hook || self == .commit }

  var requestBytes: Int { carriesBatches ? Wire.batchRequestBytes : Wire.blockBytes }
}

/// The descriptors a runner needs once it is locked down.
package enum RunnerRights {
  /// Standard output and error, the log, and the bells of its conversations.
  package static let written = [1, 2, 3] + Channel.allCases.map { UInt64($0.replyBell) }
  package static let read = Channel.allCases.map { UInt64($0.bell) }
}

/// The first bytes of a block: what lies behind it.
struct WireHeader {
  var magic = Wire.magic
  var protocolNumber = Wire.protocolNumber
  var abiMajor = TALLY_ABI_MAJOR
  var abiMinor = TALLY_ABI_MINOR
  var kind: UInt32 = 0
  /// Counts requests, so that a late answer is not taken for one to the next request.
  var sequence: UInt32 = 0
  var length: UInt64 = 0
  /// The sender's.
  var processor: Int32 = -1
  var reserved0: Int32 = 0
}
