import PluginABI

/// Two users who are one, and the plugin's cells of both. Borrowed.
public struct Merge: ~Copyable {
  let pointer: UnsafePointer<tally_merge>

  init(_ pointer: UnsafePointer<tally_merge>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_merge>.size) else {
      throw PluginError(.unsupported, "the host's tally_merge is older than this plugin")
    }
    self.pointer = pointer
  }

  public var app: UInt32 { pointer.pointee.app }
  /// The user that is no more.
  public var fromUser: UInt64 { pointer.pointee.from_user }
  /// The user that goes on.
  public var intoUser: UInt64 { pointer.pointee.into_user }
  /// "Now" of the request that said so.
  public var atMs: Int64 { pointer.pointee.at_ms }

  /// The cell of the user that is no more; never empty.
  public var from: UnsafeRawBufferPointer { Self.bytes(pointer.pointee.from) }
  /// The cell of the user that goes on; never empty.
  public var into: UnsafeRawBufferPointer { Self.bytes(pointer.pointee.into) }

  /// Hands over the cell of the user that goes on, which is copied.
  public func put(_ cell: UnsafeRawBufferPointer) {
    pointer.pointee.put?(pointer.pointee.ctx, tally_bytes(cell))
  }

  /// Writes a value of fixed layout, which must have no padding inside.
  public func put<Value: BitwiseCopyable>(_ value: Value) {
    withUnsafeBytes(of: value) { put($0) }
  }

  /// Both cells as values of fixed layout; nil when one is shorter.
  public func cells<Value: BitwiseCopyable>(as type: Value.Type) -> (from: Value, into: Value)? {
    let size = MemoryLayout<Value>.size
    guard from.count >= size, into.count >= size else { return nil }
    return (from.loadUnaligned(as: type), into.loadUnaligned(as: type))
  }

  private static func bytes(_ bytes: tally_bytes) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: bytes.ptr, count: Int(bytes.len))
  }
}
