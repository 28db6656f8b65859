import Logging
import PluginABI

/// What a plugin tells of a user.
package struct PortraitMember: Sendable, Equatable {
  package let plugin: String
  package let name: String
  /// One JSON value.
  package let json: [UInt8]
}

/// Has plugins tell what their cells say about users. Holds what runs from being stopped; made for
/// one answer.
package final class Portraits {
  /// Users of one call: of one message, where the plugin runs in a process of its own.
  package static let usersMax = 100
  /// Members of one user's document.
  static let membersMax = 512
  static let nameBytesMax = 64
  static let valueBytesMax = 65_536

  private let set: PluginSet
  private let log: Logger

  package init(_ runtime: PluginRuntime) {
    set = runtime.entered()
    log = runtime.services.log
  }

  deinit { set.leave() }

  /// The number of a plugin that runs.
  package func number(of plugin: String) -> Int? {
    set.instances.first { $0.name == plugin }?.number
  }

  /// Plugins that take the command, in order.
  package func takers(ofCommand name: String) -> [String] {
    set.instances.filter { $0.services?.commands.withLock { $0[name] } != nil }.map(\.name)
  }

  /// The members of each user's document, each name once; `cell` hands a plugin's cell of a user.
  package func members(
    app: UInt32, users: [UInt64], cell: (_ plugin: Int, _ user: UInt64) throws -> [UInt8]?
  ) rethrows -> [[PortraitMember]] {
    precondition(users.count <= Self.usersMax, "more users than one call is about")
    let canvases = users.map { PortraitCanvas(app: app, user: $0) }
    for instance in set.instances {
      guard let describe = instance.enrollment.describe else { continue }
      var shown: [PortraitCanvas] = []
      for canvas in canvases {
        guard let cell = try cell(instance.number, canvas.user), !cell.isEmpty else { continue }
        canvas.begin(instance.name, cell)
        shown.append(canvas)
      }
      guard !shown.isEmpty else { continue }
      let before = ThreadKind.become(.request)
      paint(shown, by: instance, describe)
      ThreadKind.become(before)
    }
    return canvases.map(\.members)
  }

  private func paint(
    _ canvases: [PortraitCanvas], by instance: PluginInstance,
    _ describe: @escaping Enrollment.DescribeFunction
  ) {
    guard let lane = instance.lane else {
      for canvas in canvases {
        account(of: instance) {
          let (status, reason) = canvas.withTable { portrait in
            ErrorText.collect(instance.secrets) { error in
              instance.answers.during(.describe) { describe(instance.pointer, portrait, error) }
            }
          }
          guard status != TALLY_OK else { return nil }
          canvas.forget()
          return "status \(status): \(reason)"
        }
      }
      return
    }
    account(of: instance) { lane.describe(canvases) }
  }

  /// `call` answers why it failed. Lists ask again and again, so each cause is said once.
  private func account(of instance: PluginInstance, _ call: () -> String?) {
    let begun = CallMeter.now()
    let reason = call()
    instance.account[.describe].record(since: begun, failed: reason != nil)
    instance.counts.add(failed: reason != nil)
    guard let reason, instance.account.isNew(cause: reason) else { return }
    log.error(
      "a plugin could not tell of a user; the same cause is only counted from here on",
      metadata: ["plugin": "\(instance.name)", "reason": "\(reason)"])
  }
}
