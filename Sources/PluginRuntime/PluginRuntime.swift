import Logging
import PluginABI
import Store

/// The host's side of the contract: the running plugins, the order of their hooks, and who answers
/// which question.
package final class PluginRuntime: @unchecked Sendable {
  /// One plugin that should run.
  package struct Request {
    /// Where its code comes from.
    package enum Code {
      case builtin(tally_plugin_entry)
      case library(name: String, path: String)
    }

    let code: Code
    let settings: [GivenSetting]
    let order: OrderOverride?

    package init(_ code: Code, settings: [GivenSetting], order: OrderOverride? = nil) {
      self.code = code
      self.settings = settings
      self.order = order
    }

    var name: String {
      switch code {
      case .builtin: "built-in"
      case .library(let name, _): name
      }
    }
  }

  /// A plugin the server runs without, and why.
  package struct Refusal: Sendable {
    package let plugin: String
    package let error: PluginError
  }

  package private(set) var instances: [PluginInstance] = []
  package private(set) var refusals: [Refusal] = []
  private var routes = RouteTable()
  private var overrides: [String: OrderOverride] = [:]
  private let services: HostTable.Services
  private let store: WorkingSet
  private let nearest: (String, [String]) -> String?

  /// `nearest` names the known name a typo probably meant.
  package init(
    store: WorkingSet, services: HostTable.Services,
    nearest: @escaping (String, [String]) -> String?
  ) {
    self.store = store
    self.services = services
    self.nearest = nearest
  }

  /// Loads, enrolls and starts one plugin; a failure is kept as a refusal and changes nothing else.
  package func start(_ request: Request) {
    var name = request.name
    do throws(PluginError) {
      let code = try Self.load(request.code)
      name = code.manifest.name
      guard !instances.contains(where: { $0.name == name }) else {
        throw PluginError(
          .conflict, "\(name) (\(code.origin)) is already running; remove one of the two")
      }
      try checkDependencies(of: code.manifest)
      let settings = try Settings(
        manifest: code.manifest, given: request.settings, nearest: nearest)
      let instance = try PluginInstance(code, settings: settings, services: services, store: store)
      do throws(PluginError) {
        try publish(instance, order: request.order)
      } catch {
        instance.end()
        throw error
      }
    } catch {
      refusals.append(Refusal(plugin: name, error: error))
      services.log.error(
        "plugin refused", metadata: ["plugin": "\(name)", "reason": "\(error)"])
    }
  }

  /// The hooks of all running plugins in calling order.
  package func dispatcher(breadcrumb: Breadcrumb, suspects: Suspects) -> Dispatcher {
    Dispatcher(plan: plan, store: store, breadcrumb: breadcrumb, suspects: suspects)
  }

  /// Every hook in calling order, kind by kind, with what put it there.
  package var hookOrder: [HookOrderLine] { plan.lines }

  private var plan: HookPlan {
    // `publish` has refused every plugin that would close a cycle.
    guard let plan = try? HookPlan(instances, overrides: overrides) else {
      preconditionFailure("hook order has a cycle that publish let through")
    }
    return plan
  }

  /// The position of every consumer at the head: all have seen the same.
  package func positions(at position: UInt64) -> [(plugin: Int, position: UInt64)] {
    instances.filter { $0.enrollment.has(.process) }.map { ($0.number, position) }
  }

  /// The text of each interned name under which a plugin says facts.
  package var factNames: [UInt32: [UInt8]] {
    Dictionary(instances.map { ($0.factName, Array($0.name.utf8)) }) { first, _ in first }
  }

  /// Who answers `<path>?method=<method>`, with path `/o` or `/o/sdk`.
  package func route(path: String, method: String, http: String) -> RouteTable.Answer {
    routes.find(path: path, method: method, http: .init(http: http))
  }

  /// Who answers a path below `/o/` or `/i/`.
  package func route(path: String, http: String) -> RouteTable.Answer {
    routes.find(path: path, http: .init(http: http))
  }

  /// Ends all plugins, last started first.
  package func stop() {
    instances.reversed().forEach { $0.end() }
    instances.removeAll()
    routes = RouteTable()
  }

  private static func load(_ code: Request.Code) throws(PluginError) -> LoadedPlugin {
    switch code {
    case .builtin(let entry): try LoadedPlugin(builtin: entry)
    case .library(let name, let path): try LoadedPlugin(path: path, name: name)
    }
  }

  private func checkDependencies(of manifest: Manifest) throws(PluginError) {
    for need in manifest.depends where !need.isOptional {
      let running = instances.first { $0.name == need.plugin }
      let wanted = need.version.isEmpty ? need.plugin : "\(need.plugin) \(need.version)"
      guard let running else {
        throw PluginError(
          .dependency,
          "\(manifest.name) needs the plugin \(wanted), which does not run; enable it, above "
            + "\(manifest.name) in plugins.yaml")
      }
      guard let oldest = Manifest.Version(need.version) else { continue }
      guard Manifest.Version(running.manifest.version)?.serves(oldest) == true else {
        throw PluginError(
          .dependency,
          "\(manifest.name) needs the plugin \(wanted), have \(running.manifest.version); "
            + "install a version that fits")
      }
    }
  }

  /// Makes all registrations visible in one step, or none.
  private func publish(
    _ instance: PluginInstance, order: OrderOverride?
  ) throws(PluginError) {
    var added = routes
    try added.add(instance)
    var wished = overrides
    wished[instance.name] = order
    do throws(HookPlan.Cycle) {
      _ = try HookPlan(instances + [instance], overrides: wished)
    } catch {
      throw PluginError(
        .dependency,
        "\(instance.name): before/after of the \(error.kind.name) hooks close a cycle: "
          + error.plugins.joined(separator: " before ")
          + "; remove one of them, or set `order` in plugins.yaml")
    }
    routes = added
    overrides = wished
    instances.append(instance)
    services.log.info(
      "plugin running",
      metadata: [
        "plugin": "\(instance.name)", "version": "\(instance.manifest.version)",
        "origin": "\(instance.origin)",
      ])
  }
}
