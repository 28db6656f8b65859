import PluginABI
import PluginRuntime
import Store

/// Reads what the live view wants to know out of committed batches. One thread's own.
final class LiveReader {
  private let batches: CommittedBatches
  private let users: UInt32
  private let sessions: UInt32
  private let name: UInt32
  private let visit: UInt32
  private static let viewKey = Array("[CLY]_view".utf8)

  init(_ batches: CommittedBatches) {
    self.batches = batches
    func number(_ name: String) -> UInt32 { batches.builder.declare(Array(name.utf8)) }
    users = number("users")
    sessions = number("sessions")
    name = number("name")
    visit = number("visit")
  }

  /// Calls `body` with the items of the next whole requests behind `position`; answers the last
  /// position they reach.
  func read(
    after position: UInt64, through end: UInt64, _ body: (_ app: UInt32, LiveItem) -> Void
  ) throws -> UInt64 {
    let next = try batches.next(after: position, through: end)
    if let batch = next.batch {
      for place in batch.pointee.first_item..<batch.pointee.end_item { read(batch, place, body) }
    }
    return next.positions.upperBound
  }

  private func read(
    _ batch: UnsafePointer<tally_batch>, _ place: UInt32, _ body: (UInt32, LiveItem) -> Void
  ) {
    let entry = tally_batch_item(batch, place).pointee
    // What is nobody's is not what people do.
    guard entry.device_len > 0 else { return }
    var item = LiveItem(user: entry.user, receivedMs: entry.received_ms)
    item.isNewUser = entry.flags & TALLY_ITEM_NEW_USER != 0
    item.country = country(place)
    item.key = RawKey(position: entry.position, item: entry.index)
    let fact = tally_fact(batches.facts.pointer, place, sessions)
    if let fact = Self.load(fact, tally_session_fact.self) {
      item.sessions = fact.flags & TALLY_SESSION_OPENED != 0 ? 1 : 0
    }
    for index in entry.first_event..<entry.first_event + entry.n_events {
      let event = tally_batch_event(batch, index).pointee
      if event.flags & TALLY_EVENT_INTERNAL == 0 {
        item.events += Int(clamping: max(0, event.count))
      } else if let view = viewName(batch, event) {
        item.views.append(view)
      }
    }
    body(entry.app, item)
  }

  /// The name of a view that begins, or nil.
  private func viewName(_ batch: UnsafePointer<tally_batch>, _ event: tally_event) -> String? {
    let key = tally_batch_text(batch, event.key_off, event.key_len)
    guard UnsafeRawBufferPointer(start: key.ptr, count: Int(key.len)).elementsEqual(Self.viewKey),
      event.segmentation != 0
    else { return nil }
    let segmentation = tally_batch_node(batch, event.segmentation)
    guard isYes(tally_member(batch, segmentation, visit), batch) else { return nil }
    let text = tally_text(batch, tally_member(batch, segmentation, name))
    let bytes = UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len))
    return bytes.isEmpty
      ? nil : String(decoding: bytes.prefix(LiveLimits.nameBytesMax), as: UTF8.self)
  }

  /// As SDKs mean yes: true, a number but 0, a text but "", "0" and "false".
  private func isYes(
    _ node: UnsafePointer<tally_node>?, _ batch: UnsafePointer<tally_batch>
  ) -> Bool {
    guard let node else { return false }
    switch UInt32(node.pointee.kind) {
    case TALLY_TRUE: return true
    case TALLY_INT: return node.pointee.bits != 0
    case TALLY_DOUBLE: return Double(bitPattern: node.pointee.bits) != 0
    case TALLY_STRING:
      let text = tally_text(batch, node)
      let bytes = UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len))
      return !["", "0", "false"].contains { bytes.elementsEqual($0.utf8) }
    default: return false
    }
  }

  /// The country the built-in users knew of the user by then.
  private func country(_ place: UInt32) -> String {
    let found = tally_fact(batches.facts.pointer, place, users)
    guard let fact = Self.load(found, tally_user_fact.self) else { return "" }
    let index = Int(TALLY_METRIC_COUNTRY)
    let (offset, count) = withUnsafeBytes(of: fact) { bytes in
      (Self.number(bytes, \.value_off, index), Self.number(bytes, \.value_len, index))
    }
    guard count > 0, offset + count <= Int(found.len), let base = found.ptr else { return "" }
    let text = UnsafeRawBufferPointer(start: base, count: Int(found.len))[offset..<offset + count]
    return String(decoding: text, as: UTF8.self)
  }

  private static func number(
    _ fact: UnsafeRawBufferPointer, _ field: PartialKeyPath<tally_user_fact>, _ index: Int
  ) -> Int {
    let start = MemoryLayout<tally_user_fact>.offset(of: field) ?? 0
    return Int(fact.loadUnaligned(fromByteOffset: start + index * 2, as: UInt16.self))
  }

  private static func load<Fact: BitwiseCopyable>(_ found: tally_bytes, _ type: Fact.Type) -> Fact?
  {
    guard let base = found.ptr, Int(found.len) >= MemoryLayout<Fact>.size else { return nil }
    return UnsafeRawPointer(base).loadUnaligned(as: Fact.self)
  }
}
