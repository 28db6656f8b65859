/// What becomes of the addresses of clients of single apps: `<app id>=drop`, by commas.
struct AppAddresses: Equatable, Sendable, CustomStringConvertible {
  /// By the app's 24 hexadecimal digits, in lower case.
  private(set) var modes: [String: AddressMode] = [:]

  init() {}

  /// Nil when the text is no such list.
  init?(_ text: String) {
    guard let read = AppList.read(text, AddressMode.init(rawValue:)) else { return nil }
    modes = read
  }

  var description: String { AppList.text(modes, \.rawValue) }
}
