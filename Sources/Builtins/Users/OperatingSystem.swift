import PluginKit

/// What the lower-cased name of an operating system tells.
extension Text {
  /// Longer names first, so that the first match is the longest.
  private static let systemCodes: [(StaticString, StaticString)] = [
    ("windows phone", "w"), ("blackberry", "b"), ("chrome os", "c"), ("android", "a"),
    ("watchos", "wos"), ("windows", "mw"), ("unknown", "unk"), ("macos", "o"), ("linux", "l"),
    ("tizen", "t"), ("tvos", "atv"), ("roku", "r"), ("unix", "u"), ("ios", "i"), ("web", "web"),
  ]

  /// What versions and densities are prefixed with: a code, else the name's first letter.
  var systemCode: Text {
    for (name, code) in Self.systemCodes where hasPrefix(Text(stringLiteral: name)) {
      return Text(stringLiteral: code)
    }
    var end = min(count, 1)
    while end < count, self[end] & 0xC0 == 0x80 { end += 1 }
    return prefix(end)
  }

  var isAppleSystem: Bool {
    self == "ios" || self == "macos" || self == "tvos" || self == "watchos"
  }

  /// The device type of an Apple system, for SDKs that send none; empty when the device does not
  /// say.
  func appleDeviceType(_ device: Text) -> Text {
    if self == "macos" { return "desktop" }
    if self == "tvos" { return "smarttv" }
    if self == "watchos" { return "wearable" }
    if device.hasPrefix("iPad") { return "tablet" }
    return device.hasPrefix("iPhone") || device.hasPrefix("iPod") ? "mobile" : ""
  }

  /// The part of a locale before `_` or `-`.
  var language: Text {
    let ends = [firstIndex(of: UInt8(ascii: "_")), firstIndex(of: UInt8(ascii: "-"))]
    return prefix(ends.compactMap { $0 }.min() ?? count)
  }

  /// Whether it has digits only.
  var isNumber: Bool { !isEmpty && bytes.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } }

  /// How many Unicode scalars it has.
  var characters: Int { bytes.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) } }
}
