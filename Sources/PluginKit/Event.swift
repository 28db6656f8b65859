import PluginABI

/// One entry of an item's `events`, its loosely typed numbers already made sense of. Borrowed.
public struct Event {
  @usableFromInline let batch: UnsafePointer<tally_batch>
  @usableFromInline let pointer: UnsafePointer<tally_event>
  /// Its place in the batch.
  public let place: UInt32

  @inlinable init(
    _ batch: UnsafePointer<tally_batch>, _ pointer: UnsafePointer<tally_event>, place: UInt32
  ) {
    self.batch = batch
    self.pointer = pointer
    self.place = place
  }

  /// Its key, cleaned; never empty.
  @inlinable public var key: Text {
    Text(tally_batch_text(batch, pointer.pointee.key_off, pointer.pointee.key_len))
  }
  /// Its own time, in Unix milliseconds.
  @inlinable public var timestampMs: Int64 { pointer.pointee.timestamp_ms }
  /// Its own time as hours of the app's local calendar.
  @inlinable public var hour: Int32 { pointer.pointee.hour }
  @inlinable public var count: Int64 { pointer.pointee.count }
  /// In units of 1e-5.
  @inlinable public var sum: Int64 { pointer.pointee.sum }
  /// Seconds in units of 1e-5.
  @inlinable public var duration: Int64 { pointer.pointee.dur }
  @inlinable public var hasSum: Bool { pointer.pointee.flags & TALLY_EVENT_HAS_SUM != 0 }
  @inlinable public var hasDuration: Bool { pointer.pointee.flags & TALLY_EVENT_HAS_DUR != 0 }
  /// Whether its own time was in the future or too old and was moved.
  @inlinable public var isClamped: Bool { pointer.pointee.flags & TALLY_EVENT_CLAMPED != 0 }
  /// Whether the key begins with `[CLY]_`.
  @inlinable public var isInternal: Bool { pointer.pointee.flags & TALLY_EVENT_INTERNAL != 0 }

  /// The event's object.
  @inlinable public var node: Node { Node(batch, tally_batch_node(batch, pointer.pointee.node)) }

  /// Its segmentation object; a null node when absent.
  @inlinable public var segmentation: Node {
    Node(batch, tally_batch_node(batch, pointer.pointee.segmentation))
  }
}
