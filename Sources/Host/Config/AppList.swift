/// Values for single apps as settings of the host have them: `<app id>=<value>`, by commas.
enum AppList {
  private static let none = "none"

  /// By the app's 24 hexadecimal digits, in lower case; nil when the text is neither `none` nor
  /// such a list.
  static func read<Value>(_ text: String, _ value: (String) -> Value?) -> [String: Value]? {
    var values: [String: Value] = [:]
    if text == none { return values }
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].utf8.count == 24, parts[0].allSatisfy(\.isHexDigit),
        let value = value(String(parts[1]))
      else { return nil }
      values[parts[0].lowercased()] = value
    }
    return values
  }

  static func text<Value>(_ values: [String: Value], _ text: (Value) -> String) -> String {
    values.isEmpty
      ? none
      : values.sorted { $0.key < $1.key }.map { "\($0.key)=\(text($0.value))" }
        .joined(separator: ", ")
  }
}
