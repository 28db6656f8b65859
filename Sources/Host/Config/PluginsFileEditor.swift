/// Switches a plugin in the text of plugins.yaml and leaves everything else as it is, comments and
/// all. What it wrote is read again before it is answered.
struct PluginsFileEditor {
  private static let name = "plugins.yaml"

  private var lines: [[Character]]
  private let root: YAMLNode?
  private let file: ConfigurationFile
  /// The plugins that are on while no group says otherwise.
  private let staged: [String]

  init(text: String, staged: [String]) throws(ConfigurationError) {
    let bytes = Array(text.utf8)
    root = try YAMLReader.read(bytes, path: Self.name)
    file = try ConfigurationFile(bytes: bytes, path: Self.name)
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(Array.init)
    self.staged = staged
  }

  /// The text in which the plugin is on or off.
  func set(_ plugin: String, enabled: Bool) throws(ConfigurationError) -> String {
    var editor = self
    if isEnabled(plugin, in: file) != enabled { try editor.write(plugin, enabled) }
    let text = editor.lines.map { String($0) }.joined(separator: "\n")
    let written = try ConfigurationFile(bytes: Array(text.utf8), path: Self.name)
    let others = { (file: ConfigurationFile) in
      (file.plugins ?? []).filter { $0.name != plugin }.map { "\($0.name) \($0.isEnabled)" }
    }
    guard isEnabled(plugin, in: written) == enabled,
      file.plugins == nil || others(file) == others(written)
    else {
      throw ConfigurationError(
        .value, "plugins.yaml is written in a way this command does not edit; edit it by hand")
    }
    return text
  }

  private func isEnabled(_ plugin: String, in file: ConfigurationFile) -> Bool {
    guard let plugins = file.plugins else { return staged.contains(plugin) }
    return plugins.first { $0.name == plugin }?.isEnabled ?? false
  }

  // MARK: Writing

  private mutating func write(_ plugin: String, _ enabled: Bool) throws(ConfigurationError) {
    let groups = try root?.entries(of: "the file") ?? []
    guard let group = groups.first(where: { $0.key == "plugins" }) else {
      return appendGroup(plugin, enabled)
    }
    let entries = try group.value.entries(of: "plugins")
    if let entry = entries.first(where: { $0.key == plugin }) {
      try change(entry, enabled)
    } else {
      append(plugin, enabled, to: group, entries)
    }
  }

  /// A file without the group has every staged plugin on: the group says so of the others.
  private mutating func appendGroup(_ plugin: String, _ enabled: Bool) {
    if lines.last?.isEmpty == true { lines.removeLast() }
    var states = staged.map { ($0, $0 == plugin ? enabled : true) }
    if !staged.contains(plugin) { states.append((plugin, enabled)) }
    lines.append(Array("plugins:"))
    lines += states.map { Array("  \($0.0): { enabled: \($0.1) }") }
    lines.append([])
  }

  private mutating func change(_ entry: YAMLEntry, _ enabled: Bool) throws(ConfigurationError) {
    let members = try entry.value.entries(of: entry.key)
    if let known = members.first(where: { $0.key == "enabled" }) {
      // Truth values are plain words, so that they stand in the text as they were read.
      let place = known.value.place
      let (line, column) = (place.line - 1, place.column - 1)
      let end = column + (enabled ? "false" : "true").count
      guard line < lines.count, end <= lines[line].count else { return }
      lines[line].replaceSubrange(column..<end, with: Array("\(enabled)"))
    } else if let first = members.first, !isFlow(entry.value) {
      let indent = Array(repeating: Character(" "), count: first.place.column - 1)
      lines.insert(indent + Array("enabled: \(enabled)"), at: first.place.line - 1)
    } else if isFlow(entry.value) {
      insertInFlow(entry.value, "enabled: \(enabled)", isEmpty: members.isEmpty)
    } else {
      insertBehindColon(entry, " { enabled: \(enabled) }")
    }
  }

  private mutating func append(
    _ plugin: String, _ enabled: Bool, to group: YAMLEntry, _ entries: [YAMLEntry]
  ) {
    let text = "\(plugin): { enabled: \(enabled) }"
    if isFlow(group.value) {
      insertInFlow(group.value, text, isEmpty: entries.isEmpty)
    } else if let last = entries.last {
      let indent = Array(repeating: Character(" "), count: last.place.column - 1)
      lines.insert(indent + Array(text), at: Self.lastLine(of: last))
    } else {
      let indent = Array(repeating: Character(" "), count: group.place.column + 1)
      lines.insert(indent + Array(text), at: group.place.line)
    }
  }

  /// Whether a group is written in braces.
  private func isFlow(_ node: YAMLNode) -> Bool {
    let (line, column) = (node.place.line - 1, node.place.column - 1)
    return line < lines.count && column < lines[line].count && lines[line][column] == "{"
  }

  private mutating func insertInFlow(_ node: YAMLNode, _ text: String, isEmpty: Bool) {
    let inserted = " " + text + (isEmpty ? " " : ",")
    lines[node.place.line - 1].insert(contentsOf: Array(inserted), at: node.place.column)
  }

  private mutating func insertBehindColon(_ entry: YAMLEntry, _ text: String) {
    let line = entry.place.line - 1
    guard let colon = lines[line][(entry.place.column - 1)...].firstIndex(of: ":") else { return }
    lines[line].insert(contentsOf: Array(text), at: colon + 1)
  }

  /// The last line anything of an entry stands on, counted from 1.
  private static func lastLine(of entry: YAMLEntry) -> Int {
    max(entry.place.line, lastLine(of: entry.value))
  }

  private static func lastLine(of node: YAMLNode) -> Int {
    switch node.content {
    case .scalar: node.isNull ? 0 : node.place.line
    case .sequence(let elements): elements.map(lastLine).max() ?? node.place.line
    case .mapping(let entries): entries.map { lastLine(of: $0) }.max() ?? node.place.line
    }
  }
}
