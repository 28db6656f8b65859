/// How many days the items of single apps are kept: `<app id>=30`, by commas.
struct AppRetention: Equatable, Sendable, CustomStringConvertible {
  static let days = 1...36_500

  /// By the app's 24 hexadecimal digits, in lower case.
  private(set) var days: [String: Int] = [:]

  init() {}

  /// Nil when the text is no such list.
  init?(_ text: String) {
    let read = AppList.read(text) { Int($0).flatMap { Self.days.contains($0) ? $0 : nil } }
    guard let read else { return nil }
    days = read
  }

  var description: String { AppList.text(days) { "\($0)" } }
}
