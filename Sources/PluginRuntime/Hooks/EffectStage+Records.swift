import PluginABI
import Store

/// Records that hooks and commands put into the ingest path: staged as every effect, then handed
/// to the outbox with an identity that a replay repeats.
extension EffectStage {
  /// A record as one call asked for it.
  struct Record {
    let item: UInt32
    let device: [UInt8]
    let object: [UInt8]
  }

  /// Stages a record about an item of the call's window; an empty device stands for the item's.
  func stage(device: [UInt8], object: [UInt8], item index: UInt32) throws(ServiceError) {
    guard depth < RecordLimits.depthMax else {
      throw ServiceError(
        TALLY_LIMIT,
        "dropped: it descends from records through \(RecordLimits.depthMax) hooks, which do not end"
      )
    }
    guard let batch, let item = item(index) else {
      throw ServiceError(TALLY_INVALID, "item \(index) is outside this call's window")
    }
    let own = tally_batch_text(batch, item.pointee.device_off, item.pointee.device_len)
    let device = device.isEmpty ? Array(own.bytes) : device
    guard !device.isEmpty else {
      throw ServiceError(TALLY_INVALID, "a record of a command without a user needs a device id")
    }
    records.append(Record(item: index, device: device, object: object))
  }

  /// Hands what a call staged on, once it has returned.
  func releaseRecords() {
    guard let instance, let batch, !records.isEmpty else { return }
    for record in records {
      let item = tally_batch_item(batch, record.item).pointee
      let origin = RecordOrigin(
        plugin: instance.number, position: item.position, item: item.index)
      let place = released[origin, default: 0]
      released[origin] = place + 1
      outgoing.append(
        OutboxRecord(
          id: OutboxID(origin: origin, place: place), app: item.app, depth: depth + 1,
          receivedMs: item.received_ms, device: record.device, object: record.object))
    }
  }
}
