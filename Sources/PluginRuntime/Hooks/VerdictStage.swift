import PluginABI

/// What one call of one transform hook asked for, kept apart until the call has returned. The
/// functions of `tally_verdicts` lead here.
final class VerdictStage {
  /// Edits of one item in one call, and bytes of one name and of one value.
  static let editsMax = 256
  static let nameBytesMax = 1_024
  static let jsonBytesMax = 65_536

  private var batch: UnsafePointer<tally_batch>?
  /// What this call asked for.
  private(set) var edits = BatchEdits()
  /// What the hook did that the header forbids: the call is refused.
  private(set) var violation: String?

  /// Begins a call.
  func begin(_ batch: UnsafePointer<tally_batch>) {
    self.batch = batch
    edits = BatchEdits()
    violation = nil
  }

  /// A table whose functions lead here; the stage must outlive it.
  func makeTable() -> tally_verdicts {
    var table = tally_verdicts()
    table.struct_size = UInt32(MemoryLayout<tally_verdicts>.size)
    table.ctx = Unmanaged.passUnretained(self).toOpaque()
    table.drop = { VerdictStage.from($0).drop($1) }
    table.drop_event = { VerdictStage.from($0).dropEvent($1) }
    table.set = { VerdictStage.from($0).edit($1, $2, $3.bytes, json: $4.bytes) }
    table.remove = { VerdictStage.from($0).edit($1, $2, $3.bytes, json: nil) }
    table.add_event = { VerdictStage.from($0).addEvent($1, $2.bytes) }
    return table
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> VerdictStage {
    guard let ctx else { preconditionFailure("tally_verdicts.ctx was not handed back") }
    return Unmanaged<VerdictStage>.fromOpaque(ctx).takeUnretainedValue()
  }

  private func refuse(_ reason: String) {
    if violation == nil { violation = reason }
  }

  private func item(_ index: UInt32) -> UnsafePointer<tally_item>? {
    guard let batch, index >= batch.pointee.first_item, index < batch.pointee.end_item else {
      refuse("a verdict names item \(index), which is outside this call's window")
      return nil
    }
    return tally_batch_item(batch, index)
  }

  private func drop(_ index: UInt32) {
    guard item(index) != nil else { return }
    edits.items[index, default: .init()].isDropped = true
  }

  private func dropEvent(_ place: UInt32) {
    guard let batch, place < batch.pointee.n_events else {
      return refuse("a verdict names event \(place), which the batch does not have")
    }
    guard let event = tally_batch_event(batch, place)?.pointee, item(event.item) != nil else {
      return
    }
    edits.items[event.item, default: .init()].droppedEvents.insert(event.node)
  }

  private func edit(
    _ index: UInt32, _ object: UInt32, _ name: UnsafeRawBufferPointer,
    json: UnsafeRawBufferPointer?
  ) {
    guard let batch, let item = item(index), count(index) else { return }
    guard let root = tally_batch_node(batch, item.pointee.root), object >= item.pointee.root,
      object <= item.pointee.root + root.pointee.len,
      tally_batch_node(batch, object).pointee.kind == UInt16(TALLY_OBJECT)
    else { return refuse("a verdict names node \(object), which is no object of item \(index)") }
    guard !name.isEmpty, name.count <= Self.nameBytesMax,
      String(validating: name, as: UTF8.self) != nil
    else {
      return refuse("a verdict's name is 1 to \(Self.nameBytesMax) bytes of UTF-8")
    }
    if let json, !isJSON(json) { return }
    edits.items[index, default: .init()].members.append(
      .init(object: object, name: Array(name), json: json.map { Array($0) }))
  }

  private func addEvent(_ index: UInt32, _ json: UnsafeRawBufferPointer) {
    guard item(index) != nil, count(index), isJSON(json) else { return }
    guard JSONCheck.isObject(json) else { return refuse("an added event is a JSON object") }
    edits.items[index, default: .init()].addedEvents.append(Array(json))
  }

  private func isJSON(_ json: UnsafeRawBufferPointer) -> Bool {
    guard json.count <= Self.jsonBytesMax, JSONCheck.isValue(json) else {
      refuse("a verdict's value is one JSON value of at most \(Self.jsonBytesMax) bytes")
      return false
    }
    return true
  }

  private func count(_ index: UInt32) -> Bool {
    let item = edits.items[index] ?? .init()
    guard item.members.count + item.addedEvents.count < Self.editsMax else {
      refuse("more than \(Self.editsMax) edits of item \(index)")
      return false
    }
    return true
  }
}
