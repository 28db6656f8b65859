/// Reads user agents with the patterns of a file. One thread at a time.
final class AgentReader {
  private let browsers: PatternList
  private let systems: PatternList
  private let devices: PatternList
  private let matcher: Matcher

  /// What uap-core calls whatever it does not know, and the devices of crawlers.
  private static let unknown = "Other"
  private static let spider = "Spider"

  init(_ file: PatternFile, usesRequiredTexts: Bool = true) throws(PatternError) {
    browsers = try PatternList(
      file.lists["user_agent_parsers"] ?? [],
      [("family_replacement", 1), ("v1_replacement", 2), ("v2_replacement", 3)])
    systems = try PatternList(
      file.lists["os_parsers"] ?? [],
      [("os_replacement", 1), ("os_v1_replacement", 2), ("os_v2_replacement", 3)])
    devices = try PatternList(file.lists["device_parsers"] ?? [], [("device_replacement", 1)])
    for (name, list) in [("user_agent", browsers), ("os", systems), ("device", devices)]
    where list.patterns.isEmpty {
      throw PatternError(
        cause: "it has no \(name)_parsers", remedy: "name the regexes.yaml of uap-core")
    }
    matcher = Matcher(usesRequiredTexts: usesRequiredTexts)
  }

  /// Expressions that were given up for taking too long.
  var limited: Int { matcher.limited }

  func read(_ text: UnsafeRawBufferPointer) -> Agent {
    matcher.begin(text)
    let browser = (matcher.first(in: browsers, text) ?? []).map(Self.string)
    let system = (matcher.first(in: systems, text) ?? []).map(Self.string)
    let device = (matcher.first(in: devices, text) ?? []).map(Self.string).first ?? ""
    var says: [Agent.Field: String] = [:]
    if device == Self.spider {
      says[.bot] = Self.known(browser.first) ?? device
    } else {
      says[.device] = Self.known(device)
    }
    says[.browser] = Self.known(browser.first)
    says[.browserVersion] = Self.version(browser)
    if let family = Self.known(system.first) {
      let name = SystemName(family)
      says[.os] = name.text
      if name.keepsVersion { says[.osVersion] = Self.version(system) }
      says[.deviceType] = name.deviceType(agent: Self.string(Array(text)), device: device)
    }
    return Agent(Array(text), says)
  }

  private static func string(_ bytes: [UInt8]) -> String {
    String(decoding: bytes, as: UTF8.self)
  }

  private static func known(_ name: String?) -> String? {
    name.flatMap { $0.isEmpty || $0 == unknown ? nil : $0 }
  }

  /// `17.4`: the first two numbers behind the name.
  private static func version(_ groups: [String]) -> String? {
    guard groups.count > 1, !groups[1].isEmpty else { return nil }
    return groups.count > 2 && !groups[2].isEmpty ? groups[1] + "." + groups[2] : groups[1]
  }
}
