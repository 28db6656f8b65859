/// Where a hook stands in the calling order, and why.
package struct HookPlace: Codable, Equatable, Sendable {
  /// Counted from 1.
  package let place: Int
  package let plugin: String
  /// The how-manieth hook of its plugin.
  package let hook: Int
  package let phase: Int
  /// In sentences: what put it where it is.
  package let causes: [String]
}

extension HookOrder {
  /// Why each of these hooks, which are in calling order, stands where it does.
  static func causes(_ order: [Entry]) -> [[String]] {
    order.map { entry in
      var causes = ["phase \(entry.phase)"]
      let plugins = Set(order.map(\.plugin))
      for name in entry.after {
        causes.append(
          plugins.contains(name) ? "behind \(name), as it asks" : "behind \(name), which does not run")
      }
      for name in entry.before {
        causes.append(
          plugins.contains(name)
            ? "before \(name), as it asks" : "before \(name), which does not run")
      }
      let others = order.filter { $0.plugin != entry.plugin }
      for other in others where other.before.contains(entry.plugin) {
        causes.append("behind \(other.plugin), as \(other.plugin) asks")
      }
      for other in others where other.after.contains(entry.plugin) {
        causes.append("before \(other.plugin), as \(other.plugin) asks")
      }
      let rivals = others.contains { $0.phase == entry.phase }
      if causes.count == 1, rivals { causes.append("by name among those of its phase") }
      return causes.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
    }
  }
}

extension PluginSet {
  /// The calling order of all hooks, with causes.
  package var order: [HookPlace] {
    let entries = hooks.map {
      HookOrder.Entry(
        plugin: $0.instance.name, phase: $0.hook.phase, before: $0.hook.before,
        after: $0.hook.after)
    }
    return zip(hooks, HookOrder.causes(entries)).enumerated().map { place, pair in
      HookPlace(
        place: place + 1, plugin: pair.0.instance.name, hook: pair.0.hook.ordinal,
        phase: Int(pair.0.hook.phase), causes: pair.1)
    }
  }
}

extension PluginInstance {
  /// The questions it answers: methods of `/o`, and paths below it.
  package var questions: [String] {
    enrollment.reads.map { $0.method.isEmpty ? $0.path : "/o?method=\($0.method)" }
  }

  /// Its number in the store.
  package var storeNumber: Int { number }

  /// How many hooks see batches.
  package var hookCount: Int { enrollment.hooks.count }
}
