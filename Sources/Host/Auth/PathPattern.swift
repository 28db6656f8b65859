import CPCRE2

/// A regular expression that is searched in the path of a request. Whoever wrote it, trying it takes
/// a bounded number of steps: an expression that needs more does not match.
final class PathPattern: @unchecked Sendable {
  static let textBytesMax = 256
  /// Paths beyond it match nothing.
  static let pathBytesMax = 512
  /// Steps from one place of the path on; what people write about paths takes a few dozen.
  private static let stepsMax: UInt32 = 2_000
  private static let memoryKiBMax: UInt32 = 64

  /// Compiled once; matching only reads it.
  private let code: OpaquePointer

  /// Nil when the text is no expression.
  init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.textBytesMax else { return nil }
    var (problem, offset): (Int32, Int) = (0, 0)
    var text = text
    let compiled = text.withUTF8 {
      pcre2_compile_8($0.baseAddress, $0.count, 0, &problem, &offset, nil)
    }
    guard let compiled else { return nil }
    code = compiled
  }

  deinit { pcre2_code_free_8(code) }

  func matches(_ path: String) -> Bool {
    var path = path
    guard path.utf8.count <= Self.pathBytesMax,
      let data = pcre2_match_data_create_8(1, nil), let context = pcre2_match_context_create_8(nil)
    else { return false }
    defer {
      pcre2_match_data_free_8(data)
      pcre2_match_context_free_8(context)
    }
    pcre2_set_match_limit_8(context, Self.stepsMax)
    pcre2_set_heap_limit_8(context, Self.memoryKiBMax)
    return path.withUTF8 {
      pcre2_match_8(code, $0.baseAddress, $0.count, 0, 0, data, context) >= 0
    }
  }
}
