import PluginABI

/// The payloads of one batch for one shared document. Borrowed.
public struct Fold: ~Copyable {
  public let app: UInt32
  public let key: Text
  /// The document so far; empty at first.
  public let document: UnsafeRawBufferPointer
  private let payloads: UnsafeBufferPointer<tally_bytes>
  private let ctx: UnsafeMutableRawPointer?
  private let putFunction: (@convention(c) (UnsafeMutableRawPointer?, tally_bytes) -> Void)?

  init(
    _ app: UInt32, _ key: tally_str, _ document: tally_bytes,
    _ payloads: UnsafePointer<tally_bytes>?, _ count: UInt32, _ ctx: UnsafeMutableRawPointer?,
    _ put: (@convention(c) (UnsafeMutableRawPointer?, tally_bytes) -> Void)?
  ) {
    self.app = app
    self.key = Text(key)
    self.document = UnsafeRawBufferPointer(start: document.ptr, count: Int(document.len))
    self.payloads = UnsafeBufferPointer(start: payloads, count: payloads == nil ? 0 : Int(count))
    self.ctx = ctx
    putFunction = put
  }

  /// How many payloads there are.
  public var count: Int { payloads.count }

  /// The payload at that place, in the order of the items.
  public subscript(place: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: payloads[place].ptr, count: Int(payloads[place].len))
  }

  /// Hands over the new document, which is copied. Call it once.
  public func put(_ document: UnsafeRawBufferPointer) {
    putFunction?(ctx, tally_bytes(document))
  }
}
