import PluginABI

/// The only way in which a request, a job or a page changes what counts: an entry of the journal,
/// applied in its order, once, by the plugin's own `apply`, and answered behind its commit.
public struct Commands: @unchecked Sendable {
  private let table: UnsafePointer<tally_commands>

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.commands", as: tally_commands.self)
  }

  /// Says that `apply` takes commands of that name: 1 to 64 characters of a-z, 0-9, - and _. In the
  /// plugin's `init`. [control]
  public func define(_ name: String) throws {
    try Text.with(name) { name in
      var handler = tally_command_handler()
      handler.struct_size = UInt32(MemoryLayout<tally_command_handler>.size)
      handler.name = name.abi
      handler.apply = Trampolines.apply
      try ServiceCall.run { table.pointee.define(table.pointee.ctx, &handler, $0) }
    }
  }

  /// Sends a command about an app (0: none) and a user of it (0: none). Returns what `apply`
  /// answered, when its effects are committed; throws what it refused with. At a `timeout` the
  /// command may still be applied. [request, job]
  @discardableResult
  public func submit(
    _ name: String, app: UInt32, user: UInt64 = 0, payload: [UInt8] = [],
    timeoutMs: UInt32 = 10_000
  ) throws -> [UInt8] {
    let answer = ByteSink()
    try withExtendedLifetime(answer) {
      try Text.with(name) { name in
        try ServiceCall.with(payload) { payload in
          var submission = tally_submission()
          submission.struct_size = UInt32(MemoryLayout<tally_submission>.size)
          (submission.app, submission.user) = (app, user)
          (submission.name, submission.payload) = (name.abi, payload)
          submission.timeout_ms = timeoutMs
          submission.answer_ctx = answer.ctx
          submission.answer = { ByteSink.from($0)?.put($1) }
          try ServiceCall.run { table.pointee.submit(table.pointee.ctx, &submission, $0) }
        }
      }
    }
    return answer.bytes
  }
}

/// A command that is being applied. Borrowed.
public struct Command {
  let pointer: UnsafePointer<tally_command>

  init(_ pointer: UnsafePointer<tally_command>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_command>.size) else {
      throw PluginError(.unsupported, "the host's tally_command is older than this plugin")
    }
    self.pointer = pointer
  }

  /// The name of the command by which the host says that somebody edits a user: the payload is a
  /// JSON object of members and values, or of operators. Whoever defines it is sent it.
  public static var editUser: String { TALLY_COMMAND_EDIT_USER }

  public var name: Text { Text(pointer.pointee.name) }
  /// 0: about no app.
  public var app: UInt32 { pointer.pointee.app }
  /// 0: about no user; effects on a user then refuse the command.
  public var user: UInt64 { pointer.pointee.user }
  /// Its place in the journal.
  public var position: UInt64 { pointer.pointee.position }
  /// "Now" of this command, in Unix milliseconds.
  public var receivedMs: Int64 { pointer.pointee.received_ms }
  /// `receivedMs` as hours of the app's local calendar.
  public var hour: Int32 { pointer.pointee.hour }
  /// What was sent.
  public var payload: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(
      start: pointer.pointee.payload.ptr, count: Int(pointer.pointee.payload.len))
  }

  /// Hands at most 65 536 bytes to whoever waits; the last call wins.
  public func answer(_ bytes: [UInt8]) {
    ServiceCall.with(bytes) { pointer.pointee.answer?(pointer.pointee.answer_ctx, $0) }
  }
}

/// What a command asks the host to write; as for items.
extension Effects {
  /// Adds to the measures of a series, by default at the command's hour.
  public func count(
    _ command: Command, _ series: Series, hour: Int32? = nil, _ amounts: Int64...
  ) {
    var all = amounts
    while all.count < Int(series.measures) { all.append(0) }
    all.withUnsafeBufferPointer { all in
      withUnsafePointer(to: series.abi) {
        countFunction(
          ctx, command.pointer.pointee.item, $0, hour ?? command.hour, all.baseAddress,
          series.measures)
      }
    }
  }

  /// Says that the command's user was in the series.
  @discardableResult
  public func unique(
    _ command: Command, _ series: Series, hour: Int32? = nil, firstTime: Bool = false
  ) -> Grains {
    withUnsafePointer(to: series.abi) {
      Grains(
        rawValue: uniqueFunction(
          ctx, command.pointer.pointee.item, $0, hour ?? command.hour, firstTime ? 1 : 0))
    }
  }

  /// The plugin's cell of the command's user, until the next `putCell`.
  public func cell(_ command: Command) -> UnsafeRawBufferPointer {
    let bytes = cellFunction(ctx, command.pointer.pointee.item)
    return UnsafeRawBufferPointer(start: bytes.ptr, count: Int(bytes.len))
  }

  public func putCell(_ command: Command, _ bytes: UnsafeRawBufferPointer) {
    cellPutFunction(ctx, command.pointer.pointee.item, tally_bytes(bytes))
  }

  /// Appends a row to a table.
  public func row(
    _ command: Command, _ table: Table, key: Text, _ payload: UnsafeRawBufferPointer
  ) {
    rowFunction(
      ctx, command.pointer.pointee.item, table.number, key.abi, tally_bytes(payload))
  }

  /// Sends a payload to a shared document; a `reduce` that refuses it refuses the command.
  public func emit(
    _ command: Command, _ collection: Collection, key: Text, _ payload: UnsafeRawBufferPointer
  ) {
    emitFunction(
      ctx, command.pointer.pointee.item, collection.number, key.abi, tally_bytes(payload))
  }
}
