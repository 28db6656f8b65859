/// A value of a YAML file and where it stands.
struct YAMLNode: Equatable, Sendable {
  /// The three shapes a value can have.
  enum Content: Equatable, Sendable {
    /// Quoted or plain text; only a plain one can be empty, a number or a truth value.
    case scalar(String, quoted: Bool)
    case sequence([YAMLNode])
    case mapping([YAMLEntry])
  }

  let place: FilePlace
  let content: Content
  /// The characters of the file it takes, counted in Unicode scalars; of a group without braces and
  /// of a list only the start is meant.
  var span: Range<Int> = 0..<0

  /// Whether nothing stands behind the key.
  var isNull: Bool {
    guard case .scalar(let text, quoted: false) = content else { return false }
    return ["", "~", "null"].contains(text)
  }

  /// The shape in an operator's words.
  var noun: String {
    switch content {
    case .scalar: isNull ? "nothing" : "a single value"
    case .sequence: "a list"
    case .mapping: "a group of keys"
    }
  }

  /// The members of a group; nothing behind the key is an empty group.
  func entries(of name: String) throws(ConfigurationError) -> [YAMLEntry] {
    if case .mapping(let entries) = content { return entries }
    if isNull { return [] }
    throw ConfigurationError(.value, place, "\(name) must be a group of keys, have \(noun)")
  }

  /// The text of a single value.
  func text(of name: String) throws(ConfigurationError) -> String {
    if case .scalar(let text, _) = content, !isNull { return text }
    throw ConfigurationError(.value, place, "\(name) must be a single value, have \(noun)")
  }

  /// A truth value, written plainly.
  func truth(of name: String) throws(ConfigurationError) -> Bool {
    switch content {
    case .scalar("true", quoted: false): return true
    case .scalar("false", quoted: false): return false
    case .scalar(let text, _) where !isNull:
      throw ConfigurationError(.value, place, "\(name) must be true or false, have \"\(text)\"")
    default:
      throw ConfigurationError(.value, place, "\(name) must be true or false, have \(noun)")
    }
  }
}

/// One `key: value` of a group.
struct YAMLEntry: Equatable, Sendable {
  let key: String
  let place: FilePlace
  let value: YAMLNode
}
