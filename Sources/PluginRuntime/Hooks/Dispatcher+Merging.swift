import PluginABI
import Store

/// One cell out of two, between two batches, on the pipeline's thread.
extension Dispatcher {
  /// Has every plugin that sees live batches make one cell out of those of two users. Plugins that
  /// catch up, or were given up, come to it in their turn. `isContinued`: hooks have seen items of
  /// the same batch.
  package func merge(_ merge: MergedUser, from: Int32, into: Int32, isContinued: Bool) {
    let serial = isContinued ? batchSerial : nil
    for instance in set.instances
    where isAtHead(instance.number) && instance.lane?.misses(serial) != true {
      mergeCells(of: instance, merge, from: from, into: into)
    }
  }

  /// The same for one plugin that is behind.
  package func merge(_ merge: MergedUser, from: Int32, into: Int32, only plugin: Int) {
    guard let instance = set.instances.first(where: { $0.number == plugin }) else { return }
    mergeCells(of: instance, merge, from: from, into: into)
  }

  private func mergeCells(
    of instance: PluginInstance, _ merge: MergedUser, from: Int32, into: Int32
  ) {
    stage.store.mergeCells(from, into: into, plugin: instance.number) { left, kept in
      fold(left, kept, of: instance, merge)
    }
  }

  /// The cell the plugin makes of two; nil when it makes none, or fails.
  private func fold(
    _ from: [UInt8], _ into: [UInt8], of instance: PluginInstance, _ merge: MergedUser
  ) -> [UInt8]? {
    let begun = CallMeter.now()
    let answer = MergeAnswer()
    let (status, reason) = call(instance, merge, from, into, answer)
    let failure =
      status != TALLY_OK
      ? "status \(status): \(reason)"
      : answer.isTooLong ? "the cell is over the limit of \(EffectStage.cellBytesMax) bytes" : nil
    instance.counts.add(failed: failure != nil)
    instance.account[.merge].recordAlone(
      since: begun, items: 1, events: 0, failed: failure != nil)
    guard let failure else { return answer.cell }
    log.error(
      "a plugin could not merge the cells of two users; one of them is kept as it is",
      metadata: [
        "plugin": "\(instance.name)", "app": "\(merge.app)", "from": "\(merge.from)",
        "into": "\(merge.into)", "reason": "\(failure)",
      ])
    return nil
  }

  private func call(
    _ instance: PluginInstance, _ merge: MergedUser, _ from: [UInt8], _ into: [UInt8],
    _ answer: MergeAnswer
  ) -> (tally_status, String) {
    let (position, item) = (merge.key.position, merge.key.item)
    if let signal = suspects.killer(instance.name, position: position, item: item) {
      return (TALLY_FAILED, "ended the process with signal \(signal)")
    }
    return answer.withTable(merge, from, into) { table in
      if let lane = instance.lane { return lane.merge(table) { answer.take($0) } }
      guard let function = instance.table.merge else { return (TALLY_OK, "") }
      return ErrorText.collect(instance.secrets) { error in
        breadcrumb.during(instance.crumb, position...position, item: item) {
          function(instance.pointer, table, error)
        }
      }
    }
  }
}

/// Receives the cell a plugin makes.
final class MergeAnswer {
  private(set) var cell: [UInt8]?
  private(set) var isTooLong = false

  func take(_ bytes: tally_bytes) {
    isTooLong = bytes.len > UInt64(EffectStage.cellBytesMax)
    cell = isTooLong ? nil : Array(bytes.bytes)
  }

  /// Calls `body` with the merge as the contract passes it.
  func withTable<T>(
    _ merge: MergedUser, _ from: [UInt8], _ into: [UInt8],
    _ body: (UnsafePointer<tally_merge>) -> T
  ) -> T {
    from.withTallyBytes { from in
      into.withTallyBytes { into in
        var table = tally_merge()
        table.struct_size = UInt32(MemoryLayout<tally_merge>.size)
        table.app = merge.app
        (table.from_user, table.into_user) = (merge.from, merge.into)
        table.at_ms = merge.atMs
        (table.from, table.into) = (from, into)
        table.ctx = Unmanaged.passUnretained(self).toOpaque()
        table.put = { ctx, bytes in
          guard let ctx else { return }
          Unmanaged<MergeAnswer>.fromOpaque(ctx).takeUnretainedValue().take(bytes)
        }
        return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
      }
    }
  }
}
