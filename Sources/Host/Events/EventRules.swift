/// Which segments of an app's events are not counted. Made anew when management changes them; read
/// by the pipeline.
final class EventRules: Sendable {
  private struct Rule: Sendable {
    var omitted: Set<[UInt8]> = []
    var only: Set<[UInt8]>?
  }

  private let rules: [[UInt8]: Rule]

  /// Nil when everything is counted.
  init?(omitted: [String: [String]], whitelisted: [String: [String]]) {
    var rules: [[UInt8]: Rule] = [:]
    for (event, names) in omitted where !names.isEmpty {
      rules[Self.key(event), default: Rule()].omitted = Set(names.map { Array($0.utf8) })
    }
    for (event, names) in whitelisted where !names.isEmpty {
      rules[Self.key(event), default: Rule()].only = Set(names.map { Array($0.utf8) })
    }
    if rules.isEmpty { return nil }
    self.rules = rules
  }

  private static func key(_ event: String) -> [UInt8] { Array(EventRegistry.plain(event).utf8) }

  /// Whether anything of the event is left out.
  func concerns(_ event: UnsafeRawBufferPointer) -> Bool { rules[Array(event)] != nil }

  /// Whether a segment is counted; its name is cleaned as counters clean it.
  func counts(_ segment: UnsafeRawBufferPointer, of event: UnsafeRawBufferPointer) -> Bool {
    guard let rule = rules[Array(event)] else { return true }
    let isMarked = segment.first == UInt8(ascii: "$")
    let name = segment.dropFirst(isMarked ? 1 : 0).filter { $0 != UInt8(ascii: ".") }
    return !rule.omitted.contains(name) && rule.only?.contains(name) ?? true
  }
}
