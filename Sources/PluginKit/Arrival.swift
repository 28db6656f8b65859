import PluginABI

/// One request on its way in, before the journal and before the answer. Borrowed. What is not
/// refused is accepted.
public struct Arrival: ~Copyable {
  private let pointer: UnsafePointer<tally_intake>

  init(_ pointer: UnsafePointer<tally_intake>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_intake>.size) else {
      throw PluginError(.unsupported, "the host's tally_intake is older than this plugin")
    }
    self.pointer = pointer
  }

  public var app: UInt32 { pointer.pointee.app }
  /// 24 hexadecimal digits.
  public var appID: Text { Text(pointer.pointee.app_id) }
  public var device: Text { Text(pointer.pointee.device) }
  /// The peer's address; empty when the operator has addresses dropped.
  public var address: Text { Text(pointer.pointee.address) }
  public var receivedMs: Int64 { pointer.pointee.received_ms }
  /// Whether it is an item of a bulk request.
  public var isBulk: Bool { pointer.pointee.flags & TALLY_INTAKE_BULK != 0 }

  /// The decoded parameter, or nil.
  public subscript(name: Text) -> Text? {
    guard let found = pointer.pointee.parameter?(pointer.pointee.ctx, name.abi), found.ptr != nil
    else { return nil }
    return Text(found)
  }

  /// Says something about the request that no client can forge; hooks find it below `Item.notes` as
  /// `<plugin>.<name>`.
  public func annotate(_ name: Text, _ value: Text) throws {
    let status =
      pointer.pointee.annotate?(pointer.pointee.ctx, name.abi, value.abi) ?? TALLY_UNSUPPORTED
    try PluginError.check(status, "the host did not take the note \"\(String(name))\"")
  }

  /// Answers the request with a status from 200 to 599 and a message instead of accepting it.
  public func refuse(_ status: Int, _ message: Text) throws {
    let answer =
      pointer.pointee.refuse?(pointer.pointee.ctx, UInt32(status), message.abi)
      ?? TALLY_UNSUPPORTED
    try PluginError.check(answer, "the host did not take the refusal with status \(status)")
  }
}
