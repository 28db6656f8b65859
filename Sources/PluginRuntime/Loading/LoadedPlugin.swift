import Foundation
import PluginABI

/// A plugin's code: its checked table, wherever it came from. Built-ins and libraries cannot be
/// told apart from here on.
package struct LoadedPlugin: @unchecked Sendable {
  package let manifest: Manifest
  /// The path of the library, or "built-in".
  package let origin: String
  /// Constant data of the plugin's image, which is never unloaded.
  let table: tally_plugin
  /// How its instances run when that is not in this process, which then never opens the library.
  let isolation: IsolationPlan?
  /// Whether a running instance takes other settings over.
  private let takesSettings: Bool
  /// Tells this code from other code of the plugin; 0 where nobody has to.
  var number: UInt64 = 0

  /// The names of settings that a running instance takes over.
  var liveSettings: Set<String> {
    guard takesSettings else { return [] }
    return Set(manifest.settings.filter { !$0.needsRestart }.map(\.name))
  }

  /// A plugin that runs in a process of its own. Such a process tells who it is.
  package init(isolated plan: IsolationPlan) throws(PluginError) {
    (manifest, takesSettings) = try IsolatedLane.inspect(plan)
    origin = plan.path
    table = tally_plugin()
    isolation = plan
  }

  /// A plugin that is linked in.
  package init(builtin entry: tally_plugin_entry) throws(PluginError) {
    try self.init(entry: entry, origin: "built-in")
  }

  /// Opens a library, which stays mapped until the process ends: unmapping a Swift image ends the
  /// host at its next failed cast. Of a private copy, `path` is where the operator keeps it.
  package init(path: String, name: String, copy: String? = nil) throws(PluginError) {
    try SharedObject.inspect(path: copy ?? path)
    guard let handle = dlopen(copy ?? path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE) else {
      throw PluginError(
        .libraryMissing,
        "\(path) does not load: \(Self.loaderMessage()); install what is missing or link it statically"
      )
    }
    let symbol = Self.entrySymbol(for: name)
    guard let address = dlsym(handle, symbol) else {
      throw PluginError(
        .entryMissing,
        "\(path) does not export \(symbol); export one function of that name with TALLY_EXPORT "
          + "(the name follows the file: lib\(name).so)")
    }
    try self.init(entry: unsafeBitCast(address, to: tally_plugin_entry.self), origin: path)
    guard manifest.name == name else {
      throw PluginError(
        .invalidTable,
        "\(path): the descriptor's name is \"\(manifest.name)\", need \"\(name)\"; rename one of them"
      )
    }
  }

  /// `star-rating` → `tally_plugin_star_rating`.
  package static func entrySymbol(for name: String) -> String {
    "tally_plugin_" + name.replacingOccurrences(of: "-", with: "_")
  }

  private init(entry: tally_plugin_entry, origin: String) throws(PluginError) {
    guard let pointer = entry() else {
      throw PluginError(
        .invalidTable, "\(origin): the entry function returned NULL, need a tally_plugin")
    }
    table = try Self.check(pointer, origin: origin)
    manifest = try Manifest(table.descriptor, origin: origin)
    self.origin = origin
    isolation = nil
    takesSettings = table.settings_apply != nil
  }

  private static func check(
    _ pointer: UnsafePointer<tally_plugin>, origin: String
  ) throws(PluginError) -> tally_plugin {
    let size = Int(pointer.pointee.struct_size)
    let known = MemoryLayout<tally_plugin>.size
    guard size >= MemoryLayout<tally_plugin>.offset(of: \.create) ?? known, size <= 4096 else {
      throw PluginError(
        .invalidTable,
        "\(origin): tally_plugin.struct_size is \(size), need \(known); set it to sizeof(tally_plugin)"
      )
    }
    try checkVersion(pointer.pointee, origin: origin)
    let tail = UnsafeRawBufferPointer(start: pointer, count: size).dropFirst(known)
    guard tail.allSatisfy({ $0 == 0 }) else {
      throw PluginError(
        .unknownTail,
        "\(origin): tally_plugin has \(size) bytes with data behind the \(known) this host knows "
          + "(plugin minor \(pointer.pointee.abi_minor), host minor \(TALLY_ABI_MINOR)); update Tally"
      )
    }
    var table = tally_plugin()
    withUnsafeMutableBytes(of: &table) {
      $0.copyMemory(from: .init(start: pointer, count: min(size, known)))
    }
    guard table.descriptor != nil, table.create != nil, table.enroll != nil, table.destroy != nil
    else {
      throw PluginError(
        .invalidTable,
        "\(origin): descriptor, create, enroll and destroy must not be NULL in tally_plugin")
    }
    return table
  }

  private static func checkVersion(_ table: tally_plugin, origin: String) throws(PluginError) {
    guard table.abi_major == TALLY_ABI_MAJOR else {
      throw PluginError(
        .otherMajor,
        "\(origin) was built for ABI major \(table.abi_major), this host serves \(TALLY_ABI_MAJOR); "
          + "rebuild it with this host's tally_plugin.h")
    }
    guard table.min_host_minor <= TALLY_ABI_MINOR else {
      throw PluginError(
        .needsNewerHost,
        "\(origin) needs host minor \(table.min_host_minor), this host has \(TALLY_ABI_MINOR); update Tally"
      )
    }
  }

  private static func loaderMessage() -> String {
    dlerror().map { String(cString: $0) } ?? "the loader gave no reason"
  }
}
