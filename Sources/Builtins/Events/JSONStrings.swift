import PluginKit

/// Reads a JSON array of strings, as questions carry it in a parameter.
enum JSONStrings {
  /// The strings, or nil when the text is anything else.
  static func parse(_ text: Text) -> [String]? {
    guard case .list(let values)? = JSONReader.parse(text) else { return nil }
    let strings = values.compactMap { if case .text(let string) = $0 { string } else { nil } }
    return strings.count == values.count ? strings : nil
  }
}
