import Glibc

/// Why the journal could not be opened or read: a closed code for callers, a sentence for the
/// operator.
package struct JournalError: Error, CustomStringConvertible, Sendable {
  /// What callers may switch on.
  package enum Code: String, Sendable {
    /// The folder cannot be made, listed or written.
    case directory
    /// The disk answered with an error.
    case disk
    /// Bytes that were whole when the journal was opened no longer are.
    case damaged
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { message }

  /// The disk refused `action` on `path` with `number` (errno).
  static func disk(_ action: String, _ path: String, _ number: Int32) -> JournalError {
    JournalError(.disk, "cannot \(action) \(path): \(String(cString: strerror(number)))")
  }
}
