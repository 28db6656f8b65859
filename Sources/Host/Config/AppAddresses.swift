/// What becomes of the addresses of clients of single apps: `<app id>=drop`, by commas.
struct AppAddresses: Equatable, Sendable, CustomStringConvertible {
  /// By the app's 24 hexadecimal digits, in lower case.
  private(set) var modes: [String: AddressMode] = [:]

  init() {}

  /// Nil when the text is neither `none` nor such a list.
  init?(_ text: String) {
    if text == "none" { return }
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].utf8.count == 24, parts[0].allSatisfy(\.isHexDigit),
        let mode = AddressMode(rawValue: String(parts[1]))
      else { return nil }
      modes[parts[0].lowercased()] = mode
    }
  }

  var description: String {
    modes.isEmpty
      ? "none"
      : modes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.rawValue)" }
        .joined(separator: ", ")
  }
}
