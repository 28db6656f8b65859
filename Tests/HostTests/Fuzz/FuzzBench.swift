import Store
import Testing

@testable import Host

/// Intake, and the pipeline's reading behind it.
final class FuzzBench {
  private let intake = IntakeBench()
  private let pipeline = DecodeBench()
  private let oldDevice = OldDevice()
  private let rule = TimestampRule(retentionMonths: 14)

  /// A request; one without a format has no body, and `text` stands in its target.
  func read(
    _ target: String, _ text: [UInt8], _ format: IntakeRequest.BodyFormat?, bulk: Bool = false
  ) -> String? {
    var target = Array(target.utf8)
    if format == nil { target += text }
    let admission = intake.admit(
      target, body: format == nil ? nil : text, format ?? .form, bulk: bulk)
    guard case .accepted(let items) = admission else { return nil }
    if items.count != intake.intake.entryItems { return "an entry that cannot be read" }
    for item in items where item.device.utf8.count > IntakeLimits().deviceIDBytesMax {
      return "a device id of \(item.device.utf8.count) bytes"
    }
    if !bulk, items.contains(where: { $0.parameters["device_id"] != nil }) {
      return "a device id among the parameters"
    }
    return items.isEmpty ? nil : decode(entry: intake.intake.entries, textBytes: text.count)
  }

  /// What intake let in, as the pipeline reads it.
  private func decode(entry: UnsafeRawBufferPointer, textBytes: Int) -> String? {
    var cursor = RequestRecord.ItemCursor(entry)
    while let item = cursor?.next() { _ = oldDevice.find(in: item) }
    pipeline.begin()
    let count = pipeline.append(entry: entry)
    return fault(textBytes: textBytes, items: count)
  }

  /// A text as the items of a batch: as it came in a list, and as JSON and text of parameters.
  func decode(_ text: [UInt8]) -> String? {
    // Intake hands on only text that is UTF-8.
    let valid = Array(String(decoding: text, as: UTF8.self).utf8)
    pipeline.begin()
    pipeline.append(object: text)
    pipeline.append([("events", text), ("timestamp", text)], json: ["events", "timestamp"])
    pipeline.append([("events", valid), ("timestamp", valid), ("metrics", valid)])
    return fault(textBytes: 3 * text.count + 2 * valid.count, items: 3)
  }

  private func fault(textBytes: Int, items: Int) -> String? {
    let view = pipeline.finish()
    let bytes = Int(view.header.total_size)
    if bytes > 4_096 + items * 256 + textBytes * 48 {
      return "a block of \(bytes) bytes out of \(textBytes) in \(items) items"
    }
    let late = view.events.filter { !kept.contains($0.timestamp_ms) }
    if let event = late.first { return "an event at \(event.timestamp_ms)" }
    return view.faults.first
  }

  /// The times that may come out of any.
  private var kept: ClosedRange<Int64> {
    DecodeBench.receivedMs - rule.retentionMs...DecodeBench.receivedMs
  }

  // MARK: Against a plain reading

  /// A value of a form, decoded twice.
  func differs(inValue text: [UInt8]) -> String? {
    let value = text.filter { $0 != UInt8(ascii: "&") }
    let body = Array("\(FuzzBench.ids)&v=".utf8) + value
    let admission = intake.admit(Array("/i".utf8), body: body)
    guard case .accepted(let items) = admission else { return "a value makes a request refused" }
    let read = items.first?.parameters["v"].map { Array($0.utf8) }
    return read == Array(Self.plainly(value).utf8) ? nil : "another value than was sent"
  }

  private static let ids = "app_key=\(IntakeBench.key)&device_id=d"

  private static func plainly(_ raw: [UInt8]) -> String {
    var (bytes, index): ([UInt8], Int) = ([], 0)
    while index < raw.count {
      if raw[index] == UInt8(ascii: "%"), index + 2 < raw.count,
        raw[index + 1...index + 2].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
        let byte = UInt8(String(decoding: raw[index + 1...index + 2], as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        index += 3
      } else {
        bytes.append(raw[index] == UInt8(ascii: "+") ? UInt8(ascii: " ") : raw[index])
        index += 1
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// A number in a text, and the time it stands for.
  func misreads(number text: [UInt8]) -> String? {
    guard let number = text.withUnsafeBytes({ LooseNumber($0) }) else { return nil }
    guard let plain = Double(Self.trimmed(text)) else {
      return "\(number) out of no number"
    }
    let isSame =
      switch number {
      case .whole(let value): Double(value) == plain
      case .decimal(let value):
        value == min(max(plain, -.greatestFiniteMagnitude), .greatestFiniteMagnitude)
      }
    if !isSame { return "\(number) out of \(plain)" }
    if abs(number.count) > LooseNumber.countMax { return "a count of \(number.count)" }
    let received = DecodeBench.receivedMs
    let time = rule.judge(number, receivedMs: received, otherwise: received).ms
    return kept.contains(time) ? nil : "a time of \(time)"
  }

  private static func trimmed(_ text: [UInt8]) -> String {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    guard let first = text.firstIndex(where: { !isBlank($0) }),
      let last = text.lastIndex(where: { !isBlank($0) })
    else { return "" }
    return String(decoding: text[first...last], as: UTF8.self)
  }

  /// The time of an item and of its event.
  func decode(time text: [UInt8]) -> String? {
    let valid = Array(String(decoding: text, as: UTF8.self).utf8)
    let event = Array(#"[{"key":"a","timestamp":"#.utf8) + valid + Array("}]".utf8)
    pipeline.begin()
    pipeline.append([("timestamp", valid), ("events", event)], json: ["events"])
    pipeline.append([("timestamp", valid)], json: ["timestamp"])
    return fault(textBytes: 3 * valid.count, items: 2)
  }
}
