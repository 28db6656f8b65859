import PluginABI

/// Small things only this plugin reads, outside of hooks: tokens, cursors, caches. Written directly
/// and synced, never counted: what counts goes through `Commands`.
public struct KeyValues: @unchecked Sendable {
  private let table: UnsafePointer<tally_kv>

  /// A value, and the version that a `swap` must name to replace it.
  public struct Value: Equatable, Sendable {
    public let bytes: [UInt8]
    public let version: UInt64

    /// The value as text.
    public var text: String { String(decoding: bytes, as: UTF8.self) }
  }

  /// Fetches the service; in the plugin's `init`. [control]
  public init(_ host: Host) throws {
    table = try host.service("tally.kv", as: tally_kv.self)
  }

  /// The value of a key below an app (0: no app), or nil. [request, job]
  public func get(_ key: String, app: UInt32 = 0) throws -> Value? {
    let found = ValueSink()
    do {
      try withExtendedLifetime(found) {
        try Text.with(key) { key in
          try ServiceCall.run {
            table.pointee.get(table.pointee.ctx, app, key.abi, found.ctx, ValueSink.take, $0)
          }
        }
      }
    } catch let error as PluginError where error.code == .notFound {
      return nil
    }
    return found.values.first?.value
  }

  /// Writes a value; `ttlSeconds` later it is gone, 0: never. [request, job]
  public func put(
    _ key: String, app: UInt32 = 0, _ value: [UInt8], ttlSeconds: UInt32 = 0
  ) throws {
    try Text.with(key) { key in
      try ServiceCall.with(value) { value in
        try ServiceCall.run {
          table.pointee.put(table.pointee.ctx, app, key.abi, value, ttlSeconds, $0)
        }
      }
    }
  }

  /// Removes a key; false when there was none. [request, job]
  @discardableResult
  public func remove(_ key: String, app: UInt32 = 0) throws -> Bool {
    do {
      try Text.with(key) { key in
        try ServiceCall.run { table.pointee.remove(table.pointee.ctx, app, key.abi, $0) }
      }
      return true
    } catch let error as PluginError where error.code == .notFound {
      return false
    }
  }

  /// Writes only while the key has that version, 0 standing for "not there". The new version, or
  /// nil when somebody else was first. [request, job]
  public func swap(
    _ key: String, app: UInt32 = 0, version: UInt64, _ value: [UInt8], ttlSeconds: UInt32 = 0
  ) throws -> UInt64? {
    var written: UInt64 = 0
    do {
      try Text.with(key) { key in
        try ServiceCall.with(value) { value in
          try ServiceCall.run {
            table.pointee.compare_swap(
              table.pointee.ctx, app, key.abi, version, value, ttlSeconds, &written, $0)
          }
        }
      }
      return written
    } catch let error as PluginError where error.code == .conflict {
      return nil
    }
  }

  /// Keys that begin with `prefix` and lie behind `after`, in order; at most 1 000. [request, job]
  public func scan(
    prefix: String, app: UInt32 = 0, after: String = "", limit: UInt32 = 1_000
  ) throws -> [(key: String, value: Value)] {
    let found = ValueSink()
    try withExtendedLifetime(found) {
      try Text.with(prefix) { prefix in
        try Text.with(after) { after in
          try ServiceCall.run {
            table.pointee.scan(
              table.pointee.ctx, app, prefix.abi, after.abi, limit, found.ctx,
              { ctx, key, value, version in
                ValueSink.add(ctx, String(Text(key)), value, version)
                return 1
              }, $0)
          }
        }
      }
    }
    return found.values
  }
}

/// Collects the values a C function hands over.
private final class ValueSink {
  private(set) var values: [(key: String, value: KeyValues.Value)] = []

  static let take: @convention(c) (UnsafeMutableRawPointer?, tally_bytes, UInt64) -> Void = {
    ValueSink.add($0, "", $1, $2)
  }

  static func add(
    _ ctx: UnsafeMutableRawPointer?, _ key: String, _ value: tally_bytes, _ version: UInt64
  ) {
    guard let ctx else { return }
    let bytes = Array(UnsafeRawBufferPointer(start: value.ptr, count: Int(value.len)))
    Unmanaged<ValueSink>.fromOpaque(ctx).takeUnretainedValue()
      .values.append((key, KeyValues.Value(bytes: bytes, version: version)))
  }

  var ctx: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}
