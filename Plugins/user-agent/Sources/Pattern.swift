import CPCRE2

/// One expression, and what its match stands for.
final class Pattern {
  /// A text with the places of what groups matched: `Firefox ($1)`.
  struct Template {
    enum Piece: Equatable {
      case text([UInt8])
      case group(Int)
    }

    let pieces: [Piece]

    init(_ text: String) {
      var pieces: [Piece] = []
      var run: [UInt8] = []
      var bytes = Array(text.utf8)[...]
      while let byte = bytes.popFirst() {
        if byte == UInt8(ascii: "$"), let digit = bytes.first, digit >= 0x31, digit <= 0x39 {
          bytes.removeFirst()
          if !run.isEmpty { pieces.append(.text(run)) }
          run = []
          pieces.append(.group(Int(digit) - 0x30))
        } else {
          run.append(byte)
        }
      }
      if !run.isEmpty { pieces.append(.text(run)) }
      self.pieces = pieces
    }

    init(group: Int) {
      pieces = [.group(group)]
    }
  }

  let code: OpaquePointer
  /// Triples that occur in everything it matches.
  let required: [UInt16]
  let templates: [Template]

  /// `templates` are the names of the replacements, each with the group that stands in for it.
  init(_ entry: PatternFile.Entry, templates: [(name: String, group: Int)]) throws(PatternError) {
    let expression = entry["regex"] ?? ""
    let options = entry["regex_flag"] == "i" ? PCRE2_CASELESS : 0
    var (code, offset): (Int32, Int) = (0, 0)
    var text = expression
    let compiled = text.withUTF8 {
      pcre2_compile_8($0.baseAddress, $0.count, options, &code, &offset, nil)
    }
    guard let compiled, !expression.isEmpty else {
      throw PatternError(
        cause: "the expression \(expression.prefix(80)) is wrong at byte \(offset)",
        remedy: "name the regexes.yaml of uap-core")
    }
    // Where the system forbids it the expression is interpreted, which is slower.
    _ = pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE)
    self.code = compiled
    required = Trigrams.bits(of: RequiredText.of(expression))
    self.templates = templates.map { name, group in
      entry[name].map { Template($0) } ?? Template(group: group)
    }
  }

  deinit {
    pcre2_code_free_8(code)
  }
}

/// Expressions of which the first that matches decides.
struct PatternList {
  let patterns: [Pattern]

  /// `names` are those of the replacements; the number of a group that the file leaves to its match.
  init(
    _ entries: [PatternFile.Entry], _ names: [(name: String, group: Int)]
  ) throws(PatternError) {
    var patterns: [Pattern] = []
    for entry in entries { patterns.append(try Pattern(entry, templates: names)) }
    self.patterns = patterns
  }
}
