import CIsolation

/// The system calls that were refused to a plugin, for the operator.
struct Refusals: Sendable {
  /// The name of a system call's number.
  let name: @Sendable (Int32) -> String

  /// Writes how many there were, and which was the first.
  func write(to writer: inout WireWriter) {
    let count = tally_refusals_count()
    writer.put(UInt64(count))
    writer.put(count == 0 ? "" : name(tally_refusals_first()))
  }
}
