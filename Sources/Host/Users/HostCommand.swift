import PluginRuntime
import Store

/// Commands of the host itself: entries of the journal like those of plugins, with no plugin's
/// name, applied in order by the pipeline.
enum HostCommand: String {
  /// Makes the user of a device id, when there is none. Answers 1 when it was made.
  case createUser = "create-user"
  /// Forgets a user, under all its numbers; the payload is one of them, little-endian. Answers 1
  /// when it is too early: another of them is not committed.
  case eraseUser = "erase-user"
  /// Takes data of an app away, or the app; the payload is an `AppClearing`. `AppClearer` does it.
  case clearApp = "clear-app"
  /// Says nothing: an entry in a segment of its own, behind which the journal is trimmed.
  case turnJournal = "turn-journal"

  /// In place of a plugin's name.
  static let owner = ""

  static func isOne(_ command: RequestRecord.Command) -> Bool { command.plugin == owner }

  /// Inside a batch of the working set.
  static func apply(
    _ command: RequestRecord.Command, receivedMs: Int64, to workingSet: WorkingSet
  ) throws -> CommandOutcome {
    switch HostCommand(rawValue: command.name) {
    case .createUser:
      let user = try workingSet.user(app: command.app, device: command.device, nowMs: receivedMs)
      workingSet.reveal(user: user.slot, atMs: receivedMs)
      return CommandOutcome(status: Status.ok, answer: [user.isNew ? 1 : 0])
    case .eraseUser:
      let erased =
        command.payload.count == MemoryLayout<UInt64>.size
        ? try workingSet.erase(app: command.app, user: command.payload.little(at: 0)) : .unknown
      switch erased {
      case .done: return CommandOutcome(status: Status.ok)
      case .notYet: return CommandOutcome(status: Status.ok, answer: [1])
      case .unknown:
        return CommandOutcome(status: Status.notFound, reason: "there is no such user")
      }
    case .turnJournal, .clearApp: return CommandOutcome(status: Status.ok)
    case nil:
      return CommandOutcome(
        status: Status.invalid, reason: "this version has no command \(command.name)")
    }
  }
}
