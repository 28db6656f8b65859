import PluginABI

/// When a hook runs, among the hooks of all plugins; anything between is fine.
public struct Phase: Sendable {
  let rawValue: Int32

  public init(_ rawValue: Int32) {
    self.rawValue = rawValue
  }

  public static let first = Phase(TALLY_PHASE_FIRST)
  public static let early = Phase(TALLY_PHASE_EARLY)
  public static let normal = Phase(TALLY_PHASE_NORMAL)
  public static let late = Phase(TALLY_PHASE_LATE)
  public static let last = Phase(TALLY_PHASE_LAST)
}

extension Registrar {
  /// Asks for batches to count: `process` sees those in which one of `keys` occurs, all when there
  /// are none.
  public func hook(
    phase: Phase = .normal, before: [String] = [], after: [String] = [], keys: [Key] = [],
    name: String = ""
  ) throws {
    var hook = tally_hook()
    hook.kind = TALLY_HOOK_PROCESS
    hook.process = Trampolines.process
    try register(hook, phase, before, after, keys, name)
  }

  /// Asks for batches before anybody counts them, for `transform`.
  public func transform(
    phase: Phase = .normal, before: [String] = [], after: [String] = [], keys: [Key] = [],
    name: String = ""
  ) throws {
    var hook = tally_hook()
    hook.kind = TALLY_HOOK_TRANSFORM
    hook.transform = Trampolines.transform
    try register(hook, phase, before, after, keys, name)
  }

  /// Asks for every request before it is journalled, for `intake`, which thereby promises never to
  /// block.
  public func intakeNeverBlocking(
    phase: Phase = .normal, before: [String] = [], after: [String] = [], name: String = ""
  ) throws {
    var hook = tally_hook()
    hook.kind = TALLY_HOOK_INTAKE
    hook.flags = TALLY_HOOK_NEVER_BLOCKS
    hook.intake = Trampolines.intake
    try register(hook, phase, before, after, [], name)
  }

  /// Asks for what was committed, for `committed`.
  public func committed(
    phase: Phase = .normal, before: [String] = [], after: [String] = [], keys: [Key] = [],
    name: String = ""
  ) throws {
    var hook = tally_hook()
    hook.kind = TALLY_HOOK_COMMITTED
    hook.committed = Trampolines.committed
    try register(hook, phase, before, after, keys, name)
  }

  /// Asks to be told what happens, for `lifecycle`; no kinds are all.
  public func lifecycle(
    _ kinds: [LifecycleEvent.Kind] = [], phase: Phase = .normal, before: [String] = [],
    after: [String] = [], name: String = ""
  ) throws {
    var hook = tally_hook()
    hook.kind = TALLY_HOOK_LIFECYCLE
    hook.kinds = kinds.reduce(0) { $0 | 1 << $1.rawValue }
    hook.lifecycle = Trampolines.lifecycle
    try register(hook, phase, before, after, [], name)
  }

  private func register(
    _ hook: tally_hook, _ phase: Phase, _ before: [String], _ after: [String], _ keys: [Key],
    _ name: String
  ) throws {
    let names = ConstantTexts()
    let status = before.map(names.text).withUnsafeBufferPointer { before in
      after.map(names.text).withUnsafeBufferPointer { after in
        keys.map(\.id).withUnsafeBufferPointer { keys in
          var hook = hook
          hook.struct_size = UInt32(MemoryLayout<tally_hook>.size)
          hook.phase = phase.rawValue
          hook.name = names.text(name)
          (hook.before, hook.n_before) = (before.baseAddress, UInt32(before.count))
          (hook.after, hook.n_after) = (after.baseAddress, UInt32(after.count))
          (hook.keys, hook.n_keys) = (keys.baseAddress, UInt32(keys.count))
          return pointer.pointee.hook?(pointer.pointee.ctx, &hook) ?? TALLY_UNSUPPORTED
        }
      }
    }
    withExtendedLifetime(names) {}
    try PluginError.check(status, "the host refused the hook")
  }
}
