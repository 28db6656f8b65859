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
          hook: hook.ordinal, plugin: instance.number, serial: serial,
          batch: UnsafePointer(work.batch),
          facts: facts.pointer, positions: work.positions, isSingle: item != nil, stage: stage,
          table: table))
    }
    let positions = item.map { $0.position...$0.position } ?? work.positions
    return ErrorText.collect(instance.secrets) { error in
      withUnsafePointer(to: table) { effects in
        breadcrumb.during(instance.crumb, .hook, positions, item: item?.index) {
          hook.process(instance.pointer, UnsafePointer(work.batch), facts.pointer, effects, error)
        }
      }
    }
  }

  /// A command on its way to its plugin's runner, over the batch of one item that stands for it.
  func laneCall(
    _ command: AppliedCommand, _ instance: PluginInstance, _ answer: CommandAnswer
  ) -> LaneCall {
    guard let batch = stage.batch else { preconditionFailure("a command has a batch") }
    return LaneCall(
      kind: .command, hook: 0, plugin: instance.number, serial: nil, batch: batch,
      facts: facts.pointer, positions: command.position...command.position, isSingle: true,
      stage: stage, table: table,
      arguments: { writer in
        writer.put(command.name)
        writer.put(command.app, UInt32(bitPattern: command.hour))
        writer.put(command.position)
        writer.put(UInt64(bitPattern: command.receivedMs))
        writer.put(command.user?.uid ?? 0)
        writer.put(command.payload)
      }, hand: { answer.hand($0) })
  }

  /// Plugins that were given up, with the last position they saw: they keep it.
  package var givenUp: [(plugin: Int, position: UInt64?)] {
    self.set.instances.compactMap { instance in
      guard let lane = instance.lane, lane.quarantine != nil else { return nil }
      return (instance.number, lane.frozenPosition)
    }
  }
}
