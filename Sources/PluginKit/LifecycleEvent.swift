import PluginABI

/// Something that happened and is no request. Borrowed.
public struct LifecycleEvent: ~Copyable {
  /// What happened.
  public enum Kind: UInt32, Sendable, CaseIterable {
    case appCreated = 1
    case appReset
    case appDeleted
    case userMerged
    case userDeleted
    case userExported
    case settingsChanged
    case dayClosed
  }

  private let pointer: UnsafePointer<tally_lifecycle>
  public let kind: Kind

  init(_ pointer: UnsafePointer<tally_lifecycle>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_lifecycle>.size),
      let kind = Kind(rawValue: pointer.pointee.kind)
    else { throw PluginError(.unsupported, "a lifecycle event this plugin does not know") }
    self.pointer = pointer
    self.kind = kind
  }

  /// 0 for what concerns no app.
  public var app: UInt32 { pointer.pointee.app }
  /// 24 hexadecimal digits; empty without an app.
  public var appID: Text { Text(pointer.pointee.app_id) }
  public var atMs: Int64 { pointer.pointee.at_ms }
  /// The user a user event is about.
  public var user: UInt64 { pointer.pointee.user }
  /// The user that goes on after a merge.
  public var into: UInt64 { pointer.pointee.into }
  /// The plugin whose settings changed, or the day that closed.
  public var name: Text { Text(pointer.pointee.name) }
  /// A JSON object with what else is known, or empty.
  public var detail: Text { Text(pointer.pointee.detail) }

  /// Adds a named JSON value to the export of `userExported`.
  public func write(_ name: Text, json: Text) throws {
    guard let write = pointer.pointee.write else {
      throw PluginError(.invalid, "only userExported takes answers")
    }
    write(pointer.pointee.ctx, name.abi, json.abi)
  }
}
