/// A header that an operator has every answer carry.
struct AnswerHeader: Equatable, Sendable {
  let name: String
  let value: String

  /// Of one list.
  static let countMax = 32

  /// What answers have where nobody says anything else: no page shows them in a frame.
  static let standard = [
    AnswerHeader(name: "X-Frame-Options", value: "deny"),
    AnswerHeader(name: "X-XSS-Protection", value: "1; mode=block"),
    AnswerHeader(name: "Access-Control-Allow-Origin", value: "*"),
  ]

  /// The same of pages for people.
  static let pageStandard = [
    AnswerHeader(name: "X-Frame-Options", value: "deny"),
    AnswerHeader(name: "X-Content-Type-Options", value: "nosniff"),
  ]

  /// What the server says itself, of each answer what is true of it.
  private static let own: Set<String> = [
    "cache-control", "connection", "content-encoding", "content-length", "content-security-policy",
    "content-type", "date", "keep-alive", "location", "referrer-policy", "retry-after",
    "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "www-authenticate",
  ]

  static let need =
    "at most \(countMax) lines `Name: value`, none of them what the server says itself "
    + "(\(own.sorted().joined(separator: ", ")))"

  /// One header a line; nil when one of them could not be sent as it stands, or is not the
  /// operator's to say.
  static func list(_ text: String) -> [AnswerHeader]? {
    let lines = text.split(whereSeparator: \.isNewline).filter { !$0.allSatisfy { $0 == " " } }
    let headers = lines.compactMap(AnswerHeader.init)
    let names = Set(headers.map { $0.name.lowercased() })
    guard headers.count == lines.count, headers.count <= countMax, names.count == headers.count
    else { return nil }
    return headers
  }

  static func text(_ headers: [AnswerHeader]) -> String {
    headers.map { "\($0.name): \($0.value)" }.joined(separator: "\n")
  }

  init(name: String, value: String) {
    (self.name, self.value) = (name, value)
  }

  /// Nil for what begins another header, or is none.
  private init?(_ line: Substring) {
    let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, parts[0].utf8.allSatisfy(Self.isTokenByte),
      !Self.own.contains(parts[0].lowercased())
    else { return nil }
    let value = parts[1].drop { $0 == " " }
    guard !value.isEmpty, value.utf8.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
    self.init(name: String(parts[0]), value: String(value))
  }

  func isNamed(_ other: String) -> Bool { name.lowercased() == other.lowercased() }

  private static func isTokenByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
      true
    default: false
    }
  }
}
