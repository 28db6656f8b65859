/// Where things stand in the text, and how values are written.
extension PluginsFileEditor {
  // MARK: Places

  func root() throws(ConfigurationError) -> YAMLNode? {
    try YAMLReader.read(Array(result.utf8), path: Self.name)
  }

  func isFlow(_ node: YAMLNode) -> Bool {
    node.span.lowerBound < text.count && text[node.span.lowerBound] == "{"
  }

  /// Where a key begins.
  func start(of entry: YAMLEntry) -> Int {
    var line = 1
    var place = 0
    while line < entry.place.line, place < text.count {
      if text[place] == "\n" { line += 1 }
      place += 1
    }
    return place + entry.place.column - 1
  }

  /// Behind the last character of an entry.
  func end(of entry: YAMLEntry) -> Int { end(of: entry.value) }

  func end(of node: YAMLNode) -> Int {
    switch node.content {
    case .scalar: node.span.upperBound
    case .sequence(let elements):
      isList(node)
        ? node.span.upperBound : elements.last.map { end(of: $0) } ?? node.span.upperBound
    case .mapping(let entries):
      isFlow(node) ? node.span.upperBound : entries.last.map { end(of: $0) } ?? node.span.upperBound
    }
  }

  func isList(_ node: YAMLNode) -> Bool {
    node.span.lowerBound < text.count && text[node.span.lowerBound] == "["
  }

  func lineStart(before place: Int) -> Int {
    text[..<place].lastIndex(of: "\n").map { $0 + 1 } ?? 0
  }

  func lineEnd(after place: Int) -> Int {
    text[min(place, text.count)...].firstIndex(of: "\n") ?? text.count
  }

  mutating func replace(_ range: Range<Int>, _ new: String) {
    text.replaceSubrange(range, with: Array(new.unicodeScalars))
  }

  // MARK: Values

  /// `{ apps: { id: 5 } }` for the keys that are not there yet.
  static func nested(_ rest: ArraySlice<String>, _ value: String) -> String {
    rest.reversed().reduce(value) { inner, key in "{ \(key): \(inner) }" }
  }

  /// Plain where nobody could take it for something else, quoted otherwise.
  static func scalar(_ value: String) -> String {
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
}
