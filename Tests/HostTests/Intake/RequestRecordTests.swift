import Testing

@testable import Host

@Suite("Request records")
struct RequestRecordTests {
  private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  /// An entry with one item of each form.
  private func entry() -> [UInt8] {
    var writer = RequestRecord.Writer(buffer: EntryBuffer(capacity: 4))
    writer.begin(receivedMs: 5, isBulk: true)
    Self.bytes("dev").withUnsafeBytes { device in
      writer.beginItem(app: 7, hash: 9, partition: 3, form: .parameters, device: device)
      Self.bytes("k").withUnsafeBytes { key in
        Self.bytes("[1]").withUnsafeBytes {
          writer.parameter(key: key, value: $0, isJSON: true)
        }
      }
      writer.endItem()
      writer.beginItem(app: 8, hash: 0, partition: 63, form: .object, device: device)
      Self.bytes("{}").withUnsafeBytes { writer.object($0) }
      writer.endItem()
    }
    writer.end(bulkHash: 0x0102)
    return Array(writer.buffer.bytes)
  }

  @Test("An entry has exactly the bytes the journal format says")
  func layout() {
    let header: [UInt8] =
      [1, 0, 1, 0] + [2, 0, 0, 0] + [5, 0, 0, 0, 0, 0, 0, 0] + [2, 1, 0, 0, 0, 0, 0, 0]
    let first: [UInt8] =
      [34, 0, 0, 0] + [7, 0, 0, 0] + [9, 0, 0, 0, 0, 0, 0, 0] + [3, 0] + [1, 0] + [3, 0, 0, 0]
      + Self.bytes("dev") + [1, 0] + [3, 0, 0, 0] + [1] + Self.bytes("k[1]")
    let second: [UInt8] =
      [29, 0, 0, 0] + [8, 0, 0, 0] + [0, 0, 0, 0, 0, 0, 0, 0] + [63, 1] + [0, 0] + [3, 0, 0, 0]
      + Self.bytes("dev") + [2, 0, 0, 0] + Self.bytes("{}")
    #expect(entry() == header + first + second)
  }

  @Test("What was written is read back")
  func roundTrip() throws {
    let items = entry().withUnsafeBytes { IntakeBench.read($0) }
    try #require(items.count == 2)
    #expect(items[0].app == 7)
    #expect(items[0].parameters == ["k": "[1]"])
    #expect(items[0].json == ["k"])
    #expect(items[1].object == "{}")
    #expect(items[1].partition == 63)
  }

  @Test("An item's own bytes are an item")
  func itemBytes() {
    entry().withUnsafeBytes { entry in
      var cursor = RequestRecord.ItemCursor(entry)
      let again = cursor?.next().flatMap { RequestRecord.Item($0.bytes) }
      #expect(again.map { IntakeBench.text($0.device) } == "dev")
      #expect(again?.parameterCount == 1)
    }
  }

  @Test("An entry cut short anywhere, or with a changed byte, is read without a fault")
  func damage() {
    let whole = entry()
    for count in 0..<whole.count {
      let items = Array(whole[..<count]).withUnsafeBytes { IntakeBench.read($0) }
      #expect(items.isEmpty, "\(count)")
    }
    for index in whole.indices {
      for flip in [UInt8(1), 0x80, 0xFF] {
        var changed = whole
        changed[index] ^= flip
        _ = changed.withUnsafeBytes { IntakeBench.read($0) }
      }
    }
  }

  @Test("An entry of another version is not read")
  func version() {
    var changed = entry()
    changed[0] = 2
    changed.withUnsafeBytes { #expect(RequestRecord.ItemCursor($0) == nil) }
  }
}
