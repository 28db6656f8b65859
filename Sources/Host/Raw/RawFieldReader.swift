import PluginABI
import Store

/// Takes raw items apart for queries: which field of a row is what. One thread's own.
final class RawFieldReader: RawRows {
  /// Where a field is found.
  enum Field: Equatable {
    case device, user, key, count, sum, duration
    /// Of an event.
    case segmentation(UInt32)
    /// Of the request.
    case parameter(UInt32)
    /// What was known of the user by then.
    case metric(Int)
  }

  /// The names of `TALLY_METRIC_…`.
  static let metrics = [
    "os", "os_version", "device", "manufacturer", "device_type", "resolution", "density",
    "app_version", "carrier", "locale", "language", "browser", "browser_version", "store",
    "country", "city",
  ]
  private static let plain: [String: Field] = [
    "device": .device, "user": .user, "key": .key, "count": .count, "sum": .sum, "dur": .duration,
  ]

  private let builder: BatchBuilder
  private let calendar: LocalCalendar
  private let rows: RawQuery.Rows
  private let fields: [Field]
  private let wantsFacts: Bool

  /// Throws the name of a field there is not.
  init(_ query: RawQuery, calendar: LocalCalendar, retentionMonths: Int) throws(RawFieldUnknown) {
    // A table of its own: what is asked for must not use up the names of the pipeline.
    let builder = BatchBuilder(retentionMonths: retentionMonths)
    var fields: [Field] = []
    for name in query.fields {
      guard let field = Self.field(name, builder) else { throw RawFieldUnknown(name: name) }
      fields.append(field)
    }
    self.builder = builder
    self.fields = fields
    self.calendar = calendar
    rows = query.rows
    wantsFacts =
      query.rows == .sessions || fields.contains { if case .metric = $0 { true } else { false } }
  }

  private static func field(_ name: String, _ builder: BatchBuilder) -> Field? {
    if let field = plain[name] { return field }
    let parts = name.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[1].isEmpty else { return nil }
    switch parts[0] {
    case "segmentation": return .segmentation(builder.declare(Array(parts[1].utf8)))
    case "param": return .parameter(builder.declare(Array(parts[1].utf8)))
    case "metrics": return metrics.firstIndex(of: String(parts[1])).map { .metric($0) }
    default: return nil
    }
  }

  // MARK: Reading

  func read(_ items: [RawItem], _ body: (RawRow) throws -> Void) throws {
    builder.begin()
    var kept: [RawItem] = []
    for item in items {
      let isTaken = item.body.withUnsafeBytes { bytes -> Bool in
        // Commands are raw rows too, and no items.
        guard let record = RequestRecord.Item(bytes) else { return false }
        builder.append(
          item, record, said: [], uid: item.user, userIndex: 0, calendar: calendar)
        return true
      }
      if isTaken { kept.append(item) }
    }
    guard !kept.isEmpty else { return }
    let batch = UnsafePointer(builder.finish())
    for (place, item) in kept.enumerated() { try read(item, batch, UInt32(place), body) }
  }

  private func read(
    _ raw: RawItem, _ batch: UnsafePointer<tally_batch>, _ place: UInt32,
    _ body: (RawRow) throws -> Void
  ) throws {
    let item = tally_batch_item(batch, place).pointee
    let facts = wantsFacts ? RawFacts.read(raw.facts) ?? [] : []
    if rows == .sessions, !Self.isSession(facts) { return }
    let known = fields.map { self.value($0, batch, item, facts) }
    let user = item.device_len > 0 ? raw.user : RawRow.nobody
    guard rows == .events else {
      return try body(
        RawRow(user: user, timestampMs: item.timestamp_ms, hour: item.hour, values: known))
    }
    for index in item.first_event..<item.first_event + item.n_events {
      let event = tally_batch_event(batch, index).pointee
      let values = zip(fields, known).map { self.value($0, batch, event) ?? $1 }
      try body(
        RawRow(user: user, timestampMs: event.timestamp_ms, hour: event.hour, values: values))
    }
  }

