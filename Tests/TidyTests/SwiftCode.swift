/// Swift source without what is not code: comments and texts become spaces, lines stay where they
/// are.
struct SwiftCode {
  private(set) var lines: [String]

  init(_ source: String) {
    var scanner = Scanner(Array(source.utf8))
    let bytes = scanner.blanked()
    lines = String(decoding: bytes, as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// A function and how many lines it takes.
  struct Function: Equatable {
    let line: Int
    let name: String
    let length: Int
  }

  /// Every function and initialiser that has a body.
  var functions: [Function] {
    lines.indices.compactMap { start in
      guard let name = Self.declaredName(lines[start]), let end = endOfBody(from: start) else {
        return nil
      }
      return Function(line: start + 1, name: name, length: end - start + 1)
    }
  }

  /// The identifiers of a line.
  static func words(_ line: String) -> [Substring] {
    line.split { !($0.isLetter || $0.isNumber || $0 == "_") }
  }

  private static func declaredName(_ line: String) -> String? {
    let words = words(line)
    if let index = words.firstIndex(of: "func") {
      return words.dropFirst(index + 1).first.map(String.init) ?? "operator"
    }
    let modifiers: Set<Substring> = [
      "private", "fileprivate", "package", "public", "convenience", "required", "override",
    ]
    guard words.first(where: { !modifiers.contains($0) }) == "init",
      line.contains("init(") || line.contains("init?(") || line.contains("init<"),
      !line.contains(".init")
    else { return nil }
    return "init"
  }

  /// The line of the brace that closes the body, or nil when a declaration has none.
  private func endOfBody(from start: Int) -> Int? {
    var parentheses = 0
    var braces = 0
    for line in start..<lines.count {
      for character in lines[line].utf8 {
        switch character {
        case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
        case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
        case UInt8(ascii: "{"): braces += 1
        case UInt8(ascii: "}"):
          braces -= 1
          if braces == 0, parentheses == 0 { return line }
          if braces < 0 { return nil }
        default: break
        }
      }
      if braces == 0, parentheses == 0, !continues(after: line) { return nil }
    }
    return nil
  }

  private func continues(after line: Int) -> Bool {
    guard line + 1 < lines.count else { return false }
    let next = lines[line + 1].drop { $0 == " " }
    return ["{", "->", "where ", "throws", "async", "rethrows"].contains { next.hasPrefix($0) }
  }
}

extension SwiftCode {
  /// Walks the bytes once, knowing only what makes a text or a comment begin and end.
  private struct Scanner {
    private let source: [UInt8]
    private var output: [UInt8] = []
    private var at = 0

    init(_ source: [UInt8]) { self.source = source }

    mutating func blanked() -> [UInt8] {
      while at < source.count { step() }
      return output
    }

    private mutating func step() {
      if starts("//") {
        while at < source.count, source[at] != UInt8(ascii: "\n") { skip() }
      } else if starts("/*") {
        while at < source.count, !starts("*/") { skip() }
        skip(2)
      } else if let hashes = rawText() {
        text(hashes: hashes)
      } else {
        output.append(source[at])
        at += 1
      }
    }

    /// The number of `#` before a quotation mark, or nil when no text begins here.
    private func rawText() -> Int? {
      var end = at
      while end < source.count, source[end] == UInt8(ascii: "#") { end += 1 }
      return end < source.count && source[end] == UInt8(ascii: "\"") ? end - at : nil
    }

    private mutating func text(hashes: Int) {
      skip(hashes)
      let quote = starts("\"\"\"") ? "\"\"\"" : "\""
      let hash = String(repeating: "#", count: hashes)
      skip(quote.count)
      while at < source.count, !starts(quote + hash) {
        if starts("\\" + hash + "(") {
          skip(2 + hashes)
          interpolation()
        } else if starts("\\" + hash) {
          skip(2 + hashes)
        } else {
          skip()
        }
      }
      skip(quote.count + hashes)
    }

    private mutating func interpolation() {
      var depth = 1
      while at < source.count, depth > 0 {
        if let hashes = rawText() {
          text(hashes: hashes)
          continue
        }
        if source[at] == UInt8(ascii: "(") { depth += 1 }
        if source[at] == UInt8(ascii: ")") { depth -= 1 }
        skip()
      }
    }

    private func starts(_ text: String) -> Bool { source[at...].starts(with: text.utf8) }

    private mutating func skip(_ count: Int = 1) {
      for _ in 0..<count where at < source.count {
        output.append(source[at] == UInt8(ascii: "\n") ? source[at] : UInt8(ascii: " "))
        at += 1
      }
    }
  }
}
