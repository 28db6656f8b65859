/// One hook in calling order, and why it stands there: what `tally plugin order` prints.
package struct HookOrderLine: Sendable, Equatable {
  package let kind: HookKind
  package let plugin: String
  /// What the plugin calls the hook; may be empty.
  package let hook: String
  package let phase: Int32
  /// In an operator's words, the phase first.
  package let causes: [String]

  /// One line of text: `views  phase normal, after sessions`.
  package var text: String {
    let name = hook.isEmpty ? plugin : "\(plugin)/\(hook)"
    return "\(name)  \(causes.joined(separator: ", "))"
  }

  /// The phases that have a name.
  private static let phases: [Int32: String] = [
    -1000: "first", -500: "early", 0: "normal", 500: "late", 1000: "last",
  ]

  /// The phase an operator calls so: a name, or a number.
  package static func phase(_ text: String) -> Int32? {
    phases.first { $0.value == text }?.key ?? Int32(text)
  }

  /// The entry at that place among all of its kind.
  init(_ kind: HookKind, _ entry: HookOrder.Entry, among entries: [HookOrder.Entry]) {
    self.kind = kind
    plugin = entry.plugin
    hook = entry.hook
    phase = entry.phase
    let running = Set(entries.map(\.plugin)).subtracting([entry.plugin])
    let place = entry.overruled.map { " (\($0.place))" } ?? ""
    let phaseText = Self.phases[entry.phase] ?? "\(entry.phase)"
    var causes = ["phase \(phaseText)" + (entry.overruled?.phase == nil ? "" : place)]
    causes += entry.after.filter(running.contains).map {
      "after \($0)" + (entry.overruled?.after == nil ? "" : place)
    }
    causes += entry.before.filter(running.contains).map {
      "before \($0)" + (entry.overruled?.before == nil ? "" : place)
    }
    for other in entries where other.plugin != entry.plugin {
      if other.before.contains(entry.plugin) { causes.append("\(other.plugin) wants to be before") }
      if other.after.contains(entry.plugin) { causes.append("\(other.plugin) wants to be after") }
    }
    self.causes = causes
  }
}
