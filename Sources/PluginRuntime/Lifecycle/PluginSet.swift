import PluginABI
import Store

/// What runs, as one value that never changes: a change makes another set, which is published in
/// one step and taken over by the pipeline between two batches.
package final class PluginSet: @unchecked Sendable {
  /// Grows with every set of a process.
  package let version: Int
  /// In the order in which they were started.
  package let instances: [PluginInstance]
  /// All hooks in calling order.
  let hooks: [(instance: PluginInstance, hook: Enrollment.Hook)]
  private let readers: [String: Reader]
  /// The text of each interned name under which a plugin says facts.
  package let factNames: [UInt32: [UInt8]]

  static let empty = PluginSet()

  private init() {
    version = 0
    instances = []
    hooks = []
    readers = [:]
    factNames = [:]
  }

  /// Refuses a plugin that claims what an earlier one owns, or whose hooks close a cycle.
  init(version: Int, _ instances: [PluginInstance]) throws(PluginError) {
    self.version = version
    self.instances = instances
    readers = try Self.readers(of: instances)
    hooks = try Self.ordered(instances)
    factNames = Dictionary(instances.map { ($0.factName, Array($0.name.utf8)) }) { one, _ in one }
  }

  /// The numbers of all plugins that count: each has a position of its own.
  package var consumers: [Int] {
    instances.filter { !$0.enrollment.hooks.isEmpty }.map(\.number)
  }

  /// What the plugins count, under the name the store keeps it by.
  package var metrics: [MetricDefinition] { instances.flatMap(\.enrollment.metrics) }

  func reader(_ key: String) -> Reader? { readers[key] }

  /// From here to `leave` nothing of these plugins is stopped. Under the lock that guards what is
  /// published, or by whoever has entered already.
  func enter() { instances.forEach { $0.inFlight.enter() } }

  package func leave() { instances.forEach { $0.inFlight.leave() } }

  private static func readers(
    of instances: [PluginInstance]
  ) throws(PluginError) -> [String: Reader] {
    var readers: [String: Reader] = [:]
    for instance in instances {
      for read in instance.enrollment.reads {
        let key = read.method.isEmpty ? "path " + read.path : "method " + read.method
        if let owner = readers[key] {
          throw PluginError(
            .conflict,
            "\(instance.name) registers \(key), which \(owner.instance.name) owns; "
              + "disable one of the two")
        }
        readers[key] = Reader(instance: instance, read: read)
      }
    }
    return readers
  }

  private static func ordered(
    _ instances: [PluginInstance]
  ) throws(PluginError) -> [(instance: PluginInstance, hook: Enrollment.Hook)] {
    let hooks = instances.flatMap { one in
      one.enrollment.hooks.map { (instance: one, hook: $0) }
    }
    let entries = hooks.map {
      HookOrder.Entry(
        plugin: $0.instance.name, phase: $0.hook.phase, before: $0.hook.before,
        after: $0.hook.after)
    }
    switch HookOrder.sorted(entries) {
    case .success(let order): return order.map { hooks[$0] }
    case .failure(let cycle):
      throw PluginError(
        .dependency,
        "\(instances.last?.name ?? ""): before/after of its hooks close a cycle: "
          + cycle.plugins.joined(separator: " → ") + "; remove one of them")
    }
  }
}
