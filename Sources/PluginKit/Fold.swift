import PluginABI

/// The payloads of one batch for one shared document. Borrowed.
public struct Fold: ~Copyable {
  private let pointer: UnsafePointer<tally_fold>

  init(_ pointer: UnsafePointer<tally_fold>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_fold>.size) else {
      throw PluginError(.unsupported, "the host's tally_fold is older than this plugin")
    }
    self.pointer = pointer
  }

  public var app: UInt32 { pointer.pointee.app }
  public var key: Text { Text(pointer.pointee.key) }

  /// The document so far; empty at first.
  public var document: UnsafeRawBufferPointer {
    let document = pointer.pointee.document
    return UnsafeRawBufferPointer(start: document.ptr, count: Int(document.len))
  }

  /// How many payloads there are.
  public var count: Int { pointer.pointee.payloads == nil ? 0 : Int(pointer.pointee.n_payloads) }

  /// The payload at that place, in the order of the items.
  public subscript(place: Int) -> UnsafeRawBufferPointer {
    precondition(place >= 0 && place < count, "a payload outside the fold")
    guard let payload = pointer.pointee.payloads?[place] else { return .init(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: payload.ptr, count: Int(payload.len))
  }

  /// Hands over the new document, which is copied. Call it once.
  public func put(_ document: UnsafeRawBufferPointer) {
    pointer.pointee.put?(pointer.pointee.ctx, tally_bytes(document))
  }
}
