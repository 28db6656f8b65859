import Foundation
import Store

/// What an order says about an app, told apart into what is understood, what is refused and what is
/// nobody's and kept as it is.
struct AppArguments {
  static let textBytesMax = 256
  /// All members together that nobody declared.
  static let extraBytesMax = 64 << 10
  private static let addressBytesMax = 2_048

  /// Members that follow from others or from what happened: what clients say of them says nothing.
  private static let own: Set<String> = [
    "_id", "app_id", "id_key", "keys", "owner", "seq", "created_at", "edited_at", "last_data",
    "has_image", "plugins",
  ]
  /// Kinds of apps that clients know.
  private static let types: Set<String> = ["mobile", "web", "desktop"]
  static let categories = Set((1...20).map(String.init))

  private(set) var change = AppChange()
  /// Names of what cannot be, sorted.
  private(set) var invalid: [String] = []
  /// Names of what is understood or kept, sorted.
  private(set) var names: [String] = []
  private(set) var extra: [String: JSONValue] = [:]

  private let targets: AddressPolicy

  /// `targets` says where requests may be sent on to.
  init(_ members: [String: JSONValue], targets: AddressPolicy) {
    self.targets = targets
    for (name, value) in members.sorted(by: { $0.key < $1.key }) where !Self.own.contains(name) {
      if read(name, value) { names.append(name) } else { invalid.append(name) }
    }
  }

  /// Whether the value can be.
  private mutating func read(_ name: String, _ value: JSONValue) -> Bool {
    let text = value.string.flatMap {
      $0.utf8.count <= Self.textBytesMax && !$0.hasControlCharacters ? $0 : nil
    }
    switch name {
    case "name": change.name = text
    case "country":
      change.country = text.flatMap { Self.isCountry($0) ? $0 : nil }
      return change.country != nil
    case "timezone":
      change.timezone = text.flatMap { Self.isTimezone($0) ? $0 : nil }
      return change.timezone != nil
    case "category":
      change.category = text.flatMap { Self.categories.contains($0) ? $0 : nil }
      return change.category != nil
    case "type":
      change.type = text.flatMap { Self.types.contains($0) ? $0 : nil }
      return change.type != nil
    case "salt", "checksum_salt": change.salt = text
    case "key":
      change.key = text.flatMap { $0.utf8.count <= IntakeLimits.appKeyBytesMax ? $0 : nil }
      return change.key != nil
    case "remove_keys":
      change.removedKeys = value.string.map { [$0] } ?? value.texts
      return true
    case "paused":
      change.isPaused = value.flag
      return value.flag != nil
    case "locked":
      change.isLocked = value.flag
      return value.flag != nil
    case "redirect_url":
      change.redirectURL = value.string.flatMap { isTarget($0) ? $0 : nil }
      return change.redirectURL != nil
    default:
      guard !name.isEmpty, !name.hasPrefix("$"), name.utf8.count <= Self.textBytesMax else {
        return false
      }
      extra[name] = value
      return true
    }
    return text != nil
  }

  /// Members of before that nobody declared, with those of this order; nil when they are too many.
  func extra(over before: String) -> String? {
    guard case .object(let known)? = JSONValue(before) else { return nil }
    let text = JSONValue.object(known.merging(extra) { _, new in new }).text(escaping: false)
    return text.utf8.count <= Self.extraBytesMax ? text : nil
  }

  static func isCountry(_ text: String) -> Bool {
    text.isEmpty
      || text.utf8.count == 2
        && text.utf8.allSatisfy { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") }
  }

  static func isTimezone(_ text: String) -> Bool {
    text == "UTC" || text.contains("/") && TimeZone(identifier: text) != nil
  }

  /// Whether requests may be sent on to it: an address of the web that is a server's and no page's.
  /// What its name leads to is judged with every connection.
  private func isTarget(_ text: String) -> Bool {
    if text.isEmpty { return true }
    guard text.utf8.count <= Self.addressBytesMax,
      text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
      let parts = URLComponents(string: text), let host = parts.host, !host.isEmpty,
      ["http", "https"].contains(parts.scheme?.lowercased() ?? ""),
      parts.user == nil, parts.password == nil, parts.query == nil, parts.fragment == nil
    else { return false }
    let bare = host.trimmingCharacters(in: ["[", "]"])
    guard let network = AddressPolicy.Network(bare) else { return true }
    return targets.denial(of: network.bytes) == nil
  }
}
