import PluginABI

/// A user's cell of the plugin's own, to be told in words. Borrowed.
public struct Portrait: ~Copyable {
  private let pointer: UnsafePointer<tally_portrait>

  init(_ pointer: UnsafePointer<tally_portrait>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_portrait>.size) else {
      throw PluginError(.unsupported, "the host's tally_portrait is older than this plugin")
    }
    self.pointer = pointer
  }

  public var app: UInt32 { pointer.pointee.app }
  /// The user's uid.
  public var user: UInt64 { pointer.pointee.user }

  /// Never empty.
  public var cell: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: pointer.pointee.cell.ptr, count: Int(pointer.pointee.cell.len))
  }

  /// The cell as a value of fixed layout; nil when it is shorter.
  public func cell<Value: BitwiseCopyable>(as type: Value.Type) -> Value? {
    cell.count < MemoryLayout<Value>.size ? nil : cell.loadUnaligned(as: Value.self)
  }

  /// Adds a member to the user's document; `json` is one JSON value.
  public func member(_ name: Text, json: Text) {
    pointer.pointee.member?(pointer.pointee.ctx, name.abi, json.abi)
  }

  /// Adds a whole number.
  public func member(_ name: Text, _ number: Int64) {
    TextBuffer.with(capacity: 24) { buffer in
      buffer.append(number)
      member(name, json: buffer.text())
    }
  }
}

extension Registrar {
  /// Says that `describe` tells what the plugin's cells say about users.
  public func describesUsers() throws {
    let status =
      pointer.pointee.describe?(pointer.pointee.ctx, Trampolines.describe) ?? TALLY_UNSUPPORTED
    try PluginError.check(status, "the host does not take descriptions of users")
  }
}
