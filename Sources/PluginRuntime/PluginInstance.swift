import Logging
import PluginABI
import Store

/// One running plugin: its code, its instance, what it registered.
package final class PluginInstance: @unchecked Sendable {
  package let manifest: Manifest
  package let origin: String
  /// The plugin's number in the store, the same for ever.
  package let number: Int
  let enrollment: Enrollment
  /// The working set's number of each metric, in order of registration; the pipeline's thread only.
  private(set) var metrics: [Int] = []
  /// The interned name under which this plugin says facts.
  let factName: UInt32
  let crumb: StaticName
  let pointer: UnsafeMutableRawPointer?
  /// Calls that run at this moment.
  let inFlight = InFlight()
  /// What became of its calls.
  package let counts = CallCounts()
  private let table: tally_plugin
  /// What it was started with.
  package let settings: Settings
  /// What it costs.
  package let account: PluginAccount
  /// Keeps what the instance was handed alive.
  private let host: HostTable

  /// Creates, enrolls and starts. All or nothing: a failure leaves only the reason.
  init(
    _ code: LoadedPlugin, settings: Settings, services: HostTable.Services, store: WorkingSet
  ) throws(PluginError) {
    let name = code.manifest.name
    let host = HostTable(manifest: code.manifest, settings: settings, services: services)
    let table = code.table
    var created: UnsafeMutableRawPointer?
    do {
      try ErrorText.check(name, "create") { table.create(host.pointer, &created, $0) }
    } catch { throw PluginError(error.code, settings.redact(error.message)) }
    do {
      enrollment = try Self.enroll(name, table, created)
      if let start = table.start { try ErrorText.check(name, "start") { start(created, $0) } }
      number = try Self.storeNumber(name, store)
    } catch {
      table.destroy(created)
      throw PluginError(error.code, settings.redact(error.message))
    }
    manifest = code.manifest
    origin = code.origin
    factName = services.intern(Array(name.utf8))
    crumb = StaticName(name)
    pointer = created
    self.settings = settings
    account = services.accounts.account(name)
    account.began()
    self.table = table
    self.host = host
  }

  package var name: String { manifest.name }

  /// Makes its metrics known to the working set, whose thread this is.
  func admit(to store: WorkingSet) {
    if metrics.isEmpty { metrics = enrollment.metrics.map(store.register) }
  }

  /// Says that no new calls will come.
  func drain() { table.drain?(pointer) }

  /// Stops and destroys; the code itself stays mapped. No call may run.
  func destroy() {
    table.stop?(pointer)
    table.destroy(pointer)
  }

  /// Drain, stop, destroy.
  func end() {
    drain()
    destroy()
  }

  private static func enroll(
    _ name: String, _ table: tally_plugin, _ instance: UnsafeMutableRawPointer?
  ) throws(PluginError) -> Enrollment {
    let registrar = Registrar(plugin: name)
    var failure: PluginError?
    registrar.withTable { registrations in
      do throws(PluginError) {
        try ErrorText.check(name, "enroll") { table.enroll(instance, registrations, $0) }
      } catch { failure = error }
    }
    if let refusal = registrar.refusal {
      throw PluginError(.invalidTable, "\(name): enroll registered something invalid: \(refusal)")
    }
    if let failure { throw failure }
    return registrar.enrollment
  }

  private static func storeNumber(_ name: String, _ store: WorkingSet) throws(PluginError) -> Int {
    do { return try store.plugin(name) } catch {
      throw PluginError(.startFailed, "\(name): the store has no number for it: \(error)")
    }
  }
}
