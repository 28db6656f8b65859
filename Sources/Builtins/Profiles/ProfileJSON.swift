import PluginKit

/// Writes profiles as JSON.
enum ProfileJSON {
  static func text(_ value: ProfileValue) -> String {
    switch value {
    case .null: "null"
    case .bool(let flag): flag ? "true" : "false"
    case .int(let int): "\(int)"
    case .double(let double): number(double)
    case .text(let text): quoted(text)
    case .list(let values): "[" + values.map(text).joined(separator: ",") + "]"
    case .object(let members):
      "{" + members.map { quoted($0.name) + ":" + text($0.value) }.joined(separator: ",") + "}"
    }
  }

  private static func number(_ double: Double) -> String {
    guard double.isFinite else { return "null" }
    return TextBuffer.with(capacity: 40) { buffer in
      buffer.append(double)
      return String(buffer.text())
    }
  }

  static func quoted(_ text: String) -> String {
    var out = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": out += "\\\""
      case "\\": out += "\\\\"
      case "\n": out += "\\n"
      case "\r": out += "\\r"
      case "\t": out += "\\t"
      case _ where scalar.value < 0x20:
        out += "\\u00" + (scalar.value < 0x10 ? "0" : "") + String(scalar.value, radix: 16)
      default: out.unicodeScalars.append(scalar)
      }
    }
    return out + "\""
  }
}

extension ProfileFields {
  /// The members of the user's document: `custom.plan` and its like come together in one object.
  var members: [ProfileValue.Member] {
    var members: [(name: String, value: ProfileValue?, inner: [ProfileValue.Member])] = []
    for field in all where field.name != Self.changed {
      let parts = field.name.split(separator: ".", maxSplits: 1).map(String.init)
      guard parts.count == 2 else {
        members.append((field.name, field.value, []))
        continue
      }
      let inner = ProfileValue.Member(name: parts[1], value: document(field))
      if let place = members.firstIndex(where: { $0.name == parts[0] }) {
        members[place].inner.append(inner)
      } else {
        members.append((parts[0], nil, [inner]))
      }
    }
    return members.map { .init(name: $0.name, value: $0.value ?? .object($0.inner)) }
  }

  private func document(_ field: Field) -> ProfileValue {
    guard field.name == "loc.geo" else { return field.value }
    return .object([
      .init(name: "type", value: .text("Point")), .init(name: "coordinates", value: field.value),
    ])
  }
}
