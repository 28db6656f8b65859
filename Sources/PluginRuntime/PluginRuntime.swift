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

    package init(_ code: Code, settings: [GivenSetting]) {
      self.code = code
      self.settings = settings
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
  private var readers: [String: Reader] = [:]
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
      let settings = try Settings(
        manifest: code.manifest, given: request.settings, nearest: nearest)
      let instance = try PluginInstance(code, settings: settings, services: services, store: store)
      do throws(PluginError) {
        try publish(instance)
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
    let hooks = instances.flatMap { instance in instance.enrollment.hooks.map { (instance, $0) } }
    let entries = hooks.map {
      HookOrder.Entry(plugin: $0.0.name, phase: $0.1.phase, before: $0.1.before, after: $0.1.after)
    }
    // `publish` has refused every plugin that would close a cycle.
    guard case .success(let order) = HookOrder.sorted(entries) else {
      preconditionFailure("hook order has a cycle that publish let through")
    }
    return Dispatcher(
      hooks: order.map { hooks[$0] }, store: store, breadcrumb: breadcrumb, suspects: suspects,
      owner: { [unowned self] name in instances.first { $0.name == name } })
  }

  /// The position of every consumer at the head: all have seen the same.
  package func positions(at position: UInt64) -> [(plugin: Int, position: UInt64)] {
    instances.filter { !$0.enrollment.hooks.isEmpty }.map { ($0.number, position) }
  }

  /// The text of each interned name under which a plugin says facts.
  package var factNames: [UInt32: [UInt8]] {
    Dictionary(instances.map { ($0.factName, Array($0.name.utf8)) }) { first, _ in first }
  }

  /// Who answers `/o?method=<method>`.
  package func reader(method: String) -> Reader? { readers["method " + method] }

  /// Who answers a path below `/o/`.
  package func reader(path: String) -> Reader? { readers["path " + path] }

  /// Ends all plugins, last started first.
  package func stop() {
    instances.reversed().forEach { $0.end() }
    instances.removeAll()
    readers.removeAll()
  }

  private static func load(_ code: Request.Code) throws(PluginError) -> LoadedPlugin {
    switch code {
    case .builtin(let entry): try LoadedPlugin(builtin: entry)
    case .library(let name, let path): try LoadedPlugin(path: path, name: name)
    }
  }

  /// Makes all registrations visible in one step, or none.
  private func publish(_ instance: PluginInstance) throws(PluginError) {
    var added: [String: Reader] = [:]
    for read in instance.enrollment.reads {
      let key = read.method.isEmpty ? "path " + read.path : "method " + read.method
      if let owner = readers[key] ?? added[key] {
        throw PluginError(
          .conflict,
          "\(instance.name) registers \(key), which \(owner.instance.name) owns; disable one of the two"
        )
      }
      added[key] = Reader(instance: instance, read: read)
    }
    try checkOrder(with: instance)
    readers.merge(added) { first, _ in first }
    instances.append(instance)
    services.log.info(
      "plugin running",
      metadata: [
        "plugin": "\(instance.name)", "version": "\(instance.manifest.version)",
        "origin": "\(instance.origin)",
      ])
  }

  private func checkOrder(with instance: PluginInstance) throws(PluginError) {
    let entries = (instances + [instance]).flatMap { one in
      one.enrollment.hooks.map {
        HookOrder.Entry(plugin: one.name, phase: $0.phase, before: $0.before, after: $0.after)
      }
    }
    if case .failure(let cycle) = HookOrder.sorted(entries) {
      throw PluginError(
        .dependency,
        "\(instance.name): before/after of its hooks close a cycle: "
          + cycle.plugins.joined(separator: " → ") + "; remove one of them")
    }
  }
}
