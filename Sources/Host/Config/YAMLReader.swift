import CYAML

/// Reads the YAML a configuration needs: groups, lists and single values, each with its line and
/// column. Tabs, duplicate keys, anchors, tags and second documents are refused rather than guessed
/// at.
final class YAMLReader {
  static let bytesMax = 1 << 20
  static let depthMax = 16
  static let nodesMax = 10_000

  private let path: String
  private let parser: UnsafeMutablePointer<yaml_parser_t>
  private var nodes = 0

  /// The document's root, or nil when the file holds nothing. `path` is only for messages.
  static func read(_ bytes: [UInt8], path: String) throws(ConfigurationError) -> YAMLNode? {
    try refuseUnreadable(bytes, path: path)
    return try bytes.withUnsafeBufferPointer { (input) throws(ConfigurationError) -> YAMLNode? in
      let reader = YAMLReader(path: path)
      yaml_parser_set_encoding(reader.parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(reader.parser, input.baseAddress, input.count)
      return try reader.document()
    }
  }

  private init(path: String) {
    self.path = path
    parser = .allocate(capacity: 1)
    precondition(yaml_parser_initialize(parser) == 1, "libyaml found no memory for its parser")
  }

  deinit {
    yaml_parser_delete(parser)
    parser.deallocate()
  }

  private func document() throws(ConfigurationError) -> YAMLNode? {
    _ = try next()
    guard case .documentStart = try next().kind else { return nil }
    let root = try node(from: try next(), depth: 0)
    _ = try next()
    let last = try next()
    guard case .streamEnd = last.kind else {
      throw ConfigurationError(.syntax, last.place, "a second document begins; keep only one")
    }
    return root
  }

  private func node(from event: Event, depth: Int) throws(ConfigurationError) -> YAMLNode {
    nodes += 1
    guard depth <= Self.depthMax, nodes <= Self.nodesMax else {
      throw ConfigurationError(
        .syntax, event.place,
        "more than \(Self.depthMax) levels or \(Self.nodesMax) values; make the file smaller")
    }
    switch event.kind {
    case .scalar(let text, let quoted):
      return YAMLNode(
        place: event.place, content: .scalar(text, quoted: quoted), span: event.span)
    case .sequenceStart:
      let (elements, end) = try sequence(depth: depth)
      return YAMLNode(
        place: event.place, content: .sequence(elements), span: event.span.lowerBound..<end)
    case .mappingStart:
      let (entries, end) = try mapping(depth: depth)
      return YAMLNode(
        place: event.place, content: .mapping(entries), span: event.span.lowerBound..<end)
    case .documentStart, .streamEnd, .end, .other:
      throw ConfigurationError(.syntax, event.place, "a value is missing here")
    }
  }

  private func sequence(
    depth: Int
  ) throws(ConfigurationError) -> (elements: [YAMLNode], end: Int) {
    var elements: [YAMLNode] = []
    while true {
      let event = try next()
      if case .end = event.kind { return (elements, event.span.upperBound) }
      elements.append(try node(from: event, depth: depth + 1))
    }
  }

  private func mapping(
    depth: Int
  ) throws(ConfigurationError) -> (entries: [YAMLEntry], end: Int) {
    var entries: [YAMLEntry] = []
    while true {
      let event = try next()
      if case .end = event.kind { return (entries, event.span.upperBound) }
      guard case .scalar(let key, _) = event.kind else {
        throw ConfigurationError(.key, event.place, "a key must be a single word")
      }
      if let first = entries.first(where: { $0.key == key }) {
        throw ConfigurationError(
          .key, event.place,
          "key \"\(key)\" stands twice, first on line \(first.place.line); remove one of them")
      }
      let value = try node(from: try next(), depth: depth + 1)
      entries.append(YAMLEntry(key: key, place: event.place, value: value))
    }
  }
}

// MARK: - Events

extension YAMLReader {
  /// What libyaml reports, copied out of its memory.
  fileprivate struct Event {
    enum Kind {
      case documentStart, streamEnd, sequenceStart, mappingStart, end, other
      case scalar(String, quoted: Bool)
    }

    let kind: Kind
    let place: FilePlace
    var span: Range<Int> = 0..<0
  }

  private func next() throws(ConfigurationError) -> Event {
    var event = yaml_event_t()
    guard yaml_parser_parse(parser, &event) == 1 else { throw problem() }
    defer { yaml_event_delete(&event) }
    var found = try read(event)
    found.span = Int(event.start_mark.index)..<Int(event.end_mark.index)
    return found
  }

  private func read(_ event: yaml_event_t) throws(ConfigurationError) -> Event {
    let place = self.place(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT: return Event(kind: .documentStart, place: place)
    case YAML_STREAM_END_EVENT: return Event(kind: .streamEnd, place: place)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT: return Event(kind: .end, place: place)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      try refuseMarks(start.anchor, start.tag, at: place)
      return Event(kind: .sequenceStart, place: place)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      try refuseMarks(start.anchor, start.tag, at: place)
      return Event(kind: .mappingStart, place: place)
    case YAML_SCALAR_EVENT: return try scalar(event.data.scalar, at: place)
    case YAML_ALIAS_EVENT:
      throw ConfigurationError(.syntax, place, "an alias (*name); write the value out")
    default: return Event(kind: .other, place: place)
    }
  }

  private func scalar(
    _ scalar: yaml_event_s.__Unnamed_union_data.__Unnamed_struct_scalar, at place: FilePlace
  ) throws(ConfigurationError) -> Event {
    try refuseMarks(scalar.anchor, scalar.tag, at: place)
    let bytes = UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    let text = String(decoding: bytes, as: UTF8.self)
    return Event(kind: .scalar(text, quoted: scalar.style != YAML_PLAIN_SCALAR_STYLE), place: place)
  }

  private func refuseMarks(
    _ anchor: UnsafePointer<yaml_char_t>?, _ tag: UnsafePointer<yaml_char_t>?, at place: FilePlace
  ) throws(ConfigurationError) {
    guard anchor == nil, tag == nil else {
      throw ConfigurationError(
        .syntax, place, "an anchor (&name) or a tag (!type); write the plain value")
    }
  }

  private func place(_ mark: yaml_mark_t) -> FilePlace {
    FilePlace(path: path, line: mark.line + 1, column: mark.column + 1)
  }

  private func problem() -> ConfigurationError {
    let reason = parser.pointee.problem.map { String(cString: $0) } ?? "not readable as YAML"
    return ConfigurationError(
      .syntax, place(parser.pointee.problem_mark),
      "\(reason); check indentation, colons and quotes of this line and the one above")
  }
}

// MARK: - Bytes

extension YAMLReader {
  private static func refuseUnreadable(
    _ bytes: [UInt8], path: String
  ) throws(ConfigurationError) {
    guard bytes.count <= bytesMax else {
      throw ConfigurationError(
        .syntax, "\(path): \(bytes.count) bytes, need at most \(bytesMax); make the file smaller")
    }
    var line = 1
    for text in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
      if let tab = text.firstIndex(of: UInt8(ascii: "\t")) {
        let place = FilePlace(path: path, line: line, column: tab - text.startIndex + 1)
        throw ConfigurationError(
          .syntax, place, "a tab; indent with spaces (in a quoted text write \\t)")
      }
      guard String(validating: text, as: UTF8.self) != nil else {
        let place = FilePlace(path: path, line: line, column: 1)
        throw ConfigurationError(.syntax, place, "this line is not UTF-8; save the file as UTF-8")
      }
      line += 1
    }
  }
}
