import PluginABI
import Store

/// A command as a plugin defined it.
struct CommandHandler: @unchecked Sendable {
  typealias Apply =
    @convention(c) (
      UnsafeMutableRawPointer?, UnsafePointer<tally_command>?, UnsafePointer<tally_effects>?,
      UnsafePointer<tally_error>?
    ) -> tally_status

  let apply: Apply
}

/// Limits of commands.
package enum CommandLimits {
  static let handlersMax = 256
  package static let payloadBytesMax = 1 << 20
  package static let answerBytesMax = 65_536
  static let timeoutDefaultMs: UInt32 = 10_000
  static let timeoutMaxMs: UInt32 = 60_000
}

extension tally_commands {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_commands {
    var table = tally_commands()
    table.struct_size = UInt32(MemoryLayout<tally_commands>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.define = { ctx, handler, error in
      ServiceContext.call(ctx, .commands, "define", from: .defining, error) {
        try $0.define(handler)
      }
    }
    table.submit = { ctx, submission, error in
      ServiceContext.call(ctx, .commands, "submit", from: .blocking, error) {
        try $0.submit(submission)
      }
    }
    return table
  }
}

extension ServiceContext {
  fileprivate func define(_ pointer: UnsafePointer<tally_command_handler>?) throws {
    try checkDefining()
    let handler = try check(pointer, "tally_command_handler")
    let name = try ServiceName.check(handler.name, of: "command")
    guard let apply = handler.apply else {
      throw ServiceError(TALLY_INVALID, "command \(name) has no apply; set it")
    }
    try commands.withLock { commands in
      guard commands[name] == nil else {
        throw ServiceError(TALLY_CONFLICT, "command \(name) is defined twice")
      }
      guard commands.count < CommandLimits.handlersMax else {
        throw ServiceError(TALLY_LIMIT, "more than \(CommandLimits.handlersMax) commands")
      }
      commands[name] = CommandHandler(apply: apply)
    }
  }

  fileprivate func submit(_ pointer: UnsafePointer<tally_submission>?) throws {
    let submission = try check(pointer, "tally_submission")
    let command = try command(submission)
    account.count(.commands, bytes: command.payload.count)
    let outcome = host.submit(command)
    if let answer = submission.answer, !outcome.answer.isEmpty {
      outcome.answer.withTallyBytes { answer(submission.answer_ctx, $0) }
    }
    guard outcome.status == TALLY_OK else {
      throw ServiceError(outcome.status, "command \(command.name): \(outcome.reason)")
    }
  }

  private func command(_ submission: tally_submission) throws -> SubmittedCommand {
    let name = try ServiceName.check(submission.name, of: "command")
    guard commands.withLock({ $0[name] != nil }) else {
      throw ServiceError(TALLY_INVALID, "\(name) is no command of \(plugin); define it in enroll")
    }
    guard submission.payload.len <= CommandLimits.payloadBytesMax else {
      throw ServiceError(
        TALLY_LIMIT,
        "a payload of \(submission.payload.len) bytes is over \(CommandLimits.payloadBytesMax)")
    }
    var device: [UInt8] = []
    if submission.user != 0 {
      guard let found = try host.store.device(app: submission.app, user: submission.user) else {
        throw ServiceError(
          TALLY_NOT_FOUND, "app \(submission.app) has no user \(submission.user) in the store")
      }
      device = found
    }
    let wanted = submission.timeout_ms == 0 ? CommandLimits.timeoutDefaultMs : submission.timeout_ms
    return SubmittedCommand(
      plugin: plugin, name: name, app: submission.app, device: device,
      payload: Array(submission.payload.bytes),
      timeout: .milliseconds(min(wanted, CommandLimits.timeoutMaxMs)))
  }
}
