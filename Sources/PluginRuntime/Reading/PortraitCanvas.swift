import PluginABI

/// Takes what plugins tell of one user.
final class PortraitCanvas {
  let app: UInt32
  let user: UInt64
  /// What the plugin whose turn it is has kept.
  private(set) var cell: [UInt8] = []
  private(set) var members: [PortraitMember] = []
  private var plugin = ""
  private var names: Set<String> = []
  /// Members that stood when its turn began.
  private var mark = 0

  init(app: UInt32, user: UInt64) {
    self.app = app
    self.user = user
  }

  /// It is a plugin's turn.
  func begin(_ plugin: String, _ cell: [UInt8]) {
    (self.plugin, self.cell, mark) = (plugin, cell, members.count)
  }

  /// The plugin has told nothing after all.
  func forget() {
    for member in members[mark...] { names.remove(member.name) }
    members.removeSubrange(mark...)
  }

  func add(_ name: UnsafeRawBufferPointer, _ json: UnsafeRawBufferPointer) {
    guard members.count < Portraits.membersMax, name.count <= Portraits.nameBytesMax,
      json.count <= Portraits.valueBytesMax, let name = tally_str(name).string, !name.isEmpty,
      !names.contains(name), JSONCheck.isValue(json)
    else { return }
    names.insert(name)
    members.append(PortraitMember(plugin: plugin, name: name, json: Array(json)))
  }

  /// Calls `body` with the portrait as the contract passes it.
  func withTable<T>(_ body: (UnsafePointer<tally_portrait>) -> T) -> T {
    cell.withTallyBytes { cell in
      var table = tally_portrait()
      table.struct_size = UInt32(MemoryLayout<tally_portrait>.size)
      (table.app, table.user, table.cell) = (app, user, cell)
      table.ctx = Unmanaged.passUnretained(self).toOpaque()
      table.member = { ctx, name, json in
        guard let ctx else { return }
        Unmanaged<PortraitCanvas>.fromOpaque(ctx).takeUnretainedValue().add(name.bytes, json.bytes)
      }
      return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
    }
  }
}
