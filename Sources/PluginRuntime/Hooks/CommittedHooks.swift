import PluginABI

/// The committed hooks of one plugin that runs, in order.
package struct CommittedHooks: @unchecked Sendable {
  package let plugin: String
  /// Under this number the store keeps what was delivered.
  package let number: Int
  private let instance: PluginInstance
  private let hooks: [Hook]

  private struct Hook {
    let ordinal: Int
    let keys: [UInt32]
    let function: Enrollment.CommittedFunction
  }

  init?(_ instance: PluginInstance, _ plan: HookPlan) {
    let hooks = plan[.committed].compactMap { entry -> Hook? in
      guard entry.instance === instance, case .committed(let function) = entry.hook.function else {
        return nil
      }
      return Hook(ordinal: entry.hook.ordinal, keys: entry.hook.keys, function: function)
    }
    guard !hooks.isEmpty else { return nil }
    plugin = instance.name
    number = instance.committedNumber
    self.instance = instance
    self.hooks = hooks
  }

  /// From here to `leave` the plugin is not stopped.
  package func enter() { instance.inFlight.enter() }

  package func leave() { instance.inFlight.leave() }

  /// Tells the plugin; the reason when it could not take it. `contains` answers whether an interned
  /// member name occurs in the batch.
  package func deliver(
    _ batch: UnsafePointer<tally_batch>, _ facts: FactBlock, _ positions: ClosedRange<UInt64>,
    isAgain: Bool, contains: (UInt32) -> Bool
  ) -> String? {
    var commit = tally_commit()
    commit.struct_size = UInt32(MemoryLayout<tally_commit>.size)
    commit.flags = isAgain ? TALLY_COMMIT_AGAIN : 0
    commit.first_position = positions.lowerBound
    commit.last_position = positions.upperBound
    commit.batch = batch
    commit.facts = facts.pointer
    for hook in hooks where hook.keys.isEmpty || hook.keys.contains(where: contains) {
      let begun = CallMeter.now()
      let (status, reason) = withUnsafePointer(to: commit) { commit in
        instance.lane?.deliver(hook.ordinal, commit)
          ?? ErrorText.collect(instance.secrets) { error in
            instance.commits.during(nil, positions) {
              hook.function(instance.pointer, commit, error)
            }
          }
      }
      instance.counts.add(failed: status != TALLY_OK)
      instance.account[.committed].record(
        since: begun, items: Int(batch.pointee.end_item - batch.pointee.first_item),
        events: Int(batch.pointee.n_events), failed: status != TALLY_OK)
      guard status == TALLY_OK else { return "status \(status): \(reason)" }
    }
    return nil
  }
}

extension PluginSet {
  /// Who wants to be told what was committed.
  package var committed: [CommittedHooks] {
    instances.filter { $0.enrollment.has(.committed) }.compactMap { CommittedHooks($0, plan) }
  }
}
