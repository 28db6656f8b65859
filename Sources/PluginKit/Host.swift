import PluginABI

/// The number of a member name, the same in every batch, so that hooks compare numbers.
public struct Key: Sendable, Equatable {
  @usableFromInline let id: UInt32
}

/// How much a line in the operator's log matters.
public enum LogLevel: UInt32, Sendable {
  case debug = 0
  case info
  case warning
  case error
}

/// What the host offers a plugin, until it is destroyed.
public struct Host: @unchecked Sendable {
  private let pointer: UnsafePointer<tally_host>

  init(_ pointer: UnsafePointer<tally_host>) throws {
    guard pointer.pointee.struct_size >= UInt32(MemoryLayout<tally_host>.size) else {
      throw PluginError(.unsupported, "the host's tally_host is older than this plugin")
    }
    self.pointer = pointer
  }

  public var productVersion: String { String(Text(pointer.pointee.product_version)) }

  /// Writes a line to the operator's log. Lines over the limit are counted and dropped. [any]
  public func log(_ level: LogLevel, _ message: String) {
    Text.with(message) { pointer.pointee.log?(pointer.pointee.ctx, level.rawValue, $0.abi) }
  }

  /// The number of a member name, or of a plugin whose facts are read. [control]
  public func intern(_ name: String) throws -> Key {
    let id = Text.with(name) { pointer.pointee.intern?(pointer.pointee.ctx, $0.abi) ?? 0 }
    guard id != 0 else {
      throw PluginError(.limit, "the host knows no more member names, \"\(name)\" did not fit")
    }
    return Key(id: id)
  }

  /// The table of a service, which lives as long as the plugin. [control]
  func service<Table>(_ name: String, revision: UInt32 = 1, as type: Table.Type) throws
    -> UnsafePointer<Table>
  {
    let found = Text.with(name) {
      pointer.pointee.service?(pointer.pointee.ctx, $0.abi, revision)
    }
    guard let found else {
      throw PluginError(.unsupported, "this host has no \(name) of revision \(revision)")
    }
    return found.assumingMemoryBound(to: type)
  }

  /// The value in force of a declared setting that is a whole number. [any]
  public func int(_ name: String) throws -> Int { Int(try setting(name).integer) }

  /// The value in force of a declared setting that is true or false. [any]
  public func bool(_ name: String) throws -> Bool { try setting(name).integer != 0 }

  /// The value in force of a declared setting that is a number. [any]
  public func double(_ name: String) throws -> Double { try setting(name).number }

  /// The value in force of a declared setting that is a text. [any]
  public func string(_ name: String) throws -> String { String(Text(try setting(name).text)) }

  /// The value of a setting for one app that is a whole number. [any]
  public func int(_ name: String, app: UInt32) throws -> Int {
    Int(try setting(name, app: app).integer)
  }

  /// The value of a setting for one app that is true or false. [any]
  public func bool(_ name: String, app: UInt32) throws -> Bool {
    try setting(name, app: app).integer != 0
  }

  /// The value of a setting for one app that is a number. [any]
  public func double(_ name: String, app: UInt32) throws -> Double {
    try setting(name, app: app).number
  }

  /// The value of a setting for one app that is a text. [any]
  public func string(_ name: String, app: UInt32) throws -> String {
    String(Text(try setting(name, app: app).text))
  }

  private func setting(_ name: String, app: UInt32) throws -> tally_setting_value {
    var value = tally_setting_value()
    value.struct_size = UInt32(MemoryLayout<tally_setting_value>.size)
    let status = Text.with(name) {
      pointer.pointee.app_setting?(pointer.pointee.ctx, app, $0.abi, &value)
        ?? TALLY_UNSUPPORTED
    }
    try PluginError.check(status, "the setting \"\(name)\" is not declared in the descriptor")
    return value
  }

  private func setting(_ name: String) throws -> tally_setting_value {
    var value = tally_setting_value()
    value.struct_size = UInt32(MemoryLayout<tally_setting_value>.size)
    let status = Text.with(name) {
      pointer.pointee.setting?(pointer.pointee.ctx, $0.abi, &value) ?? TALLY_UNSUPPORTED
    }
    try PluginError.check(status, "the setting \"\(name)\" is not declared in the descriptor")
    return value
  }
}
