import Store

/// What the services of plugins need from the server around them. Blocking, except where it says
/// otherwise; any thread but the pipeline's.
package protocol ServiceHost: AnyObject, Sendable {
  var store: Store { get }
  /// Unix milliseconds. Does not block.
  var nowMs: Int64 { get }
  var keyValues: KeyValues { get }
  var jobs: JobScheduler { get }
  var http: any OutgoingHTTP { get }
  /// The member of an id. Does not block.
  func member(id: String) -> Member?
  /// Whether a member has `TALLY_ACCESS_…` to a feature of an app. Does not block.
  func may(_ member: Member, app: UInt32, feature: String, access: UInt32) -> Bool
  /// Puts a command into the journal and waits for its commit.
  func submit(_ command: SubmittedCommand) -> CommandOutcome
  /// Puts an item into the journal and waits until it is durable; the reason when it is not.
  func send(_ record: SentRecord) -> String?
  /// Whether the bytes are one JSON object. Does not block.
  func isObject(_ text: UnsafeRawBufferPointer) -> Bool
}

/// A command on its way to the journal.
package struct SubmittedCommand: Sendable {
  package let plugin: String
  package let name: String
  package let app: UInt32
  /// The device id of the user it is about, or empty.
  package let device: [UInt8]
  package let payload: [UInt8]
  package let timeout: Duration

  package init(
    plugin: String, name: String, app: UInt32, device: [UInt8], payload: [UInt8],
    timeout: Duration
  ) {
    self.plugin = plugin
    self.name = name
    self.app = app
    self.device = device
    self.payload = payload
    self.timeout = timeout
  }
}

/// An item of a plugin on its way to the journal.
package struct SentRecord: Sendable {
  package let plugin: String
  package let app: UInt32
  package let device: [UInt8]
  package let object: [UInt8]
}

/// A command as it came out of the journal.
package struct AppliedCommand {
  package let plugin: String
  package let name: String
  package let app: UInt32
  package let position: UInt64
  package let receivedMs: Int64
  /// Of the app's local calendar.
  package let hour: Int32
  package let device: UnsafeRawBufferPointer
  /// The working set's slot of the user it is about; nil when it is about none.
  package let user: (slot: Int32, uid: UInt64)?
  package let payload: UnsafeRawBufferPointer

  package init(
    plugin: String, name: String, app: UInt32, position: UInt64, receivedMs: Int64, hour: Int32,
    device: UnsafeRawBufferPointer, user: (slot: Int32, uid: UInt64)?,
    payload: UnsafeRawBufferPointer
  ) {
    self.plugin = plugin
    self.name = name
    self.app = app
    self.position = position
    self.receivedMs = receivedMs
    self.hour = hour
    self.device = device
    self.user = user
    self.payload = payload
  }
}

/// How a command ended.
package struct CommandOutcome: Sendable {
  /// `TALLY_OK`, or why nothing of it remains.
  package let status: Int32
  package var reason = ""
  /// What the handler handed to whoever waits.
  package var answer: [UInt8] = []
  /// It could not be tried at all and must be kept for whoever can.
  package var isDeadLetter = false
  /// Its plugin does not run.
  package var isOwnerless = false

  package init(status: Int32, reason: String = "", answer: [UInt8] = [], isDeadLetter: Bool = false)
  {
    self.status = status
    self.reason = reason
    self.answer = answer
    self.isDeadLetter = isDeadLetter
  }
}
