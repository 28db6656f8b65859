import Foundation

/// A JSON value, to compare answers with what a script expects.
enum JSONValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case number(Double)
  case string(String)
  case array([JSONValue])
  case object([String: JSONValue])

  /// The string that stands for every string, and as a whole for every body.
  static let any = "{any}"

  /// Nil when the text is no JSON.
  init?(_ text: String) {
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(text.utf8)) else {
      return nil
    }
    self = value
  }

  /// Where `have` differs, one line a place: path, what is needed, what is there.
  static func differences(need: JSONValue, have: JSONValue, at path: String = "") -> [String] {
    switch (need, have) {
    case (.string(any), .string): return []
    case (.object(let need), .object(let have)):
      return Set(need.keys).union(have.keys).sorted().flatMap { key in
        let path = path.isEmpty ? key : path + "." + key
        guard let needed = need[key] else { return ["\(path): not expected"] }
        guard let found = have[key] else { return ["\(path): missing"] }
        return differences(need: needed, have: found, at: path)
      }
    case (.array(let need), .array(let have)) where need.count == have.count:
      return zip(need, have).enumerated().flatMap { index, pair in
        differences(need: pair.0, have: pair.1, at: "\(path)[\(index)]")
      }
    default:
      return need == have
        ? [] : ["\(path.isEmpty ? "answer" : path): need \(need.text), have \(have.text)"]
    }
  }

  private var text: String {
    switch self {
    case .null: "null"
    case .bool(let flag): "\(flag)"
    case .number(let number): Int64(exactly: number).map { "\($0)" } ?? "\(number)"
    case .string(let text): text.debugDescription
    case .array(let list): "an array of \(list.count)"
    case .object(let members): "an object with \(members.keys.sorted().prefix(5))"
    }
  }
}

extension JSONValue: Decodable {
  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .bool(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .string(text)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .array(list)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }
}
