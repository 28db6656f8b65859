/// Why the store refused or failed: a stable code for scripts, a sentence that names the file and
/// the remedy.
package struct StoreError: Error, CustomStringConvertible, Equatable, Sendable {
  /// Stable codes; a retired number is never used again.
  package enum Code: String, Sendable {
    /// The folder or file cannot be opened or made.
    case unreachable = "TALLY-300"
    /// Another process holds the file.
    case locked = "TALLY-301"
    /// The file is no database, or not one of Tally's.
    case foreign = "TALLY-302"
    /// The file was written by a newer version.
    case newer = "TALLY-303"
    /// The file is damaged.
    case corrupt = "TALLY-304"
    /// The disk is full.
    case full = "TALLY-305"
    /// Reading or writing failed otherwise.
    case failed = "TALLY-306"
    /// A question read for longer than it may.
    case cut = "TALLY-307"
    /// A name, key or number that is taken already.
    case taken = "TALLY-310"
    /// Something that was asked for by name is not there.
    case missing = "TALLY-311"
    /// A value the store does not accept.
    case invalid = "TALLY-312"
  }

  package let code: Code
  package let message: String

  package init(_ code: Code, _ message: String) {
    self.code = code
    self.message = message
  }

  package var description: String { "\(code.rawValue): \(message)" }
}
