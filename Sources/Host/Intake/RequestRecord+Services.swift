import PluginRuntime
import Store

/// Entries that plugins make: commands, and records they put into the ingest path.
///
/// ```text
/// command: header with the waiter's ticket in place of bulk_hash, one item of form 2:
///   ... device · u8 plugin_len · u8 name_len · u32 payload_len · plugin · name · payload
/// record: header, one item of form 1; with flag 2 behind it, when it comes from the outbox:
///   u64 position · u32 item · u32 plugin · u32 place · u8 depth
/// ```
extension RequestRecord {
  /// The form of a command's item: no parameters, and nobody takes it for an item that counts.
  static let commandForm: UInt8 = 2
  /// The entry comes from the outbox and says whose it is.
  static let outboxFlag: UInt16 = 2
  static let outboxTailBytes = 21
  private static let commandHeadBytes = 6

  /// What kind of entry this is; nil for one of another version.
  static func kind(of entry: UnsafeRawBufferPointer) -> Kind? {
    guard entry.count >= headerBytes, entry[0] == version else { return nil }
    return Kind(rawValue: entry[1])
  }

  // MARK: Writing

  /// Writes a command's entry; `ticket` finds whoever waits for it.
  static func write(
    _ command: SubmittedCommand, ticket: UInt64, receivedMs: Int64, partition: UInt8
  ) -> EntryBuffer {
    let buffer = EntryBuffer(capacity: 256 + command.device.count + command.payload.count)
    writeHeader(to: buffer, kind: .command, flags: 0, receivedMs: receivedMs, word: ticket)
    let start = buffer.count
    writeItemHead(
      to: buffer, app: command.app, partition: partition, form: commandForm, device: command.device)
    buffer.append(UInt8(command.plugin.utf8.count))
    buffer.append(UInt8(command.name.utf8.count))
    buffer.append(UInt32(command.payload.count))
    for part in [Array(command.plugin.utf8), Array(command.name.utf8), command.payload] {
      part.withUnsafeBytes { buffer.append($0) }
    }
    buffer.patch(UInt32(buffer.count - start - 4), at: start)
    return buffer
  }

  /// Writes a record's entry; `id` and `depth` when it comes from the outbox.
  static func write(
    app: UInt32, device: [UInt8], object: [UInt8], receivedMs: Int64, partition: UInt8,
    outbox: (id: OutboxID, depth: UInt8)?
  ) -> EntryBuffer {
    let buffer = EntryBuffer(capacity: 256 + device.count + object.count)
    writeHeader(
      to: buffer, kind: .emitted, flags: outbox == nil ? 0 : outboxFlag, receivedMs: receivedMs,
      word: 0)
    let start = buffer.count
    writeItemHead(
      to: buffer, app: app, partition: partition, form: Form.object.rawValue, device: device)
    buffer.append(UInt32(object.count))
    object.withUnsafeBytes { buffer.append($0) }
    buffer.patch(UInt32(buffer.count - start - 4), at: start)
    if let outbox {
      buffer.append(outbox.id.origin.position)
      buffer.append(outbox.id.origin.item)
      buffer.append(UInt32(outbox.id.origin.plugin))
      buffer.append(outbox.id.place)
      buffer.append(outbox.depth)
    }
    return buffer
  }

  private static func writeHeader(
    to buffer: EntryBuffer, kind: Kind, flags: UInt16, receivedMs: Int64, word: UInt64
  ) {
    buffer.append(version)
    buffer.append(kind.rawValue)
    buffer.append(flags)
    buffer.append(UInt32(1))
    buffer.append(receivedMs)
    buffer.append(word)
  }

  private static func writeItemHead(
    to buffer: EntryBuffer, app: UInt32, partition: UInt8, form: UInt8, device: [UInt8]
  ) {
    buffer.append(UInt32(0))
    buffer.append(app)
    buffer.append(UInt64(0))
    buffer.append(partition)
    buffer.append(form)
    buffer.append(UInt16(0))
    buffer.append(UInt16(device.count))
    buffer.append(UInt8(0))
    buffer.append(UInt8(0))
    device.withUnsafeBytes { buffer.append($0) }
  }

  // MARK: Reading

  /// A command, pointing into its entry or its raw row.
  struct Command {
    /// What a raw row keeps.
    let item: UnsafeRawBufferPointer
    let app: UInt32
    let device: UnsafeRawBufferPointer
    let plugin: String
    let name: String
    let payload: UnsafeRawBufferPointer

    /// Reads the entry of a command; nil when its bytes do not add up.
    init?(entry: UnsafeRawBufferPointer) {
      guard entry.count >= headerBytes + 4 else { return nil }
      self.init(item: entry.suffix(after: headerBytes))
    }

    /// Reads a command from exactly its item's bytes.
    init?(item: UnsafeRawBufferPointer) {
      let start = 4 + itemHeadBytes
      guard item.count >= start, Int(item.little(at: 0) as UInt32) == item.count - 4,
        item[17] == commandForm
      else { return nil }
      let deviceCount = Int(item.little(at: 20) as UInt16)
      guard start + deviceCount + commandHeadBytes <= item.count else { return nil }
      let head = item.suffix(after: start + deviceCount)
      let (pluginCount, nameCount) = (Int(head[0]), Int(head[1]))
      let payloadCount = Int(head.little(at: 2) as UInt32)
      guard commandHeadBytes + pluginCount + nameCount + payloadCount == head.count else {
        return nil
      }
      self.item = item
      app = item.little(at: 4)
      device = item.part(start, deviceCount)
      plugin = String(decoding: head.part(commandHeadBytes, pluginCount), as: UTF8.self)
      name = String(decoding: head.part(commandHeadBytes + pluginCount, nameCount), as: UTF8.self)
      payload = head.suffix(after: commandHeadBytes + pluginCount + nameCount)
    }
  }

  /// What an emitted entry says about its origin, and the entry without it.
  static func outboxTail(
    of entry: UnsafeRawBufferPointer
  ) -> (id: OutboxID, depth: UInt8, entry: UnsafeRawBufferPointer)? {
    guard (entry.little(at: 2) as UInt16) & outboxFlag != 0,
      entry.count >= headerBytes + outboxTailBytes
    else { return nil }
    let end = entry.count - outboxTailBytes
    let origin = RecordOrigin(
      plugin: Int(entry.little(at: end + 12) as UInt32), position: entry.little(at: end),
      item: entry.little(at: end + 8))
    return (
      OutboxID(origin: origin, place: entry.little(at: end + 16)), entry[end + 20],
      entry.part(0, end)
    )
  }
}
