/// Changes plugins in the text of plugins.yaml and leaves everything else as it is, comments and
/// order included. What it wrote is read again and compared before it is answered.
struct PluginsFileEditor {
  static let name = "plugins.yaml"

  /// The file's values without places, to compare what is with what shall be.
  private indirect enum Tree: Equatable {
    case text(String)
    case list([Tree])
    case group([String: Tree])
  }

  /// Where among its neighbours the last key of a path goes when it is not there yet.
  private enum Place {
    case first
    case last
  }

  var text: [Unicode.Scalar]
  /// The plugins that are on while no group says otherwise.
  private let staged: [String]

  init(text: String, staged: [String]) {
    self.text = Array(text.unicodeScalars)
    self.staged = staged
  }

  /// The whole text.
  var result: String {
    var result = ""
    result.unicodeScalars.append(contentsOf: text)
    return result
  }

  /// Turns a plugin on or off; where the file says so already, nothing changes.
  mutating func turn(_ plugin: String, on isOn: Bool) throws(ConfigurationError) {
    let file = try ConfigurationFile(bytes: Array(result.utf8), path: Self.name)
    let isNamed = file.plugins?.first { $0.name == plugin }?.isEnabled
    guard isNamed ?? (file.plugins == nil && staged.contains(plugin)) != isOn else { return }
    try nameStaged(and: plugin)
    try change(["plugins", plugin, "enabled"], to: "\(isOn)", .first)
  }

  /// Gives a setting a value, for all apps or for one; nil takes the line out.
  mutating func set(
    _ setting: String, of plugin: String, app: String?, to value: String?
  ) throws(ConfigurationError) {
    if value != nil { try nameStaged(and: nil) }
    let path = ["plugins", plugin] + (app.map { ["apps", $0] } ?? []) + [setting]
    try change(path, to: value, .last)
  }

  private mutating func change(
    _ path: [String], to value: String?, _ place: Place
  ) throws(ConfigurationError) {
    let before = try root()
    let wanted = Self.changed(Self.tree(before), path[...], value)
    if let value {
      try put(path, Self.scalar(value), place)
    } else if let before {
      try remove(path, in: before)
    }
    guard Self.tree(try root()) == wanted else { throw Self.notEdited }
  }

  private static let notEdited = ConfigurationError(
    .value, "plugins.yaml is written in a way that is not edited here; edit it by hand")

  // MARK: Putting

  /// A file without the group has every staged plugin on: a group with one of them would turn the
  /// others off.
  private mutating func nameStaged(and plugin: String?) throws(ConfigurationError) {
    let groups = try root()?.entries(of: "the file") ?? []
    guard !groups.contains(where: { $0.key == "plugins" }) else { return }
    if let last = text.last, last != "\n" { text.append("\n") }
    let lines = staged.map { "  \($0): { enabled: true }\n" }.joined()
    let isEmpty = staged.isEmpty && plugin == nil
    text += Array("plugins:\(isEmpty ? " {}" : "")\n\(lines)".unicodeScalars)
  }

  private mutating func put(
    _ path: [String], _ value: String, _ place: Place
  ) throws(ConfigurationError) {
    guard var node = try root() else { return }
    for (depth, key) in path.enumerated() {
      let rest = path[(depth + 1)...]
      guard case .mapping(let entries) = node.content else { throw Self.notEdited }
      guard let entry = entries.first(where: { $0.key == key }) else {
        let line = "\(key): \(Self.nested(rest, value))"
        return insert(line, into: node, entries, rest.isEmpty ? place : .last)
      }
      if depth == 0, entry.value.isNull, let next = rest.first {
        let line = "\(next): \(Self.nested(rest.dropFirst(), value))"
        return insert(line: line, indent: entry.place.column + 1, after: start(of: entry))
      }
      if rest.isEmpty || entry.value.isNull {
        let space = entry.value.span.isEmpty ? " " : ""
        return replace(entry.value.span, space + Self.nested(rest, value))
      }
      node = entry.value
    }
  }

  private mutating func insert(
    _ line: String, into node: YAMLNode, _ entries: [YAMLEntry], _ place: Place
  ) {
    guard let first = entries.first, let last = entries.last else {
      return replace(node.span, "{ \(line) }")
    }
    switch (isFlow(node), place) {
    case (true, .first): replace(start(of: first)..<start(of: first), "\(line), ")
    case (true, .last): replace(end(of: last)..<end(of: last), ", \(line)")
    case (false, .first):
      let begin = lineStart(before: start(of: first))
      replace(begin..<begin, String(repeating: " ", count: first.place.column - 1) + line + "\n")
    case (false, .last):
      insert(line: line, indent: first.place.column - 1, after: end(of: last))
    }
  }

  /// As a line of its own below the one that holds a place.
  private mutating func insert(line: String, indent: Int, after place: Int) {
    let end = lineEnd(after: place)
    if end == text.count, text.last != "\n" { text.append("\n") }
    let next = min(end + 1, text.count)
    replace(next..<next, String(repeating: " ", count: indent) + line + "\n")
  }

  // MARK: Removing

  private mutating func remove(
    _ path: [String], in root: YAMLNode
  ) throws(ConfigurationError) {
    var node = root
    for (depth, key) in path.enumerated() {
      guard case .mapping(let entries) = node.content,
        let place = entries.firstIndex(where: { $0.key == key })
      else { return }
      if depth == path.count - 1 { return remove(entries, place, of: node) }
      node = entries[place].value
    }
  }

  private mutating func remove(_ entries: [YAMLEntry], _ place: Int, of node: YAMLNode) {
    let entry = entries[place]
    if isFlow(node) {
      if place > 0 { return replace(end(of: entries[place - 1])..<end(of: entry), "") }
      guard entries.count > 1 else { return replace(node.span, "{}") }
      return replace(start(of: entry)..<start(of: entries[1]), "")
    }
    let from = lineStart(before: start(of: entry))
    replace(from..<min(lineEnd(after: end(of: entry)) + 1, text.count), "")
  }

  // MARK: Values

  private static func tree(_ node: YAMLNode?) -> Tree {
    guard let node, !node.isNull else { return .group([:]) }
    switch node.content {
    case .scalar(let text, _): return .text(text)
    case .sequence(let elements): return .list(elements.map(tree))
    case .mapping(let entries):
      return .group(Dictionary(entries.map { ($0.key, tree($0.value)) }) { first, _ in first })
    }
  }

  private static func changed(_ tree: Tree, _ path: ArraySlice<String>, _ value: String?) -> Tree {
    guard let key = path.first else { return value.map { .text($0) } ?? .group([:]) }
    guard case .group(var members) = tree else { return tree }
    let rest = path.dropFirst()
    if rest.isEmpty, value == nil {
      members[key] = nil
    } else if members[key] != nil || value != nil {
      members[key] = changed(members[key] ?? .group([:]), rest, value)
    }
    return .group(members)
  }
}
