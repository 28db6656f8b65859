import PluginKit

/// One key of the configuration SDKs ask for.
struct BehaviourKey: Sendable {
  enum Kind: Sendable {
    case flag(Bool)
    case number(Int, in: ClosedRange<Int>)
    /// A percentage that is sent as a fraction.
    case share(Int)
    /// There is no list unless somebody writes one, as JSON.
    case list(JSONShape)
  }

  let name: String
  let kind: Kind
  let help: String

  init(_ name: String, _ kind: Kind, _ help: String) {
    self.name = name
    self.kind = kind
    self.help = help
  }

  /// What its text must look like; nil for what is no list.
  var shape: JSONShape? {
    if case .list(let shape) = kind { shape } else { nil }
  }

  var setting: Setting {
    let setting: Setting =
      switch kind {
      case .flag(let value): .bool(name, default: value, help: help)
      case .number(let value, let range): .int(name, default: value, in: range, help: help)
      case .share(let value): .int(name, default: value, in: 0...100, help: help)
      case .list: .string(name, default: "", help: help)
      }
    return setting.perApp()
  }

  /// The value to be sent as JSON; nil when SDKs shall keep their own.
  func value(_ host: Host, app: UInt32, isEnforced: Bool) throws -> String? {
    switch kind {
    case .flag(let standard):
      let value = try host.bool(name, app: app)
      return isEnforced || value != standard ? "\(value)" : nil
    case .number(let standard, _):
      let value = try host.int(name, app: app)
      return isEnforced || value != standard ? "\(value)" : nil
    case .share(let standard):
      let value = try host.int(name, app: app)
      return isEnforced || value != standard ? Self.fraction(value) : nil
    case .list(let shape):
      let text = try host.string(name, app: app)
      if text.isEmpty { return isEnforced ? shape.empty : nil }
      guard Text.with(text, { JSONShape.fits($0, shape) }) else {
        host.log(.error, "\(name) of an app is not sent: need \(shape.example), have \(text)")
        return nil
      }
      return text
    }
  }

  /// `50` is `0.5`, `7` is `0.07`.
  private static func fraction(_ percent: Int) -> String {
    guard percent % 100 != 0 else { return "\(percent / 100)" }
    let digits = percent % 10 == 0 ? "\(percent / 10)" : (percent < 10 ? "0" : "") + "\(percent)"
    return "0." + digits
  }
}

/// The keys that are sent although they have their standard value, so that they win over what an
/// app's developer chose.
struct EnforcedKeys {
  static let name = "enforced"
  static let setting = Setting.string(
    name, default: "",
    help: "Keys sent even with their default, separated by commas; `all` for every one."
  ).perApp()

  private let names: [Substring]

  init(_ text: String) {
    names = text.split { $0 == "," || $0 == " " }
  }

  func has(_ key: BehaviourKey) -> Bool {
    !names.isEmpty && names.contains { $0 == "all" || $0 == key.name }
  }

  /// The first name that is no key.
  var unknown: Substring? {
    names.first { name in name != "all" && !BehaviourKey.all.contains { $0.name == name } }
  }
}
