import Foundation
import PluginABI
import Store

/// Drives a library through its lifecycle step by step, for `tally plugin check`.
package final class LifecycleProbe {
  package let manifest: Manifest
  private let path: String
  private let code: LoadedPlugin
  private let settings: Settings
  private let services: HostTable.Services
  private let store: WorkingSet

  /// Loads the library with the settings' defaults, overlaid with `given`.
  package init(
    path: String, name: String, given: [GivenSetting], services: HostTable.Services,
    store: WorkingSet
  ) throws(PluginError) {
    self.path = path
    code = try LoadedPlugin(path: path, name: name)
    manifest = code.manifest
    settings = try Settings(manifest: manifest, given: given, nearest: { _, _ in nil })
    self.services = services
    self.store = store
  }

  /// Calls the entry function that often; false when an answer differs from the first.
  package func entryIsConstant(calls: Int) -> Bool {
    guard let handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE),
      let address = dlsym(handle, LoadedPlugin.entrySymbol(for: manifest.name))
    else { return false }
    let entry = unsafeBitCast(address, to: tally_plugin_entry.self)
    let first = entry()
    let bytes = Self.bytes(of: first)
    return (1..<calls).allSatisfy { _ in
      let next = entry()
      return next == first && Self.bytes(of: next) == bytes
    }
  }

  private static func bytes(of table: UnsafePointer<tally_plugin>?) -> [UInt8] {
    guard let table else { return [] }
    return Array(UnsafeRawBufferPointer(start: table, count: Int(table.pointee.struct_size)))
  }

  /// create and destroy, without anything between.
  package func createAndDestroy() throws(PluginError) {
    let host = HostTable(manifest: manifest, settings: settings, services: services)
    var created: UnsafeMutableRawPointer?
    let table = code.table
    try ErrorText.check(manifest.name, "create", secrets) {
      table.create(host.pointer, &created, $0)
    }
    table.destroy(created)
    withExtendedLifetime(host) {}
  }

  /// What an instance exports, and what a second one exports that took it over; nil when the plugin
  /// keeps no state.
  package func passState() throws(PluginError) -> (exported: [UInt8], again: [UInt8])? {
    guard code.table.state_export != nil, code.table.state_import != nil else { return nil }
    let exported = try lifeWithState(importing: nil)
    // Who exports nothing is never asked to import.
    guard !exported.isEmpty else { return nil }
    return (exported, try lifeWithState(importing: exported))
  }

  /// create, enroll, import, start, drain, export, stop, destroy.
  private func lifeWithState(importing state: [UInt8]?) throws(PluginError) -> [UInt8] {
    final class Put { var bytes: [UInt8] = [] }
    let (table, name) = (code.table, manifest.name)
    let host = HostTable(manifest: manifest, settings: settings, services: services)
    let put = Put()
    var created: UnsafeMutableRawPointer?
    try ErrorText.check(name, "create", secrets) {
      table.create(host.pointer, &created, $0)
    }
    defer {
      table.destroy(created)
      withExtendedLifetime(host) {}
    }
    let registrar = Registrar(manifest: manifest)
    try check("enroll") { error in
      registrar.withTable { table.enroll(created, $0, error) }
    }
    if let state, let take = table.state_import {
      try check("state_import") { error in
        state.withTallyBytes { take(created, $0, error) }
      }
    }
    if let start = table.start { try check("start") { start(created, $0) } }
    table.drain?(created)
    if let export = table.state_export {
      try check("state_export") { error in
        export(
          created, Unmanaged.passUnretained(put).toOpaque(),
          { ctx, bytes in
            guard let ctx else { return }
            Unmanaged<Put>.fromOpaque(ctx).takeUnretainedValue().bytes = Array(bytes.bytes)
          }, error)
      }
    }
    table.stop?(created)
    return withExtendedLifetime(put) { put.bytes }
  }

  private var secrets: Secrets { services.secrets.of(manifest.name) }

  private func check(
    _ step: String, _ body: (UnsafePointer<tally_error>) -> tally_status
  ) throws(PluginError) {
    try ErrorText.check(manifest.name, step, secrets, body)
  }

  /// An instance that runs until `end`.
  package func start() throws(PluginError) -> PluginInstance {
    try PluginInstance(code, settings: settings, services: services, store: store)
  }

  /// drain, stop, destroy.
  package func end(_ instance: PluginInstance) { instance.end() }
}
