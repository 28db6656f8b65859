import PluginABI

/// What the host holds as `instance`. The trampolines know this class only, because a C function
/// cannot be made inside a generic one; each call makes one hop through it, then works on the
/// plugin's value.
class Instance {
  func enroll(_ registrar: UnsafePointer<tally_registrar>) throws {
    preconditionFailure("every instance is a TypedInstance")
  }
  func start() throws {}
  func intake(_ request: borrowing Arrival) throws {}
  func transform(_ batch: Batch, _ verdicts: borrowing Verdicts) throws {}
  func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws {}
  func reduce(_ collection: Collection, _ fold: borrowing Fold) throws {}
  func merge(_ merge: borrowing Merge) throws {}
  func apply(_ command: Command, _ effects: borrowing Effects) throws {}
  func run(_ job: borrowing Job) throws {}
  func committed(_ commit: borrowing Commit) throws {}
  func lifecycle(_ event: borrowing LifecycleEvent) throws {}
  func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {}
  func describe(_ portrait: borrowing Portrait) throws {}
  func exportState() throws -> [UInt8]? { nil }
  func importState(_ state: UnsafeRawBufferPointer) throws {}
  func drain() {}
  func stop() {}
}

/// An instance of one plugin. `plugin` is set once, in enroll, before any other thread can know it.
final class TypedInstance<P: Plugin>: Instance {
  private let host: Host
  private var plugin: P?

  init(_ host: Host) {
    self.host = host
  }

  override func enroll(_ registrar: UnsafePointer<tally_registrar>) throws {
    guard plugin == nil else { throw PluginError(.invalid, "enroll was called twice") }
    plugin = try P(host, try Registrar(registrar))
  }

  override func start() throws { try enrolled().start() }

  override func intake(_ request: borrowing Arrival) throws { try enrolled().intake(request) }

  override func transform(_ batch: Batch, _ verdicts: borrowing Verdicts) throws {
    try enrolled().transform(batch, verdicts)
  }

  override func process(_ batch: Batch, _ facts: Facts, _ effects: borrowing Effects) throws {
    try enrolled().process(batch, facts, effects)
  }

  override func reduce(_ collection: Collection, _ fold: borrowing Fold) throws {
    try enrolled().reduce(collection, fold)
  }

  override func merge(_ merge: borrowing Merge) throws { try enrolled().merge(merge) }

  override func committed(_ commit: borrowing Commit) throws { try enrolled().committed(commit) }

  override func lifecycle(_ event: borrowing LifecycleEvent) throws {
    try enrolled().lifecycle(event)
  }

  override func run(_ job: borrowing Job) throws { try enrolled().run(job) }

  override func apply(_ command: Command, _ effects: borrowing Effects) throws {
    try enrolled().apply(command, effects)
  }

  override func describe(_ portrait: borrowing Portrait) throws {
    try enrolled().describe(portrait)
  }

  override func answer(_ request: borrowing Request, _ reply: borrowing Reply) throws {
    try enrolled().answer(request, reply)
  }

  override func exportState() throws -> [UInt8]? { try enrolled().exportState() }

  override func importState(_ state: UnsafeRawBufferPointer) throws {
    try enrolled().importState(state)
  }

  override func drain() { plugin?.drain() }

  override func stop() { plugin?.stop() }

  private func enrolled() throws -> P {
    guard let plugin else { throw PluginError(.invalid, "the plugin was called before enroll") }
    return plugin
  }
}
