import PluginABI

/// Calls of service functions, whose refusals carry the host's own reason.
enum ServiceCall {
  /// Receives the host's reason.
  private final class Reason {
    var text = ""
  }

  /// Throws what the host refused with.
  static func run(_ call: (UnsafePointer<tally_error>) -> tally_status) throws {
    let reason = Reason()
    var table = tally_error()
    table.struct_size = UInt32(MemoryLayout<tally_error>.size)
    table.ctx = Unmanaged.passUnretained(reason).toOpaque()
    table.set = { ctx, text in
      guard let ctx else { return }
      Unmanaged<Reason>.fromOpaque(ctx).takeUnretainedValue().text = String(Text(text))
    }
    let status = withExtendedLifetime(reason) { withUnsafePointer(to: table, call) }
    try PluginError.check(status, reason.text)
  }

  /// Lends an array as the contract passes bytes.
  static func with<T>(_ bytes: [UInt8], _ body: (tally_bytes) throws -> T) rethrows -> T {
    try bytes.withUnsafeBytes { try body(tally_bytes($0)) }
  }
}

/// Collects the bytes a C function hands over.
final class ByteSink {
  private(set) var bytes: [UInt8] = []

  func put(_ given: tally_bytes) {
    bytes = Array(UnsafeRawBufferPointer(start: given.ptr, count: Int(given.len)))
  }

  static func from(_ ctx: UnsafeMutableRawPointer?) -> ByteSink? {
    ctx.map { Unmanaged<ByteSink>.fromOpaque($0).takeUnretainedValue() }
  }

  var ctx: UnsafeMutableRawPointer { Unmanaged.passUnretained(self).toOpaque() }
}
