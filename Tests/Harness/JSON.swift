/// A JSON value that compares exactly: members in any order, everything else as it stands.
package enum JSON: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSON])
  case object([String: JSON])

  /// Reads one value; surrounding white space is allowed, anything else is an error.
  package init(_ text: some StringProtocol) throws(HarnessError) {
    var parser = JSONParser(Array(text.utf8))
    self = try parser.document()
  }

  package subscript(key: String) -> JSON? {
    guard case .object(let members) = self else { return nil }
    return members[key]
  }

  package var number: Double? {
    guard case .number(let value) = self else { return nil }
    return value
  }

  package var string: String? {
    guard case .string(let value) = self else { return nil }
    return value
  }

  package var array: [JSON]? {
    guard case .array(let value) = self else { return nil }
    return value
  }

  package var object: [String: JSON]? {
    guard case .object(let value) = self else { return nil }
    return value
  }

  /// Every place where two values differ, as "path: have … need …".
  package static func differences(have: JSON?, need: JSON?, path: String = "$") -> [String] {
    if case .object(let a)? = have, case .object(let b)? = need {
      return Set(a.keys).union(b.keys).sorted().flatMap { key in
        differences(have: a[key], need: b[key], path: path + "." + key)
      }
    }
    if have == need { return [] }
    let text = { (value: JSON?) in value.map { $0.text } ?? "nothing" }
    return ["\(path): have \(text(have)), need \(text(need))"]
  }

  /// The value as text, members sorted.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .number(let value):
      value == value.rounded() && abs(value) < 1e16 ? "\(Int64(value))" : "\(value)"
    case .string(let value): Self.quote(value)
    case .array(let list): "[" + list.map(\.text).joined(separator: ",") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }.map { Self.quote($0.key) + ":" + $0.value.text }
        .joined(separator: ",") + "}"
    }
  }

  package static func quote(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      default:
        if scalar.value < 0x20 {
          let hex = String(scalar.value, radix: 16)
          out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
        } else {
          out.unicodeScalars.append(scalar)
        }
      }
    }
    return out + "\""
  }
}
