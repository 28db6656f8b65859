import PluginABI

/// Who performs a call.
extension Dispatcher {
  /// The plugin's runner when it has one, else this thread.
  func perform(
    _ instance: PluginInstance, _ hook: Enrollment.Hook, _ work: Work, item: tally_item?
  ) -> (tally_status, String) {
    if let lane = instance.lane {
      return lane.process(
        LaneCall(
          hook: hook.ordinal, plugin: instance.number, serial: serial, batch: work.batch,
          facts: facts.pointer, positions: work.positions, isSingle: item != nil, stage: stage,
          table: table))
    }
    let positions = item.map { $0.position...$0.position } ?? work.positions
    return ErrorText.collect(instance.secrets) { error in
      withUnsafePointer(to: table) { effects in
        breadcrumb.during(instance.crumb, positions, item: item?.index) {
          hook.process(instance.pointer, UnsafePointer(work.batch), facts.pointer, effects, error)
        }
      }
    }
  }

  /// Plugins that were given up, with the last position they saw: they keep it.
  package var givenUp: [(plugin: Int, position: UInt64?)] {
    self.set.instances.compactMap { instance in
      guard let lane = instance.lane, lane.quarantine != nil else { return nil }
      return (instance.number, lane.frozenPosition)
    }
  }
}
