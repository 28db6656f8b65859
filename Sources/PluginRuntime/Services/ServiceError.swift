import PluginABI

/// Why a service refuses a call: the status the plugin sees and one sentence for the operator.
struct ServiceError: Error {
  let status: tally_status
  let reason: String

  init(_ status: tally_status, _ reason: String) {
    self.status = status
    self.reason = reason
  }

  /// The call itself is wrong, or comes too late: the plugin's author must act, so it is logged.
  var isMisuse: Bool { status == TALLY_INVALID || status == TALLY_GONE }
}

/// The name of a command, a job or the like.
enum ServiceName {
  static let lengthMax = 64

  /// The checked name, or a refusal that says what names are.
  static func check(_ text: tally_str, of what: String) throws(ServiceError) -> String {
    guard let name = text.string, !name.isEmpty, name.utf8.count <= lengthMax,
      name.utf8.allSatisfy(isAllowed)
    else {
      throw ServiceError(
        TALLY_INVALID,
        "the name of a \(what) must be 1 to \(lengthMax) characters of a-z, 0-9, - and _")
    }
    return name
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte) || byte == 45 || byte == 95
  }
}
