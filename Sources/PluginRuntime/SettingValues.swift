import Foundation
import PluginABI

/// Settings as a plugin reads them, with texts that stay where they are.
final class SettingValues: @unchecked Sendable {
  let settings: Settings
  private let values: [String: tally_setting_value]
  private let overrides: [String: [String: tally_setting_value]]
  private let texts: [UnsafeMutablePointer<CChar>]

  init(_ settings: Settings) {
    var texts: [UnsafeMutablePointer<CChar>] = []
    func stable(_ text: String) -> tally_str {
      guard let copy = strdup(text) else { return tally_str() }
      texts.append(copy)
      return tally_str(ptr: copy, len: UInt64(text.utf8.count))
    }
    self.settings = settings
    values = settings.values.mapValues { tally_setting_value($0, text: stable) }
    overrides = settings.overrides.mapValues { values in
      values.mapValues { tally_setting_value($0, text: stable) }
    }
    self.texts = texts
  }

  deinit { texts.forEach { free($0) } }

  var hasOverrides: Bool { !overrides.isEmpty }

  /// A value, that of one app where it has one of its own.
  func get(
    _ name: tally_str, of app: String? = nil, _ out: UnsafeMutablePointer<tally_setting_value>?
  ) -> tally_status {
    guard let out, let name = name.string else { return TALLY_INVALID }
    guard let value = app.flatMap({ overrides[$0]?[name] }) ?? values[name] else {
      return TALLY_NOT_FOUND
    }
    out.pointee = value
    return TALLY_OK
  }
}

extension tally_setting_value {
  fileprivate init(_ value: SettingValue, text stable: (String) -> tally_str) {
    self.init()
    struct_size = UInt32(MemoryLayout<tally_setting_value>.size)
    switch value {
    case .bool(let flag):
      kind = TALLY_SETTING_BOOL
      integer = flag ? 1 : 0
    case .int(let number):
      kind = TALLY_SETTING_INT
      integer = number
      self.number = Double(number)
    case .double(let number):
      kind = TALLY_SETTING_DOUBLE
      self.number = number
    case .string(let string):
      kind = TALLY_SETTING_STRING
      text = stable(string)
    }
  }
}
