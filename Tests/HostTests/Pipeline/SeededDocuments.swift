/// Random JSON documents with what they mean; one seed repeats them (xorshift64*).
struct SeededDocuments: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &self) }

  mutating func pick<T>(_ list: [T]) -> T { list[int(0...list.count - 1)] }

  /// JSON text and its meaning.
  struct Document {
    var text: String
    var value: DecodedValue
  }

  mutating func document() -> Document {
    let document = document(depth: int(0...6))
    return Document(text: space() + document.text + space(), value: document.value)
  }

  private mutating func document(depth: Int) -> Document {
    switch int(0...(depth > 0 ? 9 : 6)) {
    case 0: return Document(text: "null", value: .null)
    case 1: return Document(text: "true", value: .bool(true))
    case 2: return Document(text: "false", value: .bool(false))
    case 3, 4: return number()
    case 5, 6:
      let string = string()
      return Document(text: string.text, value: .text(string.meaning))
    case 7: return array(depth: depth)
    default: return object(depth: depth)
    }
  }

  private mutating func array(depth: Int) -> Document {
    let elements = (0..<int(0...6)).map { _ in document(depth: depth - 1) }
    let text = elements.map { space() + $0.text + space() }.joined(separator: ",")
    return Document(text: "[\(text)]", value: .array(elements.map(\.value)))
  }

  private mutating func object(depth: Int) -> Document {
    var members: [DecodedValue.Member] = []
    var texts: [String] = []
    for _ in 0..<int(0...6) {
      let name = string()
      // Foundation keeps one of equal names, and takes names for equal that differ in their bytes.
      let isKnown = members.contains {
        String(decoding: $0.name, as: UTF8.self) == name.meaning
      }
      if isKnown { continue }
      let value = document(depth: depth - 1)
      members.append(DecodedValue.Member(name: Array(name.meaning.utf8), value: value.value))
      texts.append(space() + name.text + space() + ":" + space() + value.text + space())
    }
    return Document(text: "{" + texts.joined(separator: ",") + "}", value: .object(members))
  }

  private mutating func number() -> Document {
    switch int(0...4) {
    case 0:
      let value = int(-1_000...1_000)
      return Document(text: "\(value)", value: .int(Int64(value)))
    case 1:
      let value = Int64(bitPattern: next()) >> Int64(int(0...62))
      return Document(text: "\(value)", value: .int(value))
    case 2:
      let text = "\(int(-999...999)).\(int(0...99_999))"
      return Document(text: text, value: .double(Double(text) ?? 0))
    case 3:
      let text = "\(int(1...9))\(pick(["e", "E"]))\(pick(["", "+", "-"]))\(int(0...290))"
      return Document(text: text, value: .double(Double(text) ?? 0))
    default:
      let value = Double(bitPattern: next())
      return value.isFinite ? Document(text: "\(value)", value: .double(value)) : number()
    }
  }

  private static let pieces: [(text: String, meaning: String)] = [
    ("a", "a"), ("Z", "Z"), (" ", " "), ("é", "é"), ("日本", "日本"), ("😀", "😀"),
    ("\u{2028}", "\u{2028}"),
    (#"\n"#, "\n"), (#"\t"#, "\t"), (#"\r"#, "\r"), (#"\b"#, "\u{8}"), (#"\f"#, "\u{C}"),
    (#"\""#, "\""),
    (#"\\"#, "\\"), (#"\/"#, "/"), ("/", "/"), (#"\u0041"#, "A"), (#"\u00e9"#, "é"),
    (#"\uD83D\uDE00"#, "😀"), (#"\u20AC"#, "€"), ("{", "{"), ("[1]", "[1]"), ("$", "$"), (".", "."),
    ("device", "device"), (#"\u001f"#, "\u{1F}"),
  ]

  private mutating func string() -> (text: String, meaning: String) {
    var (text, meaning) = ("", "")
    for _ in 0..<int(0...12) {
      let piece = pick(Self.pieces)
      text += piece.text
      meaning += piece.meaning
    }
    // At the beginning it would be JSON text inside text, which is parsed as well.
    let isJSON = meaning.hasPrefix("{") || meaning.hasPrefix("[")
    return isJSON ? ("\"x\(text)\"", "x\(meaning)") : ("\"\(text)\"", meaning)
  }

  private mutating func space() -> String {
    int(0...3) > 0 ? "" : pick([" ", "\n", "\t", "\r\n", "    "])
  }
}
