import PluginABI
import Store

/// What runs, as one value that never changes: a change makes another set, which is published in
/// one step and taken over by the pipeline between two batches.
package final class PluginSet: @unchecked Sendable {
  /// Grows with every set of a process.
  package let version: Int
  /// In the order in which they were started.
  package let instances: [PluginInstance]
  /// All hooks, kind by kind, in calling order.
  let plan: HookPlan
  /// The process hooks of them.
  let hooks: [(instance: PluginInstance, hook: Enrollment.Hook)]
  /// The intake hooks of them.
  let intake: [IntakeHook]
  let routes: RouteTable
  /// The text of each interned name under which a plugin says facts.
  package let factNames: [UInt32: [UInt8]]

  static let empty = PluginSet()

  private init() {
    version = 0
    instances = []
    plan = HookPlan()
    hooks = []
    intake = []
    routes = RouteTable()
    factNames = [:]
  }

  /// Refuses a plugin that claims what an earlier one owns, or whose hooks close a cycle.
  init(
    version: Int, _ instances: [PluginInstance], placements: [String: Placement] = [:]
  ) throws(PluginError) {
    self.version = version
    self.instances = instances
    var routes = RouteTable()
    for instance in instances { try routes.add(instance) }
    self.routes = routes
    do throws(HookPlan.Cycle) {
      plan = try HookPlan(instances, placements: placements)
    } catch {
      throw PluginError(
        .dependency,
        "\(instances.last?.name ?? ""): before/after of the \(error.kind.name) hooks close a cycle: "
          + error.plugins.joined(separator: " before ")
          + "; remove one of them, or set `order` in plugins.yaml")
    }
    hooks = plan[.process].map { ($0.instance, $0.hook) }
    intake = plan[.intake].compactMap { entry in
      guard case .intake(let function) = entry.hook.function else { return nil }
      return IntakeHook(
        instance: entry.instance, ordinal: entry.hook.ordinal, function: function)
    }
    factNames = Dictionary(instances.map { ($0.factName, Array($0.name.utf8)) }) { one, _ in one }
  }

  /// The numbers of all plugins that count: each has a position of its own.
  package var consumers: [Int] {
    instances.filter { $0.enrollment.has(.process) }.map(\.number)
  }

  /// Whether requests have to be shown to anybody before they are accepted.
  var hasIntake: Bool { !intake.isEmpty }

  /// Whether one of those runs in another process.
  var asksRunners: Bool { intake.contains { $0.instance.lane != nil } }

  /// What the plugins count, under the name the store keeps it by.
  package var metrics: [MetricDefinition] { instances.flatMap(\.enrollment.metrics) }

  /// From here to `leave` nothing of these plugins is stopped. Under the lock that guards what is
  /// published, or by whoever has entered already.
  func enter() { instances.forEach { $0.inFlight.enter() } }

  package func leave() { instances.forEach { $0.inFlight.leave() } }
}
