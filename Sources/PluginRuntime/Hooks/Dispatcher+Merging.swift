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
    var found: [UserProperty]?
    stage.store.mergeCells(from, into: into, plugin: instance.number) { left, kept in
      guard let answer = fold(left, kept, of: instance, merge) else { return nil }
      found = answer.properties
      return answer.cell
    }
    if let found {
      stage.store.setProperties(user: into, plugin: instance.number, found)
    }
  }

  /// What the plugin makes of two cells; nil when it fails.
  private func fold(
    _ from: [UInt8], _ into: [UInt8], of instance: PluginInstance, _ merge: MergedUser
  ) -> MergeAnswer? {
    let begun = CallMeter.now()
    let answer = MergeAnswer()
    let (status, reason) = call(instance, merge, from, into, answer)
    let failure = status != TALLY_OK ? "status \(status): \(reason)" : answer.violation
    instance.counts.add(failed: failure != nil)
    instance.account[.merge].recordAlone(
      since: begun, items: 1, events: 0, failed: failure != nil)
    guard let failure else { return answer }
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
      return (TALLY_FAILED, Breadcrumb.deed(signal))
    }
    return answer.withTable(merge, from, into) { table in
      if let lane = instance.lane { return lane.merge(table) }
      guard let function = instance.table.merge else { return (TALLY_OK, "") }
      return ErrorText.collect(instance.secrets) { error in
        breadcrumb.during(instance.crumb, .merge, position...position, item: item) {
          function(instance.pointer, table, error)
        }
      }
    }
  }
}

/// Receives what a plugin makes of two users.
final class MergeAnswer {
  private(set) var cell: [UInt8]?
  private(set) var properties: [UserProperty]?
  /// What the plugin did that the header forbids.
  private(set) var violation: String?

  private func put(_ bytes: tally_bytes) {
    guard bytes.len <= UInt64(EffectStage.cellBytesMax) else {
      violation = "a cell of \(bytes.len) bytes is over the limit of \(EffectStage.cellBytesMax)"
      return
    }
    cell = Array(bytes.bytes)
  }

  private func findBy(_ given: UnsafePointer<tally_property>?, _ n: UInt32) {
    switch UserProperty.read(given, n) {
    case .success(let named): properties = named
    case .failure(let refusal): violation = refusal.reason
    }
  }

  private static func with(_ ctx: UnsafeMutableRawPointer?, _ body: (MergeAnswer) -> Void) {
    guard let ctx else { preconditionFailure("tally_merge.ctx was not handed back") }
    body(Unmanaged<MergeAnswer>.fromOpaque(ctx).takeUnretainedValue())
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
        table.put = { ctx, bytes in MergeAnswer.with(ctx) { $0.put(bytes) } }
        table.find_by = { ctx, given, n in MergeAnswer.with(ctx) { $0.findBy(given, n) } }
        return withExtendedLifetime(self) { withUnsafePointer(to: table, body) }
      }
    }
  }
}
