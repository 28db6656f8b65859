import PluginABI

/// A batch of items with one event each, as large in memory as real ones: a root, the event's object
/// with a segmentation of two, 128 bytes of text.
struct EventBlock {
  private static let nodesPerItem = 10
  private static let textBytesPerItem = 128
  private static let items = MemoryLayout<tally_batch>.size
  private static let hour: Int32 = 490_000

  let memory: UnsafeMutableRawBufferPointer
  let users: [Int32]

  /// Each item is of a user of its own, up to the users there are. The block lies where the
  /// server builds its own.
  init(events count: Int, users slots: [Int32], in lent: UnsafeMutableRawBufferPointer) {
    users = Array(slots.prefix(count))
    let itemsEnd = Self.items + count * MemoryLayout<tally_item>.size
    let eventsEnd = itemsEnd + count * MemoryLayout<tally_event>.size
    let nodesEnd = eventsEnd + count * Self.nodesPerItem * MemoryLayout<tally_node>.size
    let total = nodesEnd + count * Self.textBytesPerItem
    memory = UnsafeMutableRawBufferPointer(rebasing: lent[..<total])
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    var batch = tally_batch()
    batch.struct_size = UInt32(MemoryLayout<tally_batch>.size)
    batch.total_size = UInt32(total)
    batch.end_item = UInt32(count)
    batch.items_off = UInt32(Self.items)
    batch.item_stride = UInt32(MemoryLayout<tally_item>.size)
    batch.n_events = UInt32(count)
    batch.events_off = UInt32(itemsEnd)
    batch.event_stride = UInt32(MemoryLayout<tally_event>.size)
    batch.n_nodes = UInt32(count * Self.nodesPerItem)
    batch.nodes_off = UInt32(eventsEnd)
    batch.node_stride = UInt32(MemoryLayout<tally_node>.size)
    batch.text_off = UInt32(nodesEnd)
    batch.text_len = UInt32(count * Self.textBytesPerItem)
    memory.storeBytes(of: batch, as: tally_batch.self)
    for place in 0..<count {
      memory.storeBytes(
        of: item(place), toByteOffset: Self.items + place * MemoryLayout<tally_item>.size,
        as: tally_item.self)
      memory.storeBytes(
        of: event(place, text: nodesEnd),
        toByteOffset: itemsEnd + place * MemoryLayout<tally_event>.size, as: tally_event.self)
    }
  }

  private func item(_ place: Int) -> tally_item {
    var item = tally_item()
    item.position = UInt64(place + 1)
    item.user = UInt64(place % users.count + 1)
    item.user_index = UInt32(place % users.count)
    item.app = 1
    item.hour = Self.hour
    item.first_event = UInt32(place)
    item.n_events = 1
    return item
  }

  private func event(_ place: Int, text: Int) -> tally_event {
    var event = tally_event()
    event.count = 1
    event.dur = 7
    event.hour = Self.hour
    event.item = UInt32(place)
    event.key_off = UInt32(text + place * Self.textBytesPerItem)
    event.key_len = 12
    return event
  }

  var batch: UnsafeMutablePointer<tally_batch> {
    memory.baseAddress.map { $0.assumingMemoryBound(to: tally_batch.self) }
      ?? .allocate(capacity: 1)
  }
}
