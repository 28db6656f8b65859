import PluginABI

/// Limits of records that plugins put into the ingest path.
package enum RecordLimits {
  static let deviceBytesMax = 1_024
  package static let objectBytesMax = 1 << 20
  /// Hooks through which a record may descend from others.
  package static let depthMax: UInt8 = 4
}

extension tally_emit {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_emit {
    var table = tally_emit()
    table.struct_size = UInt32(MemoryLayout<tally_emit>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.send = { ctx, record, error in
      ServiceContext.call(ctx, .emit, "send", from: .storing, error) { try $0.send(record) }
    }
    table.stage = { ctx, effects, item, record in
      ServiceContext.call(ctx, .emit, "stage", from: .hooks, nil) {
        try $0.stage(effects, item, record)
      }
    }
    return table
  }
}

extension ServiceContext {
  fileprivate func send(_ pointer: UnsafePointer<tally_record>?) throws {
    let record = try check(pointer, "tally_record")
    let device = try device(record)
    guard !device.isEmpty else {
      throw ServiceError(TALLY_INVALID, "a record needs a device id")
    }
    let object = try object(record)
    guard record.app != 0 else { throw ServiceError(TALLY_INVALID, "a record needs an app") }
    let failure = host.send(
      SentRecord(plugin: plugin, app: record.app, device: device, object: object))
    if let failure { throw ServiceError(TALLY_FAILED, failure) }
  }

  fileprivate func stage(
    _ effects: UnsafePointer<tally_effects>?, _ item: UInt32,
    _ pointer: UnsafePointer<tally_record>?
  ) throws {
    guard let ctx = effects?.pointee.ctx else {
      throw ServiceError(TALLY_INVALID, "effects is NULL; pass what the hook was handed")
    }
    let record = try check(pointer, "tally_record")
    let (device, object) = (try device(record), try object(record))
    let stage = Unmanaged<EffectStage>.fromOpaque(ctx).takeUnretainedValue()
    guard stage.instance?.name == plugin else {
      throw ServiceError(TALLY_INVALID, "these effects are not those of \(plugin)'s running call")
    }
    try stage.stage(device: device, object: object, item: item)
  }

  private func device(_ record: tally_record) throws(ServiceError) -> [UInt8] {
    guard record.device.len <= RecordLimits.deviceBytesMax else {
      throw ServiceError(
        TALLY_LIMIT, "a device id is at most \(RecordLimits.deviceBytesMax) bytes long")
    }
    return Array(record.device.bytes)
  }

  private func object(_ record: tally_record) throws(ServiceError) -> [UInt8] {
    guard record.object.len <= RecordLimits.objectBytesMax else {
      throw ServiceError(
        TALLY_LIMIT,
        "a record of \(record.object.len) bytes is over \(RecordLimits.objectBytesMax)")
    }
    guard host.isObject(record.object.bytes) else {
      throw ServiceError(
        TALLY_INVALID, "the object of a record must be the text of one JSON object")
    }
    account.count(.emit, bytes: Int(record.object.len))
    return Array(record.object.bytes)
  }
}
