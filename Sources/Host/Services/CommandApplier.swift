import PluginRuntime
import Store

/// Applies commands, live and in catch-up alike. The pipeline's thread only, inside a batch of the
/// working set.
struct CommandApplier {
  private static let hourMs: Int64 = 3_600_000

  let workingSet: WorkingSet
  let dispatcher: Dispatcher
  let registry: AppRegistry

  /// `uid`: the very user of a raw row, where merges that came later have not happened yet.
  /// `isReplay`: an operator asks, also of a command that ended the process before.
  func apply(
    _ command: RequestRecord.Command, _ position: UInt64, _ receivedMs: Int64,
    ofUser uid: UInt64 = 0, isReplay: Bool = false
  ) throws -> CommandOutcome {
    let app = registry.snapshot.byNumber[command.app]
    guard command.app == 0 || app != nil else {
      return CommandOutcome(status: Status.notFound, reason: "there is no app \(command.app)")
    }
    var user: (slot: Int32, uid: UInt64)?
    if uid > 0 {
      guard
        let slot = try workingSet.user(app: command.app, uid: uid, device: command.device)
      else { return CommandOutcome(status: Status.notFound, reason: "the user is gone") }
      user = (slot, uid)
    } else if !command.device.isEmpty {
      let found = try workingSet.user(app: command.app, device: command.device, nowMs: receivedMs)
      user = (found.slot, found.uid)
    }
    dispatcher.depth = 0
    return try dispatcher.apply(
      AppliedCommand(
        plugin: command.plugin, name: command.name, app: command.app, position: position,
        receivedMs: receivedMs,
        hour: app?.calendar.hour(ofMs: receivedMs) ?? Int32(receivedMs / Self.hourMs),
        device: command.device, user: user, payload: command.payload), isReplay: isReplay)
  }
}
