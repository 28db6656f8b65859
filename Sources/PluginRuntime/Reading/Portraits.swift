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
  /// Members of one user's document.
  static let membersMax = 512
  static let nameBytesMax = 64
  static let valueBytesMax = 65_536

  private let set: PluginSet

  package init(_ runtime: PluginRuntime) { set = runtime.entered() }

  deinit { set.leave() }

  /// The number of a plugin that runs.
  package func number(of plugin: String) -> Int? {
    set.instances.first { $0.name == plugin }?.number
  }

  /// Plugins that take the command, in order.
  package func takers(ofCommand name: String) -> [String] {
    set.instances.filter { $0.services?.commands.withLock { $0[name] } != nil }.map(\.name)
  }

  /// The members of a user's document, each name once; `cell` hands a plugin's cell.
  package func members(
    app: UInt32, user: UInt64, cell: (_ plugin: Int) throws -> [UInt8]?
  ) rethrows -> [PortraitMember] {
    let canvas = Canvas()
    for instance in set.instances {
      guard let describe = instance.enrollment.describe, let cell = try cell(instance.number),
        !cell.isEmpty
      else { continue }
      canvas.plugin = instance.name
      let mark = canvas.members.count
      let begun = CallMeter.now()
      let before = ThreadKind.become(.request)
      let (status, _) = cell.withTallyBytes { bytes in
        canvas.withTable(app, user, bytes) { portrait in
          instance.lane?.describe(portrait)
            ?? ErrorText.collect(instance.secrets) { error in
              instance.answers.during { describe(instance.pointer, portrait, error) }
            }
        }
      }
      ThreadKind.become(before)
      instance.account[.question].record(since: begun, failed: status != TALLY_OK)
      instance.counts.add(failed: status != TALLY_OK)
      if status != TALLY_OK { canvas.forget(behind: mark) }
    }
    return canvas.members
  }
}

/// Takes what one user's plugins tell.
private final class Canvas {
  var plugin = ""
  private(set) var members: [PortraitMember] = []
  private var names: Set<String> = []

  func forget(behind mark: Int) {
    for member in members[mark...] { names.remove(member.name) }
    members.removeSubrange(mark...)
  }

  func withTable<T>(
    _ app: UInt32, _ user: UInt64, _ cell: tally_bytes,
    _ body: (UnsafePointer<tally_portrait>) -> T
  ) -> T {
    var table = tally_portrait()
    table.struct_size = UInt32(MemoryLayout<tally_portrait>.size)
    (table.app, table.user, table.cell) = (app, user, cell)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.member = { ctx, name, json in
      guard let ctx else { return }
      Unmanaged<Canvas>.fromOpaque(ctx).takeUnretainedValue().add(name, json.bytes)
    }
    return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
  }

  private func add(_ name: tally_str, _ json: UnsafeRawBufferPointer) {
    guard members.count < Portraits.membersMax, name.len <= Portraits.nameBytesMax,
      json.count <= Portraits.valueBytesMax, let name = name.string, !name.isEmpty,
      !names.contains(name), JSONCheck.isValue(json)
    else { return }
    names.insert(name)
    members.append(PortraitMember(plugin: plugin, name: name, json: Array(json)))
  }
}
