/// The hooks of all running plugins, by kind, in calling order. A value: a change makes a new one.
struct HookPlan {
  struct Entry {
    let instance: PluginInstance
    let hook: Enrollment.Hook
    let transformFault: TransformFault
  }

  private var entries: [HookKind: [Entry]] = [:]
  /// Every hook with its causes, kind by kind.
  private(set) var lines: [HookOrderLine] = []

  /// A cycle, and the kind of hooks it is among.
  struct Cycle: Error {
    let kind: HookKind
    let plugins: [String]
  }

  init() {}

  init(
    _ instances: [PluginInstance], placements: [String: Placement]
  ) throws(Cycle) {
    for kind in HookKind.allCases {
      let found = instances.flatMap { instance in
        instance.enrollment.hooks.filter { $0.kind == kind }.map {
          Entry(
            instance: instance, hook: $0,
            transformFault: placements[instance.name]?.transformFault ?? .hold)
        }
      }
      let wishes = found.map {
        HookOrder.Entry(
          plugin: $0.instance.name, hook: $0.hook.name, phase: $0.hook.phase,
          before: $0.hook.before, after: $0.hook.after,
          overruled: placements[$0.instance.name]?.order)
      }
      switch HookOrder.sorted(wishes) {
      case .success(let order):
        entries[kind] = order.map { found[$0] }
        lines += order.map { HookOrderLine(kind, wishes[$0], among: wishes) }
      case .failure(let cycle): throw Cycle(kind: kind, plugins: cycle.plugins)
      }
    }
  }

  subscript(kind: HookKind) -> [Entry] { entries[kind] ?? [] }
}
