import PluginABI

/// What one call of an intake hook is shown, and what it says: the same in the host and in a runner,
/// so that both lanes judge alike. Used again for the next call; one thread.
final class IntakeCall {
  static let notesMax = 16
  static let noteNameBytesMax = 128
  static let noteBytesMax = 4_096
  static let messageBytesMax = 512

  /// What is shown beside the parameters. Borrowed.
  struct Shown {
    var app: UInt32 = 0
    var isBulk = false
    var receivedMs: Int64 = 0
    var appID = UnsafeRawBufferPointer(start: nil, count: 0)
    var device = UnsafeRawBufferPointer(start: nil, count: 0)
    var address = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// What the hook said, names without its plugin's.
  private(set) var notes: [IntakeStage.Note] = []
  private(set) var refusal: IntakeStage.Refusal?
  /// Things it said that were over a limit and left out.
  private(set) var limits: UInt32 = 0
  private var parameters: (any IntakeParameters)?
  private let arena = Arena()

  /// Forgets what the last call said.
  func begin(_ parameters: (any IntakeParameters)? = nil) {
    notes.removeAll(keepingCapacity: true)
    refusal = nil
    limits = 0
    self.parameters = parameters
  }

  /// Takes back what was handed out.
  func end() {
    parameters = nil
    arena.reset()
  }

  func withTable<T>(_ shown: Shown, _ body: (UnsafePointer<tally_intake>) -> T) -> T {
    var table = tally_intake()
    table.struct_size = UInt32(MemoryLayout<tally_intake>.size)
    table.app = shown.app
    table.flags = shown.isBulk ? TALLY_INTAKE_BULK : 0
    table.received_ms = shown.receivedMs
    table.app_id = tally_str(shown.appID)
    table.device = tally_str(shown.device)
    table.address = tally_str(shown.address)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.parameter = { IntakeCall.from($0).parameter($1.bytes) }
    table.annotate = { IntakeCall.from($0).annotate($1.bytes, $2.bytes) }
    table.refuse = { IntakeCall.from($0).refuse($1, $2) }
    return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> IntakeCall {
    guard let ctx else { preconditionFailure("tally_intake.ctx was not handed back") }
    return Unmanaged<IntakeCall>.fromOpaque(ctx).takeUnretainedValue()
  }

  private func parameter(_ name: UnsafeRawBufferPointer) -> tally_str {
    guard let value = parameters?.value(of: name) else { return tally_str() }
    // An empty value is there, too, and must not look like none.
    let kept = value.isEmpty ? name : arena.copy(value)
    return tally_str(
      ptr: kept.baseAddress?.assumingMemoryBound(to: CChar.self), len: UInt64(value.count))
  }

  func annotate(
    _ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
  ) -> tally_status {
    guard !name.isEmpty, String(validating: name, as: UTF8.self) != nil,
      String(validating: value, as: UTF8.self) != nil
    else { return TALLY_INVALID }
    guard name.count <= Self.noteNameBytesMax, value.count <= Self.noteBytesMax else {
      return limit()
    }
    if let known = notes.firstIndex(where: { $0.name.elementsEqual(name) }) {
      notes[known].value = Array(value)
      return TALLY_OK
    }
    guard notes.count < Self.notesMax else { return limit() }
    notes.append(.init(name: Array(name), value: Array(value)))
    return TALLY_OK
  }

  /// What the hook asks for is left out.
  private func limit() -> tally_status {
    limits += 1
    return TALLY_LIMIT
  }

  func refuse(_ status: UInt32, _ message: tally_str) -> tally_status {
    guard (200...599).contains(status), let text = message.string else { return TALLY_INVALID }
    guard text.utf8.count <= Self.messageBytesMax else { return limit() }
    refusal = .init(status: Int(status), message: text)
    return TALLY_OK
  }
}

extension tally_str {
  init(_ bytes: UnsafeRawBufferPointer) {
    self.init(
      ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: UInt64(bytes.count))
  }
}
