import PluginABI

/// Headers of an answer, as far as a plugin may set them.
extension ReadContext {
  /// Headers of one answer, and bytes of one of them.
  static let headersMax = 32
  static let headerBytesMax = 8_192

  /// The host frames messages; a plugin that sets these could smuggle another one.
  private static let framing: Set<String> = [
    "connection", "content-length", "date", "keep-alive", "te", "trailer", "transfer-encoding",
    "upgrade",
  ]

  func header(_ name: tally_str, _ value: tally_str) {
    let text = (name.string ?? "").lowercased()
    guard !text.isEmpty, text.utf8.allSatisfy(Self.isToken), !Self.framing.contains(text),
      let content = value.string, content.utf8.count <= Self.headerBytesMax,
      content.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 })
    else { return }
    answer.headers.removeAll { $0.name == text }
    guard answer.headers.count < Self.headersMax else { return }
    answer.headers.append((text, content))
  }

  private static func isToken(_ byte: UInt8) -> Bool {
    (97...122).contains(byte) || (48...57).contains(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}
