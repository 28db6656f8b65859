import PluginABI

/// What was committed. Borrowed. Every item arrives at least once, in order; its position and index
/// are its sequence number.
public struct Commit: ~Copyable {
  private let pointer: UnsafePointer<tally_commit>
  /// The committed items.
  public let batch: Batch
  /// What process hooks said about them.
  public let facts: Facts

  init(_ pointer: UnsafePointer<tally_commit>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_commit>.size),
      let batch = pointer.pointee.batch, let facts = pointer.pointee.facts
    else { throw PluginError(.unsupported, "the host's tally_commit is older than this plugin") }
    self.pointer = pointer
    self.batch = Batch(batch)
    self.facts = Facts(facts)
  }

  /// The journal's positions the items come from.
  public var positions: ClosedRange<UInt64> {
    pointer.pointee
      .first_position...max(
        pointer.pointee.first_position, pointer.pointee.last_position)
  }

  /// Whether some of it may have been delivered before.
  public var isRepeated: Bool { pointer.pointee.flags & TALLY_COMMIT_AGAIN != 0 }
}
