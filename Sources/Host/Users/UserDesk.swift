import Foundation
import Logging
import PluginRuntime
import Store

/// What changes users, by commands. Blocks until they are committed.
struct UserDesk: Sendable {
  /// How long a change may take.
  static let patience = Duration.seconds(30)
  /// The command by which plugins hear of an edit (`TALLY_COMMAND_EDIT_USER`).
  static let editCommand = "edit-user"
  /// How often a user is tried to be forgotten to whom somebody new is merged again and again.
  private static let triesMax = 10

  let core: Core
  let eraser: UserEraser

  /// Why nothing was changed, for whoever asked.
  struct Refusal: Error {
    let reason: String
  }

  /// Makes a user; false when there was one.
  func create(app: UInt32, device: [UInt8]) throws -> Bool {
    try submit(HostCommand.owner, HostCommand.createUser.rawValue, app, device, []) == [1]
  }

  /// Has every plugin that keeps something of users take an edit over.
  func edit(app: UInt32, device: [UInt8], _ edit: JSONValue) throws {
    let payload = Array(edit.text(escaping: false).utf8)
    for plugin in Portraits(core.runtime).takers(ofCommand: Self.editCommand) {
      _ = try submit(plugin, Self.editCommand, app, device, payload)
    }
  }

  /// Forgets a user everywhere, and everybody who turned out to be the same. When this returns the
  /// tables have, and raw items, journal and dead letters as well unless somebody still reads them:
  /// then the next erasure or start does it.
  func erase(app: RegisteredApp, uid: UInt64) throws {
    let number = withUnsafeBytes(of: uid.littleEndian) { Array($0) }
    var tries = 0
    // What is answered is committed: then nobody is too new any more.
    while try submit(HostCommand.owner, HostCommand.eraseUser.rawValue, app.number, [], number)
      == [1]
    {
      tries += 1
      if tries == Self.triesMax { throw Refusal(reason: "others become this user; try again") }
    }
    eraser.run()
  }

  private func submit(
    _ plugin: String, _ name: String, _ app: UInt32, _ device: [UInt8], _ payload: [UInt8]
  ) throws -> [UInt8] {
    let outcome = core.services.submit(
      SubmittedCommand(
        plugin: plugin, name: name, app: app, device: device, payload: payload,
        timeout: Self.patience))
    guard outcome.status == Status.ok else { throw Refusal(reason: outcome.reason) }
    return outcome.answer
  }
}
