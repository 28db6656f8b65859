/// What transform hooks asked for about one batch, by the place of the item.
package struct BatchEdits {
  /// A member of an object, set or taken out.
  package struct Member {
    /// The object's node.
    package let object: UInt32
    package let name: [UInt8]
    /// One JSON value; nil takes the member out.
    package let json: [UInt8]?
  }

  /// What becomes of one item.
  package struct Item {
    package var isDropped = false
    /// In the order in which they were asked for: the last about a name holds.
    package var members: [Member] = []
    /// Nodes of entries of `events` that are left out.
    package var droppedEvents: Set<UInt32> = []
    /// JSON objects behind the item's own events.
    package var addedEvents: [[UInt8]] = []
  }

  package internal(set) var items: [UInt32: Item] = [:]

  package var isEmpty: Bool { items.isEmpty }
}
