import PluginABI

/// A batch made of values that a test wrote down, laid out as the host lays it out: one block
/// without pointers.
package final class TestBatch {
  /// Who an item's user is in this batch.
  package struct User {
    let uid: UInt64
    /// Dense in the batch.
    let index: UInt32
    let isNew: Bool

    package init(uid: UInt64, index: UInt32, isNew: Bool) {
      self.uid = uid
      self.index = index
      self.isNew = isNew
    }
  }

  package let pointer: UnsafeMutablePointer<tally_batch>
  /// Member names that occur in the batch, and all interned ones.
  package let names: Set<String>
  private let occurring: Set<UInt32>
  private let memory: UnsafeMutableRawPointer

  /// `interned` are the names with a number, from 1 on; `hour` makes local hours of milliseconds.
  package init(
    _ items: [TestItem], firstPosition: UInt64, interned: [String],
    hour: @escaping (Int64) -> Int32,
    user: (TestItem) throws -> User
  ) rethrows {
    var writer = BatchWriter(interned: interned, hour: hour)
    for (place, item) in items.enumerated() {
      writer.append(item, position: firstPosition + UInt64(place), user: try user(item))
    }
    memory = writer.block()
    names = Set(writer.keys)
    occurring = writer.occurring
    pointer = memory.assumingMemoryBound(to: tally_batch.self)
  }

  deinit { memory.deallocate() }

  /// Whether a member with an interned name occurs in the batch.
  package func contains(_ name: UInt32) -> Bool { occurring.contains(name) }
}

/// Writes the arrays of a batch.
private struct BatchWriter {
  private(set) var keys: [String]
  /// The numbers of the names that members have.
  private(set) var occurring: Set<UInt32> = []
  private var keyIDs: [String: UInt32]
  private let hour: (Int64) -> Int32
  private var text: [UInt8] = []
  private var nodes = [tally_node()]
  private var items: [tally_item] = []
  private var events: [tally_event] = []
  private static let header = MemoryLayout<tally_batch>.size

  /// Interned names have their id as their index; index 0 is no name.
  init(interned: [String], hour: @escaping (Int64) -> Int32) {
    self.hour = hour
    keys = [""] + interned
    keyIDs = Dictionary(uniqueKeysWithValues: zip(interned, UInt32(1)...))
  }

  mutating func append(_ source: TestItem, position: UInt64, user: TestBatch.User) {
    var item = tally_item()
    item.position = position
    item.user = user.uid
    item.received_ms = source.receivedMs
    item.timestamp_ms = source.timestampMs
    item.app = source.app
    item.app_country = source.appCountry.utf8.reversed().reduce(0) { $0 << 8 | UInt32($1) }
    item.hour = hour(source.timestampMs)
    item.flags = user.isNew ? TALLY_ITEM_NEW_USER : 0
    item.user_index = user.index
    (item.device_off, item.device_len) = add(text: source.device)
    (item.country_off, item.country_len) = add(text: source.country)
    (item.city_off, item.city_len) = add(text: source.city)
    item.root = UInt32(nodes.count)
    add(source.parameters, key: 0, depth: 0)
    item.first_event = UInt32(events.count)
    appendEvents(of: source, at: item.root)
    item.n_events = UInt32(events.count) - item.first_event
    items.append(item)
  }

  private mutating func appendEvents(of source: TestItem, at root: UInt32) {
    guard case .array(let list) = source.parameters["events"],
      let array = member("events", of: Int(root))
    else { return }
    var place = array + 1
    for value in list {
      append(event: value, at: place, of: source)
      place = next(place)
    }
  }

  private mutating func append(event value: TestValue, at place: Int, of source: TestItem) {
    guard case .string(let key) = value["key"] else { return }
    var event = tally_event()
    event.timestamp_ms = value["timestamp"]?.number.map { Int64($0) } ?? source.timestampMs
    event.count = value["count"]?.number.map { Int64($0) } ?? 1
    if let sum = value["sum"]?.number {
      event.sum = Int64((sum * 100_000).rounded())
      event.flags |= TALLY_EVENT_HAS_SUM
    }
    if let duration = value["dur"]?.number {
      event.dur = Int64((duration * 100_000).rounded())
      event.flags |= TALLY_EVENT_HAS_DUR
    }
    if key.hasPrefix("[CLY]_") { event.flags |= TALLY_EVENT_INTERNAL }
    event.hour = hour(event.timestamp_ms)
    event.item = UInt32(items.count)
    event.node = UInt32(place)
    (event.key_off, event.key_len) = add(text: key)
    event.segmentation = UInt32(member("segmentation", of: place) ?? 0)
    events.append(event)
  }

