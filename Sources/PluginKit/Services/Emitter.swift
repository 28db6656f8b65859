import PluginABI

/// Items of the plugin's own into the ingest path, counted as if a device had sent them.
public struct Emitter: @unchecked Sendable {
  private let table: UnsafePointer<tally_emit>

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.emit", as: tally_emit.self)
  }

  /// Puts a record into the journal; returns when it is durable. `object` is the text of a JSON
  /// object, the parameters of a request. [request, job]
  public func send(app: UInt32, device: String, object: String) throws {
    try Text.with(device) { device in
      try Text.with(object) { object in
        var record = Self.record(app: app, device, object)
        try ServiceCall.run { table.pointee.send(table.pointee.ctx, &record, $0) }
      }
    }
  }

  /// The same as an effect of a hook: committed with the batch, put into the journal exactly once.
  /// Without a device it is the item's. [hook]
  public func stage(
    _ item: Item, _ effects: borrowing Effects, device: String = "", object: String
  ) throws {
    try stage(effects, item: item.place, device, object)
  }

  /// The same as an effect of a command. [hook]
  public func stage(
    _ command: Command, _ effects: borrowing Effects, device: String = "", object: String
  ) throws {
    try stage(effects, item: command.pointer.pointee.item, device, object)
  }

  private func stage(
    _ effects: borrowing Effects, item: UInt32, _ device: String, _ object: String
  ) throws {
    var table = tally_effects()
    table.struct_size = UInt32(MemoryLayout<tally_effects>.size)
    table.ctx = effects.ctx
    let status = Text.with(device) { device in
      Text.with(object) { object in
        var record = Self.record(app: 0, device, object)
        return self.table.pointee.stage(self.table.pointee.ctx, &table, item, &record)
      }
    }
    try PluginError.check(status, "the host refused the record; its log says why")
  }

  private static func record(app: UInt32, _ device: Text, _ object: Text) -> tally_record {
    tally_record(
      struct_size: UInt32(MemoryLayout<tally_record>.size), app: app, device: device.abi,
      object: object.abi)
  }
}
