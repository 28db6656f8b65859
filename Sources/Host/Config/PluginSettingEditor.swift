/// Changes settings of plugins in the text of plugins.yaml and leaves everything else as it is,
/// comments and order included. What it wrote is read again and compared before it is answered.
struct PluginSettingEditor {
  private static let name = "plugins.yaml"

  /// The file's values without places, to compare what is with what shall be.
  private indirect enum Tree: Equatable {
    case text(String)
    case list([Tree])
    case group([String: Tree])
  }

  private var text: [Unicode.Scalar]
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

  /// Gives a setting a value, for all apps or for one; nil takes the line out.
  mutating func set(
    _ setting: String, of plugin: String, app: String?, to value: String?
  ) throws(ConfigurationError) {
    if value != nil { try nameStaged() }
    let path = ["plugins", plugin] + (app.map { ["apps", $0] } ?? []) + [setting]
    let before = try root()
    let wanted = Self.changed(Self.tree(before), path[...], value)
    if let value {
      try put(path, Self.scalar(value))
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
  private mutating func nameStaged() throws(ConfigurationError) {
    let groups = try root()?.entries(of: "the file") ?? []
    guard !groups.contains(where: { $0.key == "plugins" }) else { return }
    if let last = text.last, last != "\n" { text.append("\n") }
    let lines = staged.map { "  \($0): { enabled: true }\n" }.joined()
    text += Array("plugins:\(staged.isEmpty ? " {}" : "")\n\(lines)".unicodeScalars)
  }

  private mutating func put(_ path: [String], _ value: String) throws(ConfigurationError) {
    guard var node = try root() else { return }
    for (depth, key) in path.enumerated() {
      let rest = path[(depth + 1)...]
      guard case .mapping(let entries) = node.content else { throw Self.notEdited }
      guard let entry = entries.first(where: { $0.key == key }) else {
        return insert("\(key): \(Self.nested(rest, value))", into: node, entries)
      }
      if rest.isEmpty || entry.value.isNull {
        let space = entry.value.span.isEmpty ? " " : ""
        return replace(entry.value.span, space + Self.nested(rest, value))
      }
      node = entry.value
    }
  }

  private mutating func insert(_ line: String, into node: YAMLNode, _ entries: [YAMLEntry]) {
    if isFlow(node) {
      guard let last = entries.last else { return replace(node.span, "{ \(line) }") }
      let end = end(of: last)
      return replace(end..<end, ", \(line)")
    }
    guard let first = entries.first, let last = entries.last else { return }
    let indent = String(repeating: " ", count: first.place.column - 1)
    let end = lineEnd(after: end(of: last))
    if end == text.count, text.last != "\n" { text.append("\n") }
    let place = min(end + 1, text.count)
    replace(place..<place, indent + line + "\n")
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

  // MARK: Places

  private func root() throws(ConfigurationError) -> YAMLNode? {
    try YAMLReader.read(Array(result.utf8), path: Self.name)
  }

  private func isFlow(_ node: YAMLNode) -> Bool {
    node.span.lowerBound < text.count && text[node.span.lowerBound] == "{"
  }

  /// Where a key begins.
  private func start(of entry: YAMLEntry) -> Int {
    var line = 1
    var place = 0
    while line < entry.place.line, place < text.count {
      if text[place] == "\n" { line += 1 }
      place += 1
    }
    return place + entry.place.column - 1
  }

  /// Behind the last character of an entry.
  private func end(of entry: YAMLEntry) -> Int { end(of: entry.value) }

  private func end(of node: YAMLNode) -> Int {
    switch node.content {
    case .scalar: node.span.upperBound
    case .sequence(let elements):
      isList(node)
        ? node.span.upperBound : elements.last.map { end(of: $0) } ?? node.span.upperBound
    case .mapping(let entries):
      isFlow(node) ? node.span.upperBound : entries.last.map { end(of: $0) } ?? node.span.upperBound
    }
  }

  private func isList(_ node: YAMLNode) -> Bool {
    node.span.lowerBound < text.count && text[node.span.lowerBound] == "["
  }

  private func lineStart(before place: Int) -> Int {
    text[..<place].lastIndex(of: "\n").map { $0 + 1 } ?? 0
  }

  private func lineEnd(after place: Int) -> Int {
    text[min(place, text.count)...].firstIndex(of: "\n") ?? text.count
  }

  private mutating func replace(_ range: Range<Int>, _ new: String) {
    text.replaceSubrange(range, with: Array(new.unicodeScalars))
  }

  // MARK: Values

  /// `{ apps: { id: 5 } }` for the keys that are not there yet.
  private static func nested(_ rest: ArraySlice<String>, _ value: String) -> String {
    rest.reversed().reduce(value) { inner, key in "{ \(key): \(inner) }" }
  }

  /// Plain where nobody could take it for something else, quoted otherwise.
  private static func scalar(_ value: String) -> String {
    let plain = value.utf8.allSatisfy {
      (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
        || [45, 46, 95].contains($0)
    }
    let first = value.unicodeScalars.first
    if plain, let first, first != "-" || Double(value) != nil, value != "null" { return value }
    var quoted = "\""
    for scalar in value.unicodeScalars {
      switch scalar {
      case "\"": quoted += "\\\""
      case "\\": quoted += "\\\\"
      case "\n": quoted += "\\n"
      case "\t": quoted += "\\t"
      case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value):
        let hex = String(scalar.value, radix: 16)
        quoted += "\\x" + String(repeating: "0", count: 2 - hex.count) + hex
      default: quoted.unicodeScalars.append(scalar)
      }
    }
    return quoted + "\""
  }

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
