import PluginABI
import Store
import Testing

@testable import Host

/// Builds a batch of items given as plain text and lends its block.
final class DecodeBench {
  static let receivedMs: Int64 = 1_717_243_260_000
  let counters = BatchBuilder.Counters()
  let builder: BatchBuilder
  private let entries = EntryBuffer()
  private var index: UInt32 = 0

  init(retentionMonths: Int = 14) {
    builder = BatchBuilder(retentionMonths: retentionMonths, counters: counters)
  }

  func intern(_ name: String) -> UInt32 { builder.declare(Array(name.utf8)) }

  func begin() {
    index = 0
    builder.begin()
  }

  func finish() -> BatchView { BatchView(builder.finish()) }

  /// An item whose parameters stand in a form; those in `json` are kept as raw JSON text.
  func append(
    _ parameters: [(String, [UInt8])], json: Set<String> = [], calendar: LocalCalendar = .utc
  ) {
    append(.parameters, calendar) { writer in
      for (name, value) in parameters {
        Array(name.utf8).withUnsafeBytes { bytes in
          value.withUnsafeBytes {
            writer.parameter(key: bytes, value: $0, isJSON: json.contains(name))
          }
        }
      }
    }
  }

  /// An item that is one JSON object as sent.
  func append(object: [UInt8]) {
    append(.object, .utc) { writer in object.withUnsafeBytes { writer.object($0) } }
  }

  private func append(
    _ form: RequestRecord.Form, _ calendar: LocalCalendar,
    _ fill: (inout RequestRecord.Writer) -> Void
  ) {
    entries.removeAll()
    var writer = RequestRecord.Writer(buffer: entries)
    writer.begin(receivedMs: Self.receivedMs, isBulk: false)
    Array("device".utf8).withUnsafeBytes {
      writer.beginItem(app: 1, hash: 7, partition: 3, form: form, device: $0)
    }
    fill(&writer)
    writer.endItem()
    writer.end()
    if append(entry: entries.bytes, calendar: calendar) == 0 {
      Issue.record("the entry cannot be read")
    }
  }

  /// The items of an entry; how many there were.
  @discardableResult
  func append(entry: UnsafeRawBufferPointer, calendar: LocalCalendar = .utc) -> Int {
    var cursor = RequestRecord.ItemCursor(entry)
    let first = index
    while let item = cursor?.next() {
      builder.append(
        item: item, position: 11, index: index, isBulk: index > 0, receivedMs: Self.receivedMs,
        uid: 5, isNewUser: index == 0, userIndex: index, calendar: calendar)
      index += 1
    }
    return Int(index - first)
  }

  /// The batch of one item with these parameters.
  static func batch(_ parameters: [(String, String)], json: Set<String> = []) -> Item {
    let bench = DecodeBench()
    bench.begin()
    bench.append(parameters.map { ($0.0, Array($0.1.utf8)) }, json: json)
    return Item(bench: bench, view: bench.finish())
  }

  /// The batch of one item with this JSON text in its parameter `v`.
  static func value(_ json: [UInt8]) -> (value: DecodedValue?, bench: DecodeBench) {
    let bench = DecodeBench()
    bench.begin()
    bench.append([("v", json)], json: ["v"])
    return (bench.finish().root(0).member("v"), bench)
  }

  /// The batch of one item with these events.
  static func events(_ json: String) -> Item {
    batch([("timestamp", "1717243200123"), ("events", json)])
  }

  /// One item of one batch; holds on to the memory.
  struct Item {
    let bench: DecodeBench
    let view: BatchView
    var root: DecodedValue { view.root(0) }
    var item: tally_item { view.item(0) }
    var events: [tally_event] { view.events }
    func text(_ offset: UInt32, _ count: UInt32) -> String { view.text(offset, count) }
    var keys: [String] { events.map { text($0.key_off, $0.key_len) } }
  }
}
