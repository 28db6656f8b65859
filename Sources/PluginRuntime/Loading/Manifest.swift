import PluginABI

/// Who a plugin is, copied out of its descriptor. There is no second manifest.
package struct Manifest: Sendable {
  package let name: String
  package let version: String
  package let summary: String
  package let vendor: String
  package let license: String
  package let homepage: String
  /// The module the dashboard loads, or empty.
  package let dashboard: String
  package let settings: [SettingDefinition]
  package let permissions: [Permission]
  package let depends: [Dependency]
  package let needs: [Need]
  /// The lanes in which the plugin agrees to run.
  let isInprocOnly: Bool
  let isIsolatedOnly: Bool

  /// A right that a member may be given.
  package struct Permission: Sendable {
    package let key: String
    package let title: String
  }

  /// A plugin that has to run before this one.
  package struct Dependency: Sendable {
    package let plugin: String
    /// The oldest that will do; empty for any.
    package let version: String
    package let isOptional: Bool
  }

  /// A service of the host.
  package struct Need: Sendable {
    package let service: String
    package let revision: UInt32
    package let isOptional: Bool
  }

  /// A name is part of a file name, a symbol and metric names, hence this alphabet.
  static let nameLengthMax = 64

  init(_ descriptor: UnsafePointer<tally_descriptor>, origin: String) throws(PluginError) {
    let table: tally_descriptor
    do throws(Incoming.Refusal) {
      table = try Incoming.copy(descriptor, "tally_descriptor")
    } catch {
      throw PluginError(.invalidTable, "\(origin): \(error.reason)")
    }
    guard let name = table.name.string, Self.isName(name) else {
      throw PluginError(
        .invalidTable,
        "\(origin): descriptor name must be 1 to \(Self.nameLengthMax) characters of a-z, 0-9 and -"
      )
    }
    guard let version = table.version.string, let summary = table.summary.string else {
      throw PluginError(
        .invalidTable, "\(origin): descriptor version and summary must be UTF-8 text")
    }
    self.name = name
    self.version = version
    self.summary = summary
    (vendor, license) = (table.vendor.string ?? "", table.license.string ?? "")
    (homepage, dashboard) = (table.homepage.string ?? "", table.dashboard.string ?? "")
    isInprocOnly = table.flags & TALLY_PLUGIN_INPROC_ONLY != 0
    isIsolatedOnly = table.flags & TALLY_PLUGIN_ISOLATED_ONLY != 0
    settings = try Self.settings(table, plugin: name)
    permissions = try Self.permissions(table, plugin: name)
    depends = try Self.depends(table, plugin: name)
    needs = try Self.needs(table, plugin: name)
  }

  static func isName(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.count <= nameLengthMax
      && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 }
  }
}

extension tally_str {
  /// A copy of the text, or nil when it is not UTF-8. `{NULL, 0}` is the empty text.
  package var string: String? {
    guard let ptr, len > 0 else { return "" }
    return String(validating: UnsafeRawBufferPointer(start: ptr, count: Int(len)), as: UTF8.self)
  }

  /// The borrowed bytes.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: ptr, count: ptr == nil ? 0 : Int(len))
  }
}

extension tally_bytes {
  /// The borrowed bytes.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: ptr, count: ptr == nil ? 0 : Int(len))
  }
}
