import Glibc
import Testing

@testable import UserAgent

/// What the package uap-core brings: the patterns, and what they must say.
enum Patterns {
  static let path = "/usr/share/uap-core/regexes.yaml"

  /// A user agent and what its patterns must make of it.
  struct Case {
    var agent = ""
    var family = ""
    var version: String?

    fileprivate var major = ""
    fileprivate var minor = ""
  }

  static func reader(usesRequiredTexts: Bool = true) throws -> AgentReader {
    try AgentReader(PatternFile(path: path), usesRequiredTexts: usesRequiredTexts)
  }

  /// The project's own examples of `ua`, `os` or `device`.
  static func cases(_ kind: String) throws -> [Case] {
    let text = try #require(contents("/usr/share/uap-core/tests/test_\(kind).yaml"))
    var cases: [Case] = []
    for line in text.split(separator: "\n") {
      let words = line.drop { $0 == " " || $0 == "-" }
      guard let colon = words.firstIndex(of: ":") else { continue }
      let rest = words[words.index(after: colon)...].drop { $0 == " " }
      let value =
        rest.first.map { $0 == "'" || $0 == "\"" } == true ? rest.dropFirst().dropLast() : rest
      let bare = String(value).replacing("''", with: "'")
      switch words[..<colon] {
      case "user_agent_string": cases.append(Case(agent: bare))
      case "family": cases[cases.count - 1].family = bare
      case "major": cases[cases.count - 1].major = bare
      case "minor": cases[cases.count - 1].minor = bare
      default: break
      }
    }
    return cases.map { one in
      var one = one
      if !one.major.isEmpty {
        one.version = one.minor.isEmpty ? one.major : one.major + "." + one.minor
      }
      return one
    }
  }

  private static func contents(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var all: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&piece, 1, piece.count, file)
      if count == 0 { return String(decoding: all, as: UTF8.self) }
      all += piece[..<count]
    }
  }
}

extension Agent {
  /// A value without its quotes; nil when the agent does not say it.
  func value(_ field: Field) -> String? {
    var found: String?
    with(field) { found = String(String($0).dropFirst().dropLast()) }
    return found
  }
}

extension AgentReader {
  func read(_ text: String) -> Agent {
    Array(text.utf8).withUnsafeBytes { read($0) }
  }
}
