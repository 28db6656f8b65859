import PluginABI
import Store

/// A dead letter once more: the item goes through the hook that refused it, and through no other.
extension Dispatcher {
  /// What became of it.
  package enum Replay: Equatable, Sendable {
    case counted
    /// The plugin refused it again; nothing of it was counted.
    case refused(String)
    /// The plugin does not run, or no longer has the hook or the collection.
    case noConsumer(String)
  }

  /// A fact, and the interned name of the plugin that said it.
  package typealias SaidFact = (name: UInt32, value: [UInt8])

  /// Runs a batch of one item. `said` are the facts of its time, oldest first; those of plugins
  /// that come behind `plugin` are kept from it, as they were then.
  package func replay(
    _ work: Work, plugin: String, step: DeadLetterStep, said: [SaidFact]
  ) throws(StoreFailure) -> Replay {
    precondition(work.batch.pointee.end_item == 1, "a dead letter is one item")
    guard let first = set.hooks.firstIndex(where: { $0.instance.name == plugin }) else {
      return .noConsumer("the plugin \(plugin) does not run; enable it first")
    }
    deadLetters.removeAll(keepingCapacity: true)
    serial += 1
    facts.begin(items: 1)
    let earlier = Set(set.hooks[..<first].map(\.instance.factName))
    for fact in said where earlier.contains(fact.name) {
      fact.value.withUnsafeBytes { facts.append(item: 0, name: fact.name, value: $0) }
    }
    stage.beginBatch(UnsafePointer(work.batch), users: work.users)
    switch step {
    case .entry: return .noConsumer("the entry cannot be read, so no plugin can count it")
    case .hook(let ordinal): return try replay(work, plugin, hook: ordinal)
    case .reduce(let collection): return try replay(work, plugin, collection: collection)
    }
  }

  private func replay(
    _ work: Work, _ plugin: String, hook ordinal: Int
  ) throws(StoreFailure) -> Replay {
    let found = set.hooks.first { $0.instance.name == plugin && $0.hook.ordinal == ordinal }
    guard let (instance, hook) = found else {
      return .noConsumer("this version of \(plugin) has no hook \(ordinal)")
    }
    let item = tally_batch_item(work.batch, 0).pointee
    if let reason = try call(instance, hook, work, item: item) { return .refused(reason) }
    // The hook's effects stand from here on; a document that cannot be folded is a dead letter of
    // its own.
    try reduce()
    return .counted
  }

  /// The hooks have counted the item, all but what they emitted to one collection: everything else
  /// they ask for is thrown away.
  private func replay(
    _ work: Work, _ plugin: String, collection: String
  ) throws(StoreFailure) -> Replay {
    let item = tally_batch_item(work.batch, 0).pointee
    var payloads: [(PluginInstance, EffectStage.Emitted)] = []
    for (instance, hook) in set.hooks where instance.name == plugin {
      if let reason = try attempt(instance, hook, work, item: item) { return .refused(reason) }
      let place = instance.enrollment.collections.firstIndex { $0.name == collection }
      payloads += stage.emits.filter { $0.table == place }.map { emit in
        let payload = EffectStage.Emitted(
          app: item.app, collection: emit.table, key: Array(emit.key),
          payload: Array(emit.payload), position: item.position, index: item.index)
        return (instance, payload)
      }
      stage.discard()
    }
    guard !payloads.isEmpty else {
      return .noConsumer("\(plugin) emits nothing to \(collection) for this item any more")
    }
    emitted = payloads.map { (instance: $0.0, payload: $0.1) }
    try reduce()
    guard let letter = deadLetters.first else { return .counted }
    deadLetters.removeAll()
    return .refused(letter.reason)
  }
}
