import PluginKit

/// What a setting that is JSON must look like. Only the form is read: the text is sent as it was
/// written.
enum JSONShape: Sendable {
  case names
  case namesByName

  /// For whoever wrote something else.
  var example: String {
    switch self {
    case .names: #"a JSON array of strings like ["a","b"]"#
    case .namesByName: #"a JSON object of arrays like {"event":["segment"]}"#
    }
  }

  /// What says that there is nothing in it.
  var empty: String {
    switch self {
    case .names: "[]"
    case .namesByName: "{}"
    }
  }

  static func fits(_ text: Text, _ shape: JSONShape) -> Bool {
    var reader = JSONReader(text: text)
    let fits =
      switch shape {
      case .names: reader.readNames()
      case .namesByName: reader.readNamesByName()
      }
    return fits && reader.isAtEnd
  }
}

/// Walks over JSON of arrays and objects of strings.
private struct JSONReader {
  let text: Text
  private var place = 0

  init(text: Text) {
    self.text = text
  }

  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return place == text.count
    }
  }

  mutating func readNames() -> Bool {
    guard take("[") else { return false }
    if take("]") { return true }
    repeat {
      guard readString() else { return false }
    } while take(",")
    return take("]")
  }

  mutating func readNamesByName() -> Bool {
    guard take("{") else { return false }
    if take("}") { return true }
    repeat {
      guard readString(), take(":"), readNames() else { return false }
    } while take(",")
    return take("}")
  }

  private mutating func readString() -> Bool {
    guard take("\"") else { return false }
    while place < text.count {
      let byte = text[place]
      place += 1
      switch byte {
      case UInt8(ascii: "\""): return true
      case UInt8(ascii: "\\"): guard readEscape() else { return false }
      case 0..<0x20: return false
      default: break
      }
    }
    return false
  }

  /// What follows a backslash.
  private mutating func readEscape() -> Bool {
    guard place < text.count else { return false }
    let byte = text[place]
    place += 1
    guard byte == UInt8(ascii: "u") else { return "\"\\/bfnrt".utf8.contains(byte) }
    let digits = text.dropFirst(place).prefix(4)
    place += digits.count
    return digits.count == 4
      && digits.bytes.allSatisfy { "0123456789abcdefABCDEF".utf8.contains($0) }
  }

  private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    skipSpace()
    guard place < text.count, text[place] == UInt8(ascii: scalar) else { return false }
    place += 1
    return true
  }

  private mutating func skipSpace() {
    while place < text.count, [0x20, 0x09, 0x0A, 0x0D].contains(text[place]) { place += 1 }
  }
}