  private mutating func add(_ value: TestValue, key: UInt32, depth: UInt16) {
    let place = nodes.count
    var node = tally_node()
    node.key = key
    node.depth = depth
    nodes.append(node)
    switch value {
    case .null: node.kind = UInt16(TALLY_NULL)
    case .bool(let flag): node.kind = UInt16(flag ? TALLY_TRUE : TALLY_FALSE)
    case .int(let int):
      node.kind = UInt16(TALLY_INT)
      node.bits = UInt64(bitPattern: int)
    case .double(let double):
      node.kind = UInt16(TALLY_DOUBLE)
      node.bits = double.bitPattern
    case .string(let string):
      node.kind = UInt16(TALLY_STRING)
      (node.off, node.len) = add(text: string)
    case .array(let elements):
      node.kind = UInt16(TALLY_ARRAY)
      node.off = UInt32(elements.count)
      for element in elements { add(element, key: 0, depth: depth + 1) }
    case .object(let members):
      node.kind = UInt16(TALLY_OBJECT)
      node.off = UInt32(members.count)
      for member in members { add(member.value, key: id(of: member.name), depth: depth + 1) }
    }
    if node.kind >= TALLY_ARRAY { node.len = UInt32(nodes.count - place - 1) }
    nodes[place] = node
  }

  private mutating func add(text string: String) -> (UInt32, UInt32) {
    defer { text.append(contentsOf: string.utf8) }
    return (UInt32(Self.header + text.count), UInt32(string.utf8.count))
  }

  private mutating func id(of name: String) -> UInt32 {
    let id = keyIDs[name] ?? UInt32(keys.count)
    if id == keys.count {
      keys.append(name)
      keyIDs[name] = id
    }
    occurring.insert(id)
    return id
  }

  private func next(_ place: Int) -> Int {
    place + 1 + (nodes[place].kind >= TALLY_ARRAY ? Int(nodes[place].len) : 0)
  }

  private func member(_ name: String, of object: Int) -> Int? {
    guard nodes[object].kind == TALLY_OBJECT, let id = keyIDs[name] else { return nil }
    var found: Int?
    var place = object + 1
    for _ in 0..<nodes[object].off {
      if nodes[place].key == id { found = place }
      place = next(place)
    }
    return found
  }

  /// All arrays in one block, which the caller frees.
  mutating func block() -> UnsafeMutableRawPointer {
    let keyTable = keys.map { name -> tally_key in
      let (off, len) = add(text: name)
      return tally_key(off: off, len: len)
    }
    var offset = (Self.header + text.count + 7) & ~7
    func place<T>(_ array: [T]) -> UInt32 {
      defer { offset += (array.count * MemoryLayout<T>.stride + 7) & ~7 }
      return UInt32(offset)
    }
    func stride<T>(_ array: [T]) -> UInt32 { UInt32(MemoryLayout<T>.stride) }
    var batch = tally_batch()
    batch.struct_size = UInt32(Self.header)
    batch.end_item = UInt32(items.count)
    (batch.items_off, batch.item_stride) = (place(items), stride(items))
    (batch.n_events, batch.events_off, batch.event_stride) = (
      UInt32(events.count), place(events), stride(events)
    )
    (batch.n_nodes, batch.nodes_off, batch.node_stride) = (
      UInt32(nodes.count), place(nodes), stride(nodes)
    )
    (batch.n_keys, batch.keys_off, batch.key_stride) = (
      UInt32(keys.count), place(keyTable), stride(keyTable)
    )
    (batch.text_off, batch.text_len) = (UInt32(Self.header), UInt32(text.count))
    batch.total_size = UInt32(offset)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: offset, alignment: 8)
    memory.storeBytes(of: batch, as: tally_batch.self)
    func write<T>(_ array: [T], _ offset: UInt32) {
      array.withUnsafeBytes {
        UnsafeMutableRawBufferPointer(start: memory + Int(offset), count: $0.count)
          .copyMemory(from: $0)
      }
    }
    write(text, batch.text_off)
    write(items, batch.items_off)
    write(events, batch.events_off)
    write(nodes, batch.nodes_off)
    write(keyTable, batch.keys_off)
    return memory
  }
}
