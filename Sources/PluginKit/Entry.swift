import PluginABI

/// What the one exported function of a plugin returns.
public typealias PluginTable = UnsafePointer<tally_plugin>

/// The constant table behind a plugin's entry function; make it once, as a global.
public struct PluginEntry: @unchecked Sendable {
  /// The type of `tally_plugin.create`.
  public typealias Create =
    @convention(c) (
      UnsafePointer<tally_host>?, UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
      UnsafePointer<tally_error>?
    ) -> tally_status

  /// The table; the same at every call.
  public let table: PluginTable

  /// `create` is `{ MyPlugin.create($0, $1, $2) }`: a C function cannot be made from a generic one,
  /// so the plugin's own file has to name its type.
  public init<P: Plugin>(_ plugin: P.Type, create: Create) {
    let table = UnsafeMutablePointer<tally_plugin>.allocate(capacity: 1)
    table.initialize(
      to: tally_plugin(
        struct_size: UInt32(MemoryLayout<tally_plugin>.size), abi_major: TALLY_ABI_MAJOR,
        abi_minor: TALLY_ABI_MINOR, min_host_minor: 0, descriptor: P.descriptor.constant(),
        create: create, enroll: Trampolines.enroll, start: Trampolines.start,
        drain: Trampolines.drain, stop: Trampolines.stop, destroy: Trampolines.destroy,
        settings_check: nil, settings_apply: nil, state_export: Trampolines.exportState,
        state_import: Trampolines.importState, merge: Trampolines.merge))
    self.table = PluginTable(table)
  }
}

extension Plugin {
  /// The body of `tally_plugin.create` for this plugin.
  public static func create(
    _ host: UnsafePointer<tally_host>?,
    _ instance: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ error: UnsafePointer<tally_error>?
  ) -> tally_status {
    reporting(to: error) {
      guard let host, let instance else {
        throw PluginError(.invalid, "create needs a host and a place for the instance")
      }
      instance.pointee = Unmanaged.passRetained(TypedInstance<Self>(try Host(host))).toOpaque()
    }
  }
}

/// The type of the one exported function.
public typealias PluginEntryFunction = tally_plugin_entry
