/// One setting in the words of clients that know other servers: a row of the table that
/// `/o/configs`, `/i/configs`, what apps and members have of their own, and `tally check --explain`
/// follow. What a plugin has as a setting of its own is that setting under another name, and
/// plugins.yaml has it; everything else is kept in the store.
struct ConfigurationKey: Sendable {
  /// A plugin's own setting.
  struct Setting: Hashable, Sendable {
    let plugin: String
    let name: String
  }

  /// Who may have a value of their own.
  struct Scope: OptionSet, Sendable {
    let rawValue: Int

    static let app = Scope(rawValue: 1)
    static let member = Scope(rawValue: 2)
  }

  let space: String
  let name: String
  /// What holds where nobody says anything; it also says of which kind values are.
  let standard: ReportValue
  /// What a value must look like: `a whole number from 1 to 100`.
  let need: String
  /// Whether a value of the right kind is one.
  let isGood: @Sendable (ReportValue) -> Bool
  /// One sentence for `tally check --explain` and docs/operating.md.
  let help: String
  /// Where a plugin has it.
  private(set) var setting: Setting?
  /// The host's setting that wins where plugins.yaml, the environment or a flag gives it.
  private(set) var hostSetting: String?
  private(set) var scope: Scope = []

  /// `security.login_tries`
  var path: String { "\(space).\(name)" }

  /// A value of the kind the default is: what is no number is read as one, else it is 0.
  func value(_ given: ReportValue) throws(PluginManager.Refusal) -> ReportValue {
    let value = standard.takingKind(given)
    guard isGood(value) else {
      throw .init(message: "\(path) must be \(need), have \(value.quoted)")
    }
    return value
  }

  /// The same row, where the host's setting of that name wins.
  func below(hostSetting name: String) -> ConfigurationKey {
    var key = self
    key.hostSetting = name
    return key
  }

  /// The same row, of which apps or members may have a value of their own.
  func of(_ scope: Scope) -> ConfigurationKey {
    var key = self
    key.scope = scope
    return key
  }
}

extension ConfigurationKey {
  static func number(
    _ space: String, _ name: String, _ standard: Int64, _ range: ClosedRange<Int64>, _ help: String
  ) -> ConfigurationKey {
    ConfigurationKey(
      space: space, name: name, standard: .int(standard),
      need: "a whole number from \(range.lowerBound) to \(range.upperBound)",
      isGood: { $0.integer.map(range.contains) ?? false }, help: help)
  }

  static func flag(
    _ space: String, _ name: String, _ standard: Bool, _ help: String
  ) -> ConfigurationKey {
    ConfigurationKey(
      space: space, name: name, standard: .bool(standard), need: "true or false",
      isGood: { _ in true }, help: help)
  }

  static func text(
    _ space: String, _ name: String, _ standard: String, need: String, _ help: String,
    _ isGood: @escaping @Sendable (String) -> Bool
  ) -> ConfigurationKey {
    ConfigurationKey(
      space: space, name: name, standard: .string(standard), need: need,
      isGood: { value in
        let text = value.text ?? ""
        return text.utf8.count <= ConfigurationSpaces.valueBytesMax && isGood(text)
      }, help: help)
  }

  /// A plugin's setting, which judges its values itself.
  static func plugin(
    _ space: String, _ name: String, is setting: String, of plugin: String, _ help: String
  ) -> ConfigurationKey {
    var key = ConfigurationKey(
      space: space, name: name, standard: .null, need: "", isGood: { _ in true }, help: help)
    key.setting = Setting(plugin: plugin, name: setting)
    return key
  }
}

extension ReportValue {
  var integer: Int64? { if case .int(let value) = self { value } else { nil } }

  /// As an error names it.
  var quoted: String {
    if case .string(let text) = self { "\"\(LogText.safe(text))\"" } else { text ?? "null" }
  }

  /// A value of the kind this one is: a number is read from the digits a text begins with, else it
  /// is 0. A kind of null takes everything.
  func takingKind(_ given: ReportValue) -> ReportValue {
    switch (self, given) {
    case (.int, .int), (.bool, .bool), (.string, .string), (.double, .double): given
    case (.int, .double(let number)):
      Int64(exactly: number.rounded(.towardZero)).map { .int($0) } ?? .int(0)
    case (.int, _): .int(given.text?.leadingInteger ?? 0)
    case (.bool, _): .bool(["true", "1"].contains(given.text ?? ""))
    case (.string, _): .string(given.text ?? "")
    default: given
    }
  }
}

extension String {
  /// `7` of `7x`; nil where no digit stands first.
  fileprivate var leadingInteger: Int64? {
    let text = drop { $0 == " " }
    let sign = text.first == "-" ? "-" : ""
    return Int64(sign + text.dropFirst(sign.count).prefix { $0.isASCII && $0.isNumber })
  }
}
