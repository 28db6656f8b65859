import PluginABI

/// Reads a block as a hook would, through the header's own functions.
struct BatchView {
  let batch: UnsafeMutablePointer<tally_batch>

  init(_ batch: UnsafeMutablePointer<tally_batch>) { self.batch = batch }

  var header: tally_batch { batch.pointee }

  /// An item of the batch, or zeros.
  func item(_ index: UInt32) -> tally_item {
    index < header.end_item ? tally_batch_item(batch, index).pointee : tally_item()
  }

  func root(_ index: UInt32) -> DecodedValue { value(tally_batch_node(batch, item(index).root)) }

  var events: [tally_event] { (0..<header.n_events).map { tally_batch_event(batch, $0).pointee } }

  func text(_ offset: UInt32, _ count: UInt32) -> String {
    String(decoding: bytes(tally_batch_text(batch, offset, count)), as: UTF8.self)
  }

  func key(_ index: UInt32) -> [UInt8] { bytes(tally_batch_key(batch, index)) }

  func value(_ node: UnsafePointer<tally_node>) -> DecodedValue {
    switch UInt32(node.pointee.kind) {
    case TALLY_FALSE: return .bool(false)
    case TALLY_TRUE: return .bool(true)
    case TALLY_INT: return .int(Int64(bitPattern: node.pointee.bits))
    case TALLY_DOUBLE: return .double(Double(bitPattern: node.pointee.bits))
    case TALLY_STRING: return .string(bytes(tally_text(batch, node)))
    case TALLY_ARRAY: return .array(children(node).map(value))
    case TALLY_OBJECT:
      return .object(
        children(node).map { .init(name: key($0.pointee.key), value: value($0)) })
    default: return .null
    }
  }

  private func children(_ node: UnsafePointer<tally_node>) -> [UnsafePointer<tally_node>] {
    var children: [UnsafePointer<tally_node>] = []
    guard var child = tally_first(batch, node), node.pointee.off > 0 else { return [] }
    for index in 0..<node.pointee.off {
      children.append(child)
      if index + 1 < node.pointee.off { child = tally_next(batch, child) }
    }
    return children
  }

  private func bytes(_ text: tally_str) -> [UInt8] {
    Array(UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len)))
  }

  /// What is wrong with the block; empty for a sound one.
  var faults: [String] {
    var faults: [String] = []
    func check(_ isRight: Bool, _ what: @autoclosure () -> String) {
      if !isRight { faults.append(what()) }
    }
    let header = header
    check(header.struct_size == 72 && header.reserved0 == 0, "header")
    check(UInt(bitPattern: batch) % 8 == 0, "alignment of the block")
    let tables = [
      (header.items_off, header.item_stride, header.end_item),
      (header.events_off, header.event_stride, header.n_events),
      (header.nodes_off, header.node_stride, header.n_nodes),
      (header.keys_off, header.key_stride, header.n_keys),
    ]
    var end = UInt64(header.text_off) + UInt64(header.text_len)
    check(header.text_off == 72, "the text follows the header")
    for (offset, stride, count) in tables {
      check(offset % 8 == 0 && UInt64(offset) >= end, "table at \(offset)")
      end = UInt64(offset) + UInt64(stride) * UInt64(count)
    }
    check(end <= UInt64(header.total_size), "total size")
    func isText(_ offset: UInt32, _ count: UInt32) -> Bool {
      if count == 0 { return true }
      let last = UInt64(offset) + UInt64(count)
      return offset >= 72 && last <= 72 + UInt64(header.text_len)
        && String(validating: bytes(tally_batch_text(batch, offset, count)), as: UTF8.self) != nil
    }
    for index in 0..<header.n_keys {
      let entry = UnsafeRawPointer(batch).load(
        fromByteOffset: Int(header.keys_off + index * 8), as: tally_key.self)
      check(isText(entry.off, entry.len), "key \(index)")
    }
    var open: [(end: UInt32, left: UInt32, isObject: Bool)] = []
    for index in 0..<header.n_nodes {
      let node = tally_batch_node(batch, index).pointee
      while let last = open.last, last.end < index {
        check(last.left == 0, "children before node \(index)")
        open.removeLast()
      }
      check(Int(node.depth) == open.count, "depth of node \(index)")
      check(node.key < header.n_keys, "key of node \(index)")
      if !open.isEmpty {
        check(open[open.count - 1].left > 0, "a child too many at node \(index)")
        open[open.count - 1].left &-= 1
        check(open[open.count - 1].isObject || node.key == 0, "a name in an array at \(index)")
      } else {
        check(node.key == 0, "a name at a root, node \(index)")
      }
      let kind = UInt32(node.kind)
      check(kind <= TALLY_OBJECT, "kind of node \(index)")
      if kind == TALLY_STRING { check(isText(node.off, node.len), "text of node \(index)") }
      if kind == TALLY_DOUBLE {
        check(Double(bitPattern: node.bits).isFinite, "a number that is none at \(index)")
      } else if kind != TALLY_INT {
        check(node.bits == 0, "bits of node \(index)")
      }
      if kind >= TALLY_ARRAY {
        check(UInt64(index) + UInt64(node.len) < UInt64(header.n_nodes), "size of node \(index)")
        open.append((index + node.len, node.off, kind == TALLY_OBJECT))
        if node.len == 0 { check(open.removeLast().left == 0, "an empty container \(index)") }
      }
    }
    for index in 0..<header.end_item {
      let item = item(index)
      check(item.root < header.n_nodes, "root of item \(index)")
      check(item.first_event + item.n_events <= header.n_events, "events of item \(index)")
      check(item.timestamp_ms <= item.received_ms, "time of item \(index)")
      for place in item.first_event..<item.first_event + item.n_events {
        let event = events[Int(place)]
        check(event.item == index && event.node > item.root, "item of event \(place)")
        check(event.key_len > 0 && isText(event.key_off, event.key_len), "key of event \(place)")
        check(event.timestamp_ms <= item.received_ms, "time of event \(place)")
      }
    }
    return faults
  }
}
