import PluginKit

/// Turns the `metrics` an SDK sends into the values that are counted. Runs on requests that carry
/// metrics, about one in ten.
struct MetricNormaliser: Sendable {
  /// Bytes of text one request's metrics may need while they are made.
  static let roomBytes = 8_192
  /// Bytes of a raw value that are looked at.
  private static let rawBytesMax = 256

  /// The parameters, each at the place of the metric it becomes.
  private static let names: [(UserMetric, String)] = [
    (.os, "_os"), (.osVersion, "_os_version"), (.device, "_device"),
    (.manufacturer, "_manufacturer"), (.deviceType, "_device_type"), (.resolution, "_resolution"),
    (.density, "_density"), (.appVersion, "_app_version"), (.carrier, "_carrier"),
    (.locale, "_locale"), (.browser, "_browser"), (.browserVersion, "_browser_version"),
    (.store, "_store"),
  ]

  private let keys: [(metric: UserMetric, key: Key)]

  init(_ host: Host) throws {
    keys = try Self.names.map { (metric: $0.0, key: try host.intern($0.1)) }
  }

  func apply(_ metrics: Node, to profile: inout Profile, _ room: inout TextBuffer) {
    withUnsafeTemporaryAllocation(of: Text.self, capacity: UserMetric.allCases.count) { given in
      given.initialize(repeating: "")
      for member in metrics.children {
        guard let metric = keys.first(where: { member.isNamed($0.key) })?.metric else { continue }
        given[Int(metric.rawValue)] = room.raw(member).prefix(Self.rawBytesMax)
      }
      let raw = { (metric: UserMetric) in given[Int(metric.rawValue)] }
      for metric in [UserMetric.device, .resolution, .browser, .browserVersion, .store] {
        profile.set(metric, room.cleaned(raw(metric)))
      }
      profile.set(.appVersion, room.appVersion(raw(.appVersion)))
      profile.set(.carrier, room.carrier(raw(.carrier)))
      profile.set(.locale, room.cleaned(raw(.locale)))
      profile.set(.language, room.cleaned(raw(.locale).language))
      platform(raw, to: &profile, &room)
    }
  }

  /// What depends on the operating system that this same request names.
  private func platform(
    _ raw: (UserMetric) -> Text, to profile: inout Profile, _ room: inout TextBuffer
  ) {
    let name = room.cleaned(raw(.os))
    let system = room.lowercased(name)
    profile.set(.os, name)
    profile.set(.osVersion, room.prefixed(raw(.osVersion), by: system.systemCode))
    profile.set(.density, room.density(raw(.density), system: system.systemCode))
    let isApple = system.isAppleSystem
    profile.set(.manufacturer, isApple ? "Apple" : room.cleaned(raw(.manufacturer)))
    let type = raw(.deviceType)
    profile.set(
      .deviceType,
      type.isEmpty && isApple ? system.appleDeviceType(raw(.device)) : room.cleaned(type))
  }
}

extension TextBuffer {
  /// The text of a value; numbers as JavaScript writes them, nothing for containers and null.
  fileprivate mutating func raw(_ node: Node) -> Text {
    if node.kind == .string { return node.text }
    guard let number = node.double else { return "" }
    let start = count
    if let int = node.int { append(int) } else { append(number) }
    return text(from: start)
  }

  fileprivate mutating func lowercased(_ text: Text) -> Text {
    let start = count
    for byte in text.bytes { append(byte.isUpper ? byte | 0x20 : byte) }
    return self.text(from: start)
  }

  fileprivate mutating func prefixed(_ text: Text, by code: Text) -> Text {
    guard !text.isEmpty else { return "" }
    let start = count
    append(code)
    append(text)
    return cleaned(self.text(from: start))
  }

  /// `2` on Android is `a2:00`, `XXHDPI` is `aXXHDPI`.
  fileprivate mutating func density(_ text: Text, system: Text) -> Text {
    guard let number = Double(String(text)), number.isFinite, number.magnitude < 1e6 else {
      return prefixed(text, by: system)
    }
    let start = count
    let hundredths = Int64(number.magnitude * 100 + 0.5)
    append(system)
    if number < 0 { append(UInt8(ascii: "-")) }
    append(hundredths / 100)
    append(UInt8(ascii: ":"))
    append(UInt8(ascii: "0") + UInt8(hundredths / 10 % 10))
    append(UInt8(ascii: "0") + UInt8(hundredths % 10))
    return self.text(from: start)
  }

  /// `3` is `3:0`.
  fileprivate mutating func appVersion(_ text: Text) -> Text {
    guard text.isNumber else { return cleaned(text) }
    let start = count
    append(text)
    append(":0")
    return self.text(from: start)
  }

  /// Each word begins with a capital. A number of a network (`26201`) and 16 characters without a
  /// space, which some devices make up, are no carrier.
  fileprivate mutating func carrier(_ text: Text) -> Text {
    if text.isNumber, text.count == 5 || text.count == 6 { return "" }
    if text.characters == 16, text.firstIndex(of: 0x20) == nil { return "" }
    let start = count
    var isFirst = true
    for byte in cleaned(text).bytes {
      append(isFirst ? (byte.isLower ? byte & 0xDF : byte) : (byte.isUpper ? byte | 0x20 : byte))
      isFirst = byte == 0x20
    }
    return self.text(from: start)
  }
}

extension UInt8 {
  fileprivate var isUpper: Bool { self >= 0x41 && self <= 0x5A }
  fileprivate var isLower: Bool { self >= 0x61 && self <= 0x7A }
}
