import PluginABI
import Store

/// Merging what a call asked for, once it has returned.
extension EffectStage {
  /// A payload on its way to a shared document.
  struct Emitted {
    let app: UInt32
    let collection: Int
    let key: [UInt8]
    let payload: [UInt8]
    let position: UInt64
    let index: UInt32
  }

  /// Hands everything to the working set and the facts to `block`; returns what was emitted, in
  /// order.
  func apply(facts block: FactBlock) throws -> [Emitted] {
    guard let instance, let batch else { return [] }
    mergeCounters()
    for entry in working {
      if let cell = entry.cell {
        store.setCell(user: entry.user, plugin: instance.number, copying: cell)
      }
      if entry.seenChanged, let seen = entry.seen {
        try store.setSeen(user: entry.user, plugin: instance.number, seen)
      }
    }
    for said in properties {
      store.setProperties(user: said.user, plugin: instance.number, said.all)
    }
    for fact in facts { block.append(item: fact.item, name: instance.factName, value: fact.value) }
    try appendRows(instance, batch)
    let emitted = emitted(in: batch)
    releaseRecords()
    clear()
    return emitted
  }

  /// What the call emits to shared documents, by document, each in order; nothing is merged yet.
  func emittedGroups() -> [(key: DocumentKey, payloads: [Emitted])] {
    guard let instance, let batch else { return [] }
    var groups: [(key: DocumentKey, payloads: [Emitted])] = []
    for payload in emitted(in: batch) {
      let key = DocumentKey(
        plugin: instance.number, app: payload.app, collection: payload.collection,
        key: payload.key)
      if let place = groups.firstIndex(where: { $0.key == key }) {
        groups[place].payloads.append(payload)
      } else {
        groups.append((key, [payload]))
      }
    }
    return groups
  }

  private func emitted(in batch: UnsafePointer<tally_batch>) -> [Emitted] {
    if emits.isEmpty { return [] }
    return emits.map { emit in
      let item = tally_batch_item(batch, UInt32(emit.item)).pointee
      return Emitted(
        app: item.app, collection: emit.table, key: Array(emit.key),
        payload: Array(emit.payload), position: item.position, index: item.index)
    }
  }

  private func mergeCounters() {
    values.withUnsafeBufferPointer { values in
      for (place, count) in counts.enumerated() {
        prefetchTotals(ahead: place)
        store.add(
          series: count.series, hour: count.hour,
          values: .init(rebasing: values[count.values..<count.values + count.n]))
      }
    }
    for unique in uniques {
      store.addUnique(
        series: unique.series, user: unique.user, grains: unique.grains, hour: unique.hour,
        firstTime: unique.firstTime)
    }
  }

  /// How many counts ahead totals are fetched, and half of that their measures: about what one
  /// wait for memory takes.
  private static let totalsAhead = 8

  /// Totals of series lie anywhere in memory: those of the next ones are fetched meanwhile.
  @inline(__always)
  private func prefetchTotals(ahead place: Int) {
    let (total, values) = (place + Self.totalsAhead, place + Self.totalsAhead / 2)
    if total < counts.count { store.prefetchTotal(series: counts[total].series) }
    if values < counts.count { store.prefetchValues(series: counts[values].series) }
  }

  private func appendRows(
    _ instance: PluginInstance, _ batch: UnsafePointer<tally_batch>
  ) throws {
    for row in rows {
      let item = tally_batch_item(batch, UInt32(row.item)).pointee
      let table = instance.enrollment.tables[row.table]
      try store.appendRow(
        plugin: instance.number, app: item.app, table: table.name, rowsPerKey: table.rowsPerKey,
        key: row.key, uid: item.user, receivedMs: item.received_ms,
        payload: row.payload)
    }
  }
}
