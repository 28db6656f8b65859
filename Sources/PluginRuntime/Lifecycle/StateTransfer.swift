import PluginABI

/// What one generation of a plugin's code leaves to the next. A cache and nothing more: what counts
/// is in the store.
enum StateTransfer {
  /// More than that is not kept.
  static let stateBytesMax = 64 << 20

  /// Receives what the plugin puts.
  private final class Received {
    var bytes: [UInt8]?
    var isTooLong = false
  }

  /// What the instance exports; nil when it has nothing to leave. While no hook of it runs.
  static func export(
    _ instance: UnsafeMutableRawPointer?, _ table: tally_plugin
  ) -> [UInt8]? {
    guard let export = table.state_export else { return nil }
    let received = Received()
    // Its reason is told to nobody.
    let (status, _) = ErrorText.collect(Secrets()) { error in
      export(
        instance, Unmanaged.passUnretained(received).toOpaque(),
        { ctx, state in
          guard let ctx else { return }
          let received = Unmanaged<Received>.fromOpaque(ctx).takeUnretainedValue()
          received.isTooLong = state.len > UInt64(StateTransfer.stateBytesMax)
          received.bytes = received.isTooLong ? nil : Array(state.bytes)
        }, error)
    }
    return status == TALLY_OK ? received.bytes : nil
  }

  /// Hands a state over; why it was refused, or nil.
  static func `import`(
    _ state: [UInt8], into instance: UnsafeMutableRawPointer?, _ table: tally_plugin,
    _ secrets: Secrets
  ) -> String? {
    guard let take = table.state_import else { return nil }
    let (status, reason) = state.withTallyBytes { bytes in
      ErrorText.collect(secrets) { take(instance, bytes, $0) }
    }
    return status == TALLY_OK ? nil : "status \(status): \(reason)"
  }
}
