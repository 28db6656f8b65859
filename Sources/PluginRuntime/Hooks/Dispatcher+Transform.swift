import PluginABI

/// Transform hooks: before anybody counts, in order, each seeing what those before it left.
extension Dispatcher {
  /// A transform hook in its place.
  struct TransformHook {
    let instance: PluginInstance
    let ordinal: Int
    let keys: [UInt32]
    let function: Enrollment.TransformFunction
    let fault: TransformFault
    /// Under this name faults of the hook are remembered, apart from those of the process hook.
    let consumer: String
    let crumb: StaticName

    init?(_ entry: HookPlan.Entry) {
      guard case .transform(let function) = entry.hook.function else { return nil }
      instance = entry.instance
      ordinal = entry.hook.ordinal
      keys = entry.hook.keys
      self.function = function
      fault = entry.transformFault
      consumer = entry.instance.name + "/transform"
      crumb = StaticName(consumer)
    }
  }

  /// A transform hook cannot take an item, and its operator chose to wait.
  package struct TransformHeld: Error {
    package let plugin: String
    package let position: UInt64
    package let item: UInt32
    package let reason: String
  }

  /// Whether there is anything to do; asked once a batch.
  package var hasTransforms: Bool { !transforms.isEmpty }

  /// Runs the transform hooks. `rebuild` makes a new batch of what one asked for, or answers nil
  /// when nothing is left; so does this. Throws `TransformHeld`, and what `rebuild` throws.
  package func transform(
    _ work: Work, rebuild: (Work, BatchEdits) throws -> Work?
  ) throws -> Work? {
    bypassed.removeAll(keepingCapacity: true)
    var work = work
    for hook in transforms where hook.keys.isEmpty || hook.keys.contains(where: work.contains) {
      let edits = try verdicts(of: hook, work)
      guard !edits.isEmpty else { continue }
      guard let next = try rebuild(work, edits) else { return nil }
      work = next
    }
    return work
  }

  private func verdicts(of hook: TransformHook, _ work: Work) throws(TransformHeld) -> BatchEdits {
    let careful = !suspects.isEmpty && suspects.wantsSingleItems(hook.consumer, work.positions)
    if !careful, call(hook, work, item: nil) == nil { return verdicts.edits }
    return try singly(hook, work)
  }

  /// One item at a time, so that only the culprit is held or bypassed.
  private func singly(_ hook: TransformHook, _ work: Work) throws(TransformHeld) -> BatchEdits {
    let end = work.batch.pointee.end_item
    defer {
      work.batch.pointee.first_item = 0
      work.batch.pointee.end_item = end
    }
    var all = BatchEdits()
    for index in 0..<end {
      let item = tally_batch_item(work.batch, index).pointee
      work.batch.pointee.first_item = index
      work.batch.pointee.end_item = index + 1
      let reason: String?
      if let signal = suspects.killer(hook.consumer, position: item.position, item: item.index) {
        reason = Breadcrumb.deed(signal)
      } else {
        reason = call(hook, work, item: item)
      }
      guard let reason else {
        all.items.merge(verdicts.edits.items) { _, new in new }
        continue
      }
      guard hook.fault == .bypass else {
        throw TransformHeld(
          plugin: hook.instance.name, position: item.position, item: item.index, reason: reason)
      }
      bypassed.append(
        DeadLetter(
          plugin: hook.instance.number, name: hook.instance.name, position: item.position,
          item: item.index, app: item.app, reason: reason))
    }
    return all
  }

  /// One call of one hook; the reason when it is refused.
  private func call(_ hook: TransformHook, _ work: Work, item: tally_item?) -> String? {
    let batch = UnsafePointer(work.batch)
    verdicts.begin(batch)
    let positions = item.map { $0.position...$0.position } ?? work.positions
    let begun = CallMeter.now()
    let (status, reason) =
      hook.instance.lane?.transform(hook.ordinal, batch, verdicts, isSingle: item != nil)
      ?? ErrorText.collect(hook.instance.secrets) { error in
        withUnsafePointer(to: verdicts.makeTable()) { table in
          breadcrumb.during(hook.crumb, .transform, positions, item: item?.index) {
            hook.function(hook.instance.pointer, batch, table, error)
          }
        }
      }
    let isRefused = status != TALLY_OK || verdicts.violation != nil
    hook.instance.counts.add(failed: isRefused)
    hook.instance.account[.transform].recordAlone(
      since: begun, items: Int(batch.pointee.end_item - batch.pointee.first_item),
      events: Int(item?.n_events ?? batch.pointee.n_events), failed: isRefused)
    guard isRefused else { return nil }
    return verdicts.violation ?? "status \(status): \(reason)"
  }
}
