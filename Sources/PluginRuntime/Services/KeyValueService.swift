import PluginABI
import Store

extension tally_kv {
  static func serving(_ ctx: UnsafeMutableRawPointer) -> tally_kv {
    var table = tally_kv()
    table.struct_size = UInt32(MemoryLayout<tally_kv>.size)
    table.revision = Service.revision
    table.ctx = ctx
    table.get = { ctx, app, key, visitCtx, visit, error in
      ServiceContext.call(ctx, .kv, "get", from: .storing, error) { service in
        guard let visit else { throw ServiceError(TALLY_INVALID, "visit is NULL") }
        let entry = try service.get(app, key)
        entry.value.withTallyBytes { visit(visitCtx, $0, entry.version) }
      }
    }
    table.put = { ctx, app, key, value, ttl, error in
      ServiceContext.call(ctx, .kv, "put", from: .storing, error) {
        _ = try $0.put(app, key, value, ttl, ifVersion: nil)
      }
    }
    table.remove = { ctx, app, key, error in
      ServiceContext.call(ctx, .kv, "remove", from: .storing, error) { try $0.remove(app, key) }
    }
    table.compare_swap = { ctx, app, key, version, value, ttl, out, error in
      ServiceContext.call(ctx, .kv, "compare_swap", from: .storing, error) {
        let written = try $0.put(app, key, value, ttl, ifVersion: version)
        out?.pointee = written.version
        if let refusal = written.refusal { throw refusal }
      }
    }
    table.scan = { ctx, app, prefix, after, limit, visitCtx, visit, error in
      ServiceContext.call(ctx, .kv, "scan", from: .storing, error) { service in
        guard let visit else { throw ServiceError(TALLY_INVALID, "visit is NULL") }
        for entry in try service.scan(app, prefix, after, limit) {
          let goesOn = Array(entry.key.utf8).withTallyText { key in
            entry.value.withTallyBytes { visit(visitCtx, key, $0, entry.version) }
          }
          if goesOn == 0 { break }
        }
      }
    }
    return table
  }
}

extension ServiceContext {
  fileprivate func get(_ app: UInt32, _ key: tally_str) throws -> KeyValues.Entry {
    let place = try place(app, key)
    guard let entry = try host.keyValues.get(place, nowMs: host.nowMs) else {
      throw ServiceError(TALLY_NOT_FOUND, "there is no key \(place.key) in app \(app)")
    }
    return entry
  }

  /// The version in force, and why it was not written when a version was demanded.
  fileprivate func put(
    _ app: UInt32, _ key: tally_str, _ value: tally_bytes, _ ttl: UInt32, ifVersion: UInt64?
  ) throws -> (version: UInt64, refusal: ServiceError?) {
    let place = try place(app, key)
    guard value.len <= KeyValues.valueBytesMax else {
      throw ServiceError(
        TALLY_LIMIT, "a value of \(value.len) bytes is over \(KeyValues.valueBytesMax)")
    }
    account.count(.kv, bytes: Int(value.len))
    let now = host.nowMs
    let expires = ttl == 0 ? 0 : now + Int64(ttl) * 1_000
    let written = try host.keyValues.put(
      place, Array(value.bytes), expiresMs: expires, ifVersion: ifVersion, nowMs: now)
    switch written {
    case .done(let version): return (version, nil)
    case .conflict(let version):
      let reason = "key \(place.key) has version \(version), not \(ifVersion ?? 0); read it again"
      return (version, ServiceError(TALLY_CONFLICT, reason))
    case .full(let limit):
      throw ServiceError(TALLY_LIMIT, "\(plugin) holds \(limit) already; remove some first")
    }
  }

  fileprivate func remove(_ app: UInt32, _ key: tally_str) throws {
    let place = try place(app, key)
    guard try host.keyValues.remove(place, nowMs: host.nowMs) else {
      throw ServiceError(TALLY_NOT_FOUND, "there is no key \(place.key) in app \(app)")
    }
  }

  fileprivate func scan(
    _ app: UInt32, _ prefix: tally_str, _ after: tally_str, _ limit: UInt32
  ) throws -> [KeyValues.Entry] {
    guard let prefix = prefix.string, let after = after.string else {
      throw ServiceError(TALLY_INVALID, "prefix and after must be UTF-8")
    }
    return try host.keyValues.scan(
      plugin: plugin, app: app, prefix: prefix, after: after, limit: Int(limit),
      nowMs: host.nowMs)
  }

  private func place(_ app: UInt32, _ key: tally_str) throws(ServiceError) -> KeyValues.Place {
    guard let text = key.string, !text.isEmpty, text.utf8.count <= KeyValues.keyBytesMax else {
      throw ServiceError(
        TALLY_INVALID, "a key must be UTF-8 of 1 to \(KeyValues.keyBytesMax) bytes")
    }
    return KeyValues.Place(plugin: plugin, app: app, key: text)
  }
}
