import PluginABI

/// A setting an operator may write below `plugins.<name>` in plugins.yaml. The unit stands last in
/// the name.
public struct Setting: Sendable {
  let name: String
  let kind: UInt32
  let defaultText: String
  let range: ClosedRange<Double>
  let help: String

  public static func bool(_ name: String, default value: Bool, help: String) -> Setting {
    Setting(
      name: name, kind: TALLY_SETTING_BOOL, defaultText: "\(value)", range: 0...0, help: help)
  }

  public static func int(
    _ name: String, default value: Int, in range: ClosedRange<Int>, help: String
  ) -> Setting {
    Setting(
      name: name, kind: TALLY_SETTING_INT, defaultText: "\(value)",
      range: Double(range.lowerBound)...Double(range.upperBound), help: help)
  }

  public static func double(
    _ name: String, default value: Double, in range: ClosedRange<Double>, help: String
  ) -> Setting {
    Setting(
      name: name, kind: TALLY_SETTING_DOUBLE, defaultText: "\(value)", range: range, help: help)
  }

  public static func string(_ name: String, default value: String, help: String) -> Setting {
    Setting(name: name, kind: TALLY_SETTING_STRING, defaultText: value, range: 0...0, help: help)
  }
}

/// Who a plugin is: the manifest.
public struct Descriptor: Sendable {
  let name: String
  let version: String
  let summary: String
  let settings: [Setting]

  /// `name` is a-z, 0-9 and "-", and equals the folder and lib<name>.so; `version` is semantic;
  /// `summary` is one sentence.
  public init(name: String, version: String, summary: String, settings: [Setting] = []) {
    self.name = name
    self.version = version
    self.summary = summary
    self.settings = settings
  }
}

extension Descriptor {
  /// A copy for the host. It is never freed: the contract makes it constant, and libraries stay
  /// loaded.
  func constant() -> UnsafePointer<tally_descriptor> {
    let count = max(self.settings.count, 1)
    let settings = UnsafeMutablePointer<tally_setting>.allocate(capacity: count)
    for (place, setting) in self.settings.enumerated() {
      (settings + place).initialize(
        to: tally_setting(
          struct_size: UInt32(MemoryLayout<tally_setting>.size), kind: setting.kind,
          name: setting.name.constant(), help: setting.help.constant(),
          default_text: setting.defaultText.constant(), minimum: setting.range.lowerBound,
          maximum: setting.range.upperBound, unit: tally_str(), choices: nil, n_choices: 0, flags: 0
        ))
    }
    var table = tally_descriptor()
    table.struct_size = UInt32(MemoryLayout<tally_descriptor>.size)
    table.name = name.constant()
    table.version = version.constant()
    table.summary = summary.constant()
    table.settings = self.settings.isEmpty ? nil : UnsafePointer(settings)
    table.n_settings = UInt32(self.settings.count)
    let descriptor = UnsafeMutablePointer<tally_descriptor>.allocate(capacity: 1)
    descriptor.initialize(to: table)
    return UnsafePointer(descriptor)
  }
}

extension String {
  /// A copy that is never freed.
  fileprivate func constant() -> tally_str {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(utf8.count, 1), alignment: 1)
    copy.copyBytes(from: utf8)
    return tally_str(
      ptr: copy.baseAddress.map { UnsafePointer($0.assumingMemoryBound(to: CChar.self)) },
      len: UInt64(utf8.count))
  }
}
