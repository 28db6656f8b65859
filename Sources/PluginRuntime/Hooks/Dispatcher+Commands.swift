import PluginABI
import Store

/// Applying commands, between the batches, on the pipeline's thread.
extension Dispatcher {
  /// The number of a running plugin.
  package func number(of plugin: String) -> Int? {
    set.instances.first { $0.name == plugin }?.number
  }

  /// Has the owner apply a command with effects of its own. Everything or nothing: what it
  /// emitted is folded before anything is merged.
  package func apply(
    _ command: AppliedCommand, isReplay: Bool
  ) throws(StoreFailure) -> CommandOutcome {
    deadLetters.removeAll(keepingCapacity: true)
    guard let instance = set.instances.first(where: { $0.name == command.plugin }) else {
      var outcome = CommandOutcome.untried("the plugin \(command.plugin) does not run")
      outcome.isOwnerless = true
      return outcome
    }
    guard let handler = instance.services?.commands.withLock({ $0[command.name] }) else {
      return .untried("\(command.plugin) has no command \(command.name)")
    }
    if !isReplay,
      let signal = suspects.killer(instance.name, position: command.position, item: 0)
    {
      return .untried(Breadcrumb.deed(signal))
    }
    let block = CommandBlock(command)
    let users = [command.user?.slot ?? EffectStage.noUser]
    facts.begin(items: 1)
    return try users.withUnsafeBufferPointer { (users) throws(StoreFailure) in
      stage.beginBatch(block.batch, users: users)
      stage.beginCall(instance)
      return try run(handler, of: instance, command)
    }
  }

  private func run(
    _ handler: CommandHandler, of instance: PluginInstance, _ command: AppliedCommand
  ) throws(StoreFailure) -> CommandOutcome {
    let begun = CallMeter.now()
    let outcome = try call(handler, of: instance, command)
    stage.reportLimits(to: instance.account)
    instance.account[.command].recordAlone(
      since: begun, items: 1, events: 0, failed: outcome.status != TALLY_OK)
    return outcome
  }

  private func call(
    _ handler: CommandHandler, of instance: PluginInstance, _ command: AppliedCommand
  ) throws(StoreFailure) -> CommandOutcome {
    let positions = command.position...command.position
    let answer = CommandAnswer()
    if let lane = instance.lane {
      return try finish(instance, lane.apply(laneCall(command, instance, answer)), answer)
    }
    let end = ErrorText.collect(instance.secrets) { error in
      withUnsafePointer(to: table) { effects in
        answer.withTable(command) { given in
          breadcrumb.during(instance.crumb, .command, positions, item: 0) {
            handler.apply(instance.pointer, given, effects, error)
          }
        }
      }
    }
    return try finish(instance, end, answer)
  }

  private func finish(
    _ instance: PluginInstance, _ end: (status: tally_status, reason: String),
    _ answer: CommandAnswer
  ) throws(StoreFailure) -> CommandOutcome {
    let (status, reason) = end
    stage.settleCounts()
    if let failure = stage.storeFailure {
      stage.discard()
      throw StoreFailure(underlying: failure)
    }
    if status != TALLY_OK { return refuse(status, reason, answer.bytes) }
    if let violation = stage.violation { return refuse(TALLY_INVALID, violation, []) }
    return try merge(instance, answer.bytes)
  }

  /// Folds what the command emitted, then merges everything, or nothing.
  private func merge(
    _ instance: PluginInstance, _ answer: [UInt8]
  ) throws(StoreFailure) -> CommandOutcome {
    do {
      var folded: [(key: DocumentKey, document: [UInt8])] = []
      for group in stage.emittedGroups() {
        let collection = instance.enrollment.collections[group.key.collection]
        let stored = try stage.store.document(
          plugin: instance.number, app: group.key.app, collection: collection.name,
          key: group.key.key)
        switch fold(instance, group.key, stored, group.payloads, item: 0) {
        case .success(let document): folded.append((group.key, document))
        case .failure(let refusal):
          return refuse(TALLY_FAILED, "reduce of \(collection.name): \(refusal.reason)", [])
        }
      }
      _ = try stage.apply(facts: facts)
      for (key, document) in folded { try put(document, instance, key) }
      return CommandOutcome(status: TALLY_OK, answer: answer)
    } catch {
      throw StoreFailure(underlying: error)
    }
  }

