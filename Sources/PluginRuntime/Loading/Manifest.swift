import PluginABI

/// Who a plugin is, copied out of its descriptor. There is no second manifest.
package struct Manifest: Sendable {
  package let name: String
  package let version: String
  package let summary: String
  package let settings: [SettingDefinition]

  /// A name is part of a file name, a symbol and metric names, hence this alphabet.
  static let nameLengthMax = 64

  init(_ descriptor: UnsafePointer<tally_descriptor>, origin: String) throws(PluginError) {
    let table = descriptor.pointee
    guard table.struct_size >= MemoryLayout<tally_descriptor>.size else {
      throw PluginError(
        .invalidTable,
        "\(origin): tally_descriptor says \(table.struct_size) bytes, need "
          + "\(MemoryLayout<tally_descriptor>.size); set struct_size to sizeof(tally_descriptor)")
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
    settings = try SettingDefinition.list(
      table.settings, count: Int(table.n_settings), plugin: name)
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
