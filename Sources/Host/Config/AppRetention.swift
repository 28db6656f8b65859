/// How many days the items of single apps are kept: `<app id>=30`, by commas.
struct AppRetention: Equatable, Sendable, CustomStringConvertible {
  static let days = 1...36_500

  /// By the app's 24 hexadecimal digits, in lower case.
  private(set) var days: [String: Int] = [:]

  init() {}

  /// Nil when the text is neither `none` nor such a list.
  init?(_ text: String) {
    if text == "none" { return }
    for word in text.split(whereSeparator: { $0 == "," || $0 == " " }) {
      let parts = word.split(separator: "=", omittingEmptySubsequences: false)
      guard parts.count == 2, parts[0].utf8.count == 24, parts[0].allSatisfy(\.isHexDigit),
        let number = Int(parts[1]), Self.days.contains(number)
      else { return nil }
      days[parts[0].lowercased()] = number
    }
  }

  var description: String {
    days.isEmpty
      ? "none"
      : days.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ", ")
  }
}