  private func refuse(
    _ status: tally_status, _ reason: String, _ answer: [UInt8]
  ) -> CommandOutcome {
    stage.discard()
    return CommandOutcome(status: status, reason: reason, answer: answer)
  }
}

extension CommandOutcome {
  /// Nobody could try it: kept for whoever can.
  fileprivate static func untried(_ reason: String) -> CommandOutcome {
    CommandOutcome(status: TALLY_GONE, reason: reason, isDeadLetter: true)
  }
}

/// What a handler answers whoever waits.
final class CommandAnswer {
  fileprivate(set) var bytes: [UInt8] = []

  func hand(_ given: tally_bytes) {
    if given.len <= CommandLimits.answerBytesMax { bytes = Array(given.bytes) }
  }

  /// Calls `body` with the command as the contract passes it.
  func withTable(
    _ command: AppliedCommand, _ body: (UnsafePointer<tally_command>) -> tally_status
  ) -> tally_status {
    var table = tally_command()
    table.struct_size = UInt32(MemoryLayout<tally_command>.size)
    table.app = command.app
    table.position = command.position
    table.received_ms = command.receivedMs
    table.hour = command.hour
    table.item = 0
    table.user = command.user?.uid ?? 0
    table.payload = tally_bytes(
      ptr: command.payload.isEmpty ? nil : command.payload.baseAddress,
      len: UInt64(command.payload.count))
    table.answer_ctx = Unmanaged.passUnretained(self).toOpaque()
    table.answer = { ctx, bytes in
      guard let ctx else { return }
      Unmanaged<CommandAnswer>.fromOpaque(ctx).takeUnretainedValue().hand(bytes)
    }
    return withExtendedLifetime(self) {
      Array(command.name.utf8).withTallyText { name in
        table.name = name
        return withUnsafePointer(to: table, body)
      }
    }
  }
}

/// A batch of one item that stands for a command, so that effects are the same everywhere.
private final class CommandBlock {
  private let memory: UnsafeMutableRawBufferPointer

  init(_ command: AppliedCommand) {
    let (head, item, node) = (
      MemoryLayout<tally_batch>.size, MemoryLayout<tally_item>.size, MemoryLayout<tally_node>.size
    )
    let text = head + item + node
    memory = .allocate(byteCount: text + command.device.count, alignment: 16)
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    memory[text...].copyBytes(from: command.device)
    var batch = tally_batch()
    batch.struct_size = UInt32(head)
    batch.total_size = UInt32(memory.count)
    batch.end_item = 1
    (batch.items_off, batch.item_stride) = (UInt32(head), UInt32(item))
    (batch.events_off, batch.event_stride) = (
      UInt32(text), UInt32(MemoryLayout<tally_event>.size)
    )
    (batch.n_nodes, batch.nodes_off, batch.node_stride) = (1, UInt32(head + item), UInt32(node))
    (batch.keys_off, batch.key_stride) = (UInt32(text), UInt32(MemoryLayout<tally_key>.size))
    (batch.text_off, batch.text_len) = (UInt32(text), UInt32(command.device.count))
    memory.storeBytes(of: batch, as: tally_batch.self)
    var entry = tally_item()
    entry.position = command.position
    entry.user = command.user?.uid ?? 0
    (entry.received_ms, entry.timestamp_ms) = (command.receivedMs, command.receivedMs)
    entry.app = command.app
    entry.hour = command.hour
    (entry.device_off, entry.device_len) = (UInt32(text), UInt32(command.device.count))
    memory.storeBytes(of: entry, toByteOffset: head, as: tally_item.self)
  }

  deinit { memory.deallocate() }

  var batch: UnsafePointer<tally_batch> {
    guard let base = memory.baseAddress else { preconditionFailure("a block has its header") }
    return UnsafePointer(base.assumingMemoryBound(to: tally_batch.self))
  }
}
