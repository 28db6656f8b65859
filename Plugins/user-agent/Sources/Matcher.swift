import CPCRE2

/// What expressions need while they are tried, made once. One thread at a time.
final class Matcher {
  /// Steps an expression may take on one text; no expression of uap-core comes near it on a text
  /// that a browser sends. Beyond it, the expression does not match.
  static let stepsMax: UInt32 = 20_000
  private static let groupsMax: UInt32 = 16

  private let data: OpaquePointer
  private let context: OpaquePointer
  private var trigrams = Trigrams()
  /// Whether required texts are looked at; without them the same expressions match, later.
  private let usesRequiredTexts: Bool
  /// Expressions that were given up.
  private(set) var limited = 0

  init(usesRequiredTexts: Bool = true) {
    guard let data = pcre2_match_data_create_8(Self.groupsMax, nil),
      let context = pcre2_match_context_create_8(nil)
    else { preconditionFailure("the allocator answers or ends") }
    pcre2_set_match_limit_8(context, Self.stepsMax)
    self.data = data
    self.context = context
    self.usesRequiredTexts = usesRequiredTexts
  }

  deinit {
    pcre2_match_data_free_8(data)
    pcre2_match_context_free_8(context)
  }

  /// Begins a text.
  func begin(_ text: UnsafeRawBufferPointer) {
    trigrams.fill(text)
  }

  /// What the first expression that matches stands for; nil when none does.
  func first(in list: PatternList, _ text: UnsafeRawBufferPointer) -> [[UInt8]]? {
    for pattern in list.patterns where !usesRequiredTexts || trigrams.contains(pattern.required) {
      if let groups = match(pattern, text) {
        return pattern.templates.map { filled($0, groups, text) }
      }
    }
    return nil
  }

  /// The number of groups that took part.
  private func match(_ pattern: Pattern, _ text: UnsafeRawBufferPointer) -> Int? {
    let found = pcre2_match_8(
      pattern.code, text.assumingMemoryBound(to: UInt8.self).baseAddress, text.count, 0, 0, data,
      context)
    if found >= 0 { return found == 0 ? Int(Self.groupsMax) : Int(found) }
    if found != PCRE2_ERROR_NOMATCH { limited += 1 }
    return nil
  }

  private func filled(
    _ template: Pattern.Template, _ groups: Int, _ text: UnsafeRawBufferPointer
  ) -> [UInt8] {
    var filled: [UInt8] = []
    for piece in template.pieces {
      switch piece {
      case .text(let bytes): filled += bytes
      case .group(let number):
        guard number < groups, let ends = pcre2_get_ovector_pointer_8(data) else { continue }
        let (start, end) = (ends[2 * number], ends[2 * number + 1])
        // The place of a group that took no part is -1.
        if start >= 0, start <= end, end <= text.count { filled += text[start..<end] }
      }
    }
    return trimmed(filled)
  }

  private func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    let start = bytes.firstIndex { $0 != 0x20 } ?? bytes.endIndex
    let end = (bytes.lastIndex { $0 != 0x20 } ?? -1) + 1
    return start < end ? Array(bytes[start..<end]) : []
  }
}
