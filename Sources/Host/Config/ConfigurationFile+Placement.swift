import PluginRuntime

/// What plugins.yaml says about the place of a plugin's hooks.
extension ConfigurationFile {
  private static let orderKeys = ["phase", "before", "after"]

  static func readOrder(
    _ entry: YAMLEntry, name: String
  ) throws(ConfigurationError) -> OrderOverride {
    var order = OrderOverride(place: entry.place.description)
    for member in try entry.value.entries(of: name) {
      let key = "\(name).\(member.key)"
      switch member.key {
      case "phase": order.phase = try readPhase(member, name: key)
      case "before": order.before = try readNames(member.value, name: key)
      case "after": order.after = try readNames(member.value, name: key)
      default: throw unknown(member, in: name, known: orderKeys)
      }
    }
    return order
  }

  private static func readPhase(
    _ member: YAMLEntry, name: String
  ) throws(ConfigurationError) -> Int32 {
    let text = try member.value.text(of: name)
    guard let phase = HookOrderLine.phase(text) else {
      throw ConfigurationError(
        .value, member.value.place,
        "\(name): need first, early, normal, late, last or a whole number, have \"\(text)\"")
    }
    return phase
  }

  /// One name, or a list of them.
  private static func readNames(
    _ node: YAMLNode, name: String
  ) throws(ConfigurationError) -> [String] {
    let nodes: [YAMLNode]
    if case .sequence(let list) = node.content { nodes = list } else { nodes = [node] }
    var names: [String] = []
    for node in nodes {
      let text = try node.text(of: name)
      guard isPluginName(text) else {
        throw ConfigurationError(
          .value, node.place, "\(name): \"\(text)\" is no name of a plugin; use a-z, 0-9 and -")
      }
      names.append(text)
    }
    return names
  }

  /// One of a few words.
  static func readWord<Word: RawRepresentable<String> & CaseIterable>(
    _ member: YAMLEntry, name: String
  ) throws(ConfigurationError) -> Word {
    let text = try member.value.text(of: name)
    guard let word = Word(rawValue: text) else {
      let words = Word.allCases.map(\.rawValue)
      let need = words.dropLast().joined(separator: ", ") + " or " + (words.last ?? "")
      throw ConfigurationError(
        .value, member.value.place, "\(name): need \(need), have \"\(text)\"")
    }
    return word
  }
}
