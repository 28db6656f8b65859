import PluginABI

/// The accepted items a hook sees in one call, in order. Borrowed: it and everything reached
/// through it is valid until the call returns.
public struct Batch: Sequence {
  @usableFromInline let pointer: UnsafePointer<tally_batch>

  @usableFromInline init(_ pointer: UnsafePointer<tally_batch>) {
    self.pointer = pointer
  }

  /// The item at that place of the batch, counted over all items, not only this call's.
  @inlinable public subscript(place: UInt32) -> Item {
    Item(pointer, tally_batch_item(pointer, place), place: place)
  }

  @inlinable public func makeIterator() -> Iterator {
    Iterator(batch: self, next: pointer.pointee.first_item, end: pointer.pointee.end_item)
  }

  /// Walks the items of this call.
  public struct Iterator: IteratorProtocol {
    @usableFromInline let batch: Batch
    @usableFromInline var place: UInt32
    @usableFromInline let end: UInt32

    @inlinable init(batch: Batch, next: UInt32, end: UInt32) {
      self.batch = batch
      self.place = next
      self.end = end
    }

    @inlinable public mutating func next() -> Item? {
      guard place < end else { return nil }
      defer { place += 1 }
      return batch[place]
    }
  }
}
