/// The object `args` of an order, checked against what the order declares, with the messages
/// clients know.
struct Arguments {
  enum Kind {
    case text, flag, object, list
  }

  struct Field {
    let name: String
    let kind: Kind
    var isRequired = false
    var mayBeEmpty = true
    var bytesMax = 256
  }

  private let members: [String: JSONValue]

  /// Nil when the request brings none, or something else than an object.
  init?(_ request: QueryRequest) {
    guard case .object(let members)? = request.parameters["args"].flatMap({ JSONValue($0) })
    else { return nil }
    self.members = members
  }

  static let missing = "Missing 'args' parameter"

  subscript(_ name: String) -> JSONValue? {
    members[name].flatMap { $0 == .null ? nil : $0 }
  }

  /// Every member, declared or not.
  var all: [String: JSONValue] { members }

  func text(_ name: String) -> String? { self[name]?.string }

  func flag(_ name: String) -> Bool? { self[name]?.flag }

  /// The texts of a list; a single text stands for a list of one.
  func list(_ name: String) -> [String]? {
    guard let value = self[name] else { return nil }
    return value.string.map { [$0] } ?? value.texts
  }

  /// What is wrong, in the order of the fields; nothing when all is well.
  func refusals(_ fields: [Field]) -> [String] {
    fields.compactMap { field in
      guard let value = self[field.name] else {
        return field.isRequired ? "Missing \(field.name) argument" : nil
      }
      guard Self.matches(value, field.kind) else { return "Invalid type for \(field.name)" }
      guard let text = value.string else { return nil }
      if text.hasControlCharacters { return "\(field.name) is not correct format" }
      if text.utf8.count > field.bytesMax {
        return "Length of \(field.name) is greater than max length value"
      }
      return text.isEmpty && (field.isRequired || !field.mayBeEmpty)
        ? "Value of \(field.name) must not be empty" : nil
    }
  }

  private static func matches(_ value: JSONValue, _ kind: Kind) -> Bool {
    switch (value, kind) {
    case (.string, .text), (.object, .object), (.string, .list): true
    case (.array(let items), .list): items.allSatisfy { $0.string != nil }
    case (_, .flag): value.flag != nil
    default: false
    }
  }
}

extension String {
  /// Line breaks, zero bytes and the like, which no name has.
  var hasControlCharacters: Bool {
    unicodeScalars.contains {
      [.control, .lineSeparator, .paragraphSeparator].contains($0.properties.generalCategory)
    }
  }
}

extension JSONValue {
  /// Yes or no, also as the texts of a form.
  var flag: Bool? {
    switch self {
    case .bool(let flag): flag
    case .string("true"), .string("1"), .number(1): true
    case .string("false"), .string("0"), .number(0): false
    default: nil
    }
  }
}