  /// What the request says.
  private func value(
    _ field: Field, _ batch: UnsafePointer<tally_batch>, _ item: tally_item,
    _ facts: [RawFacts.Fact]
  ) -> RawValue? {
    switch field {
    case .device:
      return RawValue(Self.text(tally_batch_text(batch, item.device_off, item.device_len)))
    case .user: return item.device_len > 0 ? RawValue(Int64(bitPattern: item.user)) : nil
    case .parameter(let name):
      return Self.value(batch, tally_member(batch, tally_batch_node(batch, item.root), name))
    case .metric(let number): return Self.metric(number, facts)
    case .key, .count, .sum, .duration, .segmentation: return nil
    }
  }

  /// What an event says.
  private func value(
    _ field: Field, _ batch: UnsafePointer<tally_batch>, _ event: tally_event
  ) -> RawValue? {
    switch field {
    case .key: return RawValue(Self.text(tally_batch_text(batch, event.key_off, event.key_len)))
    case .count: return RawValue(event.count)
    case .sum: return event.flags & TALLY_EVENT_HAS_SUM != 0 ? RawValue(units: event.sum) : nil
    case .duration: return event.flags & TALLY_EVENT_HAS_DUR != 0 ? RawValue(units: event.dur) : nil
    case .segmentation(let name):
      guard event.segmentation != 0 else { return nil }
      return Self.value(
        batch, tally_member(batch, tally_batch_node(batch, event.segmentation), name))
    case .device, .user, .parameter, .metric: return nil
    }
  }

  private static func value(
    _ batch: UnsafePointer<tally_batch>, _ node: UnsafePointer<tally_node>?
  ) -> RawValue? {
    guard let node else { return nil }
    switch UInt32(node.pointee.kind) {
    case TALLY_STRING: return RawValue(text(tally_text(batch, node)))
    case TALLY_INT: return RawValue(Int64(bitPattern: node.pointee.bits))
    case TALLY_DOUBLE: return RawValue(Double(bitPattern: node.pointee.bits))
    case TALLY_TRUE: return RawValue("true")
    case TALLY_FALSE: return RawValue("false")
    // There, but of no one value: what is inside has no name here.
    case TALLY_ARRAY: return RawValue("array")
    case TALLY_OBJECT: return RawValue("object")
    default: return nil
    }
  }

  private static func text(_ text: tally_str) -> String {
    String(decoding: UnsafeRawBufferPointer(start: text.ptr, count: Int(text.len)), as: UTF8.self)
  }

  // MARK: Facts

  private static let users = Array("users".utf8)
  private static let sessions = Array("sessions".utf8)

  private static func isSession(_ facts: [RawFacts.Fact]) -> Bool {
    guard let fact = facts.first(where: { $0.name == sessions }),
      let offset = MemoryLayout<tally_session_fact>.offset(of: \.flags),
      fact.value.count >= offset + 4
    else { return false }
    let flags = fact.value.withUnsafeBytes {
      $0.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
    }
    return flags & TALLY_SESSION_OPENED != 0
  }

  private static func metric(_ number: Int, _ facts: [RawFacts.Fact]) -> RawValue? {
    guard let fact = facts.first(where: { $0.name == users }) else { return nil }
    let text = UserFactText(fact.value).metric(number)
    return text.isEmpty ? nil : RawValue(text)
  }
}

/// A query names a field there is not.
struct RawFieldUnknown: Error {
  let name: String
}

/// The texts in a fact of the built-in users.
struct UserFactText {
  private let fact: [UInt8]

  init(_ fact: [UInt8]) { self.fact = fact }

  /// One of `TALLY_METRIC_…`; empty when unknown.
  func metric(_ number: Int) -> String {
    guard fact.count >= MemoryLayout<tally_user_fact>.size,
      let offsets = MemoryLayout<tally_user_fact>.offset(of: \.value_off),
      let lengths = MemoryLayout<tally_user_fact>.offset(of: \.value_len)
    else { return "" }
    let (offset, length) = fact.withUnsafeBytes { bytes in
      (
        Int(bytes.loadUnaligned(fromByteOffset: offsets + number * 2, as: UInt16.self)),
        Int(bytes.loadUnaligned(fromByteOffset: lengths + number * 2, as: UInt16.self))
      )
    }
    guard length > 0, offset + length <= fact.count else { return "" }
    return String(decoding: fact[offset..<offset + length], as: UTF8.self)
  }
}
