import PluginABI

/// The host's side of `tally_error`: copies the reason a plugin gives.
struct ErrorText {
  /// Characters kept of a reason.
  static let lengthMax = 1_000

  private(set) var reason = ""
  private let secrets: Secrets

  private init(_ secrets: Secrets) { self.secrets = secrets }

  /// Calls `body` with an error table; returns its status and the reason, without secrets.
  static func collect(
    _ secrets: Secrets, _ body: (UnsafePointer<tally_error>) -> tally_status
  ) -> (tally_status, String) {
    var text = ErrorText(secrets)
    let status = withUnsafeMutablePointer(to: &text) { text in
      var table = tally_error()
      table.struct_size = UInt32(MemoryLayout<tally_error>.size)
      table.ctx = UnsafeMutableRawPointer(text)
      table.set = { ctx, reason in
        guard let text = ctx?.assumingMemoryBound(to: ErrorText.self) else { return }
        text.pointee.reason = text.pointee.secrets.clean(
          reason.bytes, charactersMax: ErrorText.lengthMax)
      }
      return withUnsafePointer(to: table, body)
    }
    return (status, text.reason.isEmpty ? "no reason given" : text.reason)
  }

  /// Throws what a lifecycle step failed with.
  static func check(
    _ plugin: String, _ step: String, _ secrets: Secrets,
    _ body: (UnsafePointer<tally_error>) -> tally_status
  ) throws(PluginError) {
    let (status, reason) = collect(secrets, body)
    guard status == TALLY_OK else {
      throw PluginError(
        .startFailed,
        "\(plugin): \(step) answered \(status): \(reason)")
    }
  }
}
