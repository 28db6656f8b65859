import Foundation
import PluginABI

/// One request as a test describes it.
package struct FakeItem: Sendable {
  package var parameters: Value
  package var user: UInt64
  package var app: UInt32
  package var timestampMs: Int64
  package var country: String
  package var city: String

  /// 2024-06-01 12:00:00 UTC, a Saturday.
  package static let noon: Int64 = 1_717_243_200_000

  /// A request of a user, `seconds` after noon.
  package init(
    _ parameters: Value, user: UInt64 = 1, app: UInt32 = 1, seconds: Double = 0,
    country: String = "", city: String = ""
  ) {
    self.parameters = parameters
    self.user = user
    self.app = app
    timestampMs = Self.noon + Int64(seconds * 1_000)
    self.country = country
    self.city = city
  }
}

/// A batch block as the host would build it: one block without pointers.
final class FakeBatch {
  let pointer: UnsafeMutablePointer<tally_batch>
  /// Member names of the batch.
  let names: Set<String>
  private let memory: UnsafeMutableRawPointer

  init(_ items: [FakeItem], firstPosition: UInt64, known: Set<FakeUser>, interned: [String]) {
    var writer = BatchWriter(interned: interned)
    var users: [FakeUser: UInt32] = [:]
    for (place, item) in items.enumerated() {
      let user = FakeUser(app: item.app, user: item.user)
      let isNew = !known.contains(user) && users[user] == nil
      let index = users[user, default: UInt32(users.count)]
      users[user] = index
      writer.append(
        item, position: firstPosition + UInt64(place), userIndex: index, isNew: isNew)
    }
    memory = writer.block()
    names = Set(writer.keys)
    pointer = memory.assumingMemoryBound(to: tally_batch.self)
  }

  deinit { memory.deallocate() }
}

/// One user of one app.
struct FakeUser: Hashable {
  let app: UInt32
  let user: UInt64
}

/// Writes the arrays of a batch.
private struct BatchWriter {
  private(set) var keys: [String]
  private var keyIDs: [String: UInt32]
  private var text: [UInt8] = []
  private var nodes = [tally_node()]
  private var items: [tally_item] = []
  private var events: [tally_event] = []
  private static let header = 72

  /// Interned names have their id as their index; index 0 is no name.
  init(interned: [String]) {
    keys = [""] + interned
    keyIDs = Dictionary(uniqueKeysWithValues: zip(interned, UInt32(1)...))
  }

  mutating func append(_ source: FakeItem, position: UInt64, userIndex: UInt32, isNew: Bool) {
    var item = tally_item()
    item.position = position
    item.user = source.user
    item.received_ms = source.timestampMs + 500
    item.timestamp_ms = source.timestampMs
    item.app = source.app
    item.hour = Calendar.hour(ofMs: source.timestampMs)
    item.flags = isNew ? TALLY_ITEM_NEW_USER : 0
    item.user_index = userIndex
    (item.device_off, item.device_len) = add(text: "device-\(source.user)")
    (item.country_off, item.country_len) = add(text: source.country)
    (item.city_off, item.city_len) = add(text: source.city)
    item.root = UInt32(nodes.count)
    add(source.parameters, key: 0, depth: 0)
    item.first_event = UInt32(events.count)
    appendEvents(of: source, at: item.root)
    item.n_events = UInt32(events.count) - item.first_event
    items.append(item)
  }

  private mutating func appendEvents(of source: FakeItem, at root: UInt32) {
    guard case .array(let list) = source.parameters["events"],
      let array = member("events", of: Int(root))
    else { return }
    var place = array + 1
    for value in list {
      append(event: value, at: place, of: source)
      place = next(place)
    }
  }

  private mutating func append(event value: Value, at place: Int, of source: FakeItem) {
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
    event.hour = Calendar.hour(ofMs: event.timestamp_ms)
    event.item = UInt32(items.count)
    event.node = UInt32(place)
    (event.key_off, event.key_len) = add(text: key)
    event.segmentation = UInt32(member("segmentation", of: place) ?? 0)
    events.append(event)
  }

  private mutating func add(_ value: Value, key: UInt32, depth: UInt16) {
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
    if let known = keyIDs[name] { return known }
    keys.append(name)
    keyIDs[name] = UInt32(keys.count - 1)
    return UInt32(keys.count - 1)
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
    var batch = tally_batch()
    batch.struct_size = UInt32(Self.header)
    batch.end_item = UInt32(items.count)
    (batch.items_off, batch.item_stride) = (place(items), 104)
    (batch.n_events, batch.events_off, batch.event_stride) = (
      UInt32(events.count), place(events), 64
    )
    (batch.n_nodes, batch.nodes_off, batch.node_stride) = (UInt32(nodes.count), place(nodes), 24)
    (batch.n_keys, batch.keys_off, batch.key_stride) = (UInt32(keys.count), place(keyTable), 8)
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
