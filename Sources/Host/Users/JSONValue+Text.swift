extension JSONValue {
  /// The value as JSON, members by name. Escaped for HTML as well unless told otherwise: answers
  /// end up in pages.
  func text(escaping: Bool = true) -> String {
    switch self {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .number(let number): Self.text(number)
    case .string(let string): Self.quoted(string, escaping)
    case .array(let values):
      "[" + values.map { $0.text(escaping: escaping) }.joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map {
          Self.quoted($0.key, escaping) + ":" + $0.value.text(escaping: escaping)
        }.joined(separator: ",") + "}"
    }
  }

  private static func text(_ number: Double) -> String {
    guard let int = Int64(exactly: number), int.magnitude <= 1 << 53 else { return "\(number)" }
    return "\(int)"
  }

  private static func quoted(_ string: String, _ escaping: Bool) -> String {
    var out = "\""
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": out += escaping ? "&quot;" : "\\\""
      case "&" where escaping: out += "&amp;"
      case "<" where escaping: out += "&lt;"
      case ">" where escaping: out += "&gt;"
      case "'" where escaping: out += "&#39;"
      case "\\": out += "\\\\"
      case _ where scalar.value < 0x20:
        out += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }

  /// The value a dotted path leads to.
  func value(at path: String) -> JSONValue? {
    var found = self
    for name in path.split(separator: ".") {
      guard case .object(let members) = found, let next = members[String(name)] else { return nil }
      found = next
    }
    return found
  }
}
