import Foundation
import Logging
import PluginABI
import Synchronization

/// What the host offers one instance: the memory behind `tally_host`, which lives until destroy.
package final class HostTable: @unchecked Sendable {
  /// What the table's functions need from the server.
  package struct Services {
    let log: Logger
    let productVersion: String
    /// The number of a member name in every batch; 0 when there are too many.
    let intern: ([UInt8]) -> UInt32
    /// The services there are, by their id.
    package var tables: [String: Service] = [:]

    package init(log: Logger, productVersion: String, intern: @escaping ([UInt8]) -> UInt32) {
      self.log = log
      self.productVersion = productVersion
      self.intern = intern
    }
  }

  /// A table of functions beside `tally_host`, constant while the host runs.
  package struct Service {
    package let revision: UInt32
    package let table: UnsafeRawPointer

    package init(revision: UInt32, table: UnsafeRawPointer) {
      self.revision = revision
      self.table = table
    }
  }

  /// Lines a plugin may log in one second; more are counted and dropped.
  static let logLinesPerSecondMax = 100
  static let logLineBytesMax = 2_000

  let pointer: UnsafeMutablePointer<tally_host>
  private let settings: [String: tally_setting_value]
  private let services: Services
  private let log: Logger
  private var texts: [UnsafeMutablePointer<CChar>] = []
  private let rate = Mutex(LogRate(linesPerSecondMax: logLinesPerSecondMax))

  init(manifest: Manifest, settings: Settings, services: Services) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: tally_host())
    self.services = services
    var log = services.log
    log[metadataKey: "plugin"] = "\(manifest.name)"
    self.log = log
    var texts: [UnsafeMutablePointer<CChar>] = []
    func stable(_ text: String) -> tally_str {
      guard let copy = strdup(text) else { return tally_str() }
      texts.append(copy)
      return tally_str(ptr: copy, len: UInt64(text.utf8.count))
    }
    self.settings = settings.values.mapValues { tally_setting_value($0, text: stable) }
    pointer.pointee.struct_size = UInt32(MemoryLayout<tally_host>.size)
    pointer.pointee.abi_major = TALLY_ABI_MAJOR
    pointer.pointee.abi_minor = TALLY_ABI_MINOR
    pointer.pointee.product_version = stable(services.productVersion)
    pointer.pointee.plugin_name = stable(manifest.name)
    self.texts = texts
    pointer.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
    pointer.pointee.log = { HostTable.from($0)?.write(level: $1, $2) }
    pointer.pointee.setting = { HostTable.from($0)?.setting($1, $2) ?? TALLY_INVALID }
    pointer.pointee.app_setting = { HostTable.from($0)?.setting($2, $3) ?? TALLY_INVALID }
    pointer.pointee.service = { HostTable.from($0)?.service($1, $2) }
    pointer.pointee.intern = { HostTable.from($0)?.services.intern(Array($1.bytes)) ?? 0 }
  }

  deinit {
    texts.forEach { free($0) }
    pointer.deallocate()
  }

  private static func from(_ ctx: UnsafeMutableRawPointer?) -> HostTable? {
    ctx.map { Unmanaged<HostTable>.fromOpaque($0).takeUnretainedValue() }
  }

  private func service(_ id: tally_str, _ revision: UInt32) -> UnsafeRawPointer? {
    guard let service = id.string.flatMap({ services.tables[$0] }), service.revision >= revision
    else { return nil }
    return service.table
  }

  private func setting(
    _ name: tally_str, _ out: UnsafeMutablePointer<tally_setting_value>?
  ) -> tally_status {
    guard let out, let name = name.string else { return TALLY_INVALID }
    guard let value = settings[name] else { return TALLY_NOT_FOUND }
    out.pointee = value
    return TALLY_OK
  }

  private func write(level: UInt32, _ message: tally_str) {
    let dropped = rate.withLock { $0.admit(second: Int(time(nil))) }
    guard let dropped else { return }
    let text = String(decoding: message.bytes.prefix(Self.logLineBytesMax), as: UTF8.self)
    let levels: [Logger.Level] = [.debug, .info, .warning, .error]
    log.log(
      level: levels[min(Int(level), levels.count - 1)], "plugin says",
      metadata: dropped > 0
        ? ["text": "\(text)", "dropped_lines": "\(dropped)"] : ["text": "\(text)"])
  }
}

/// Admits a bounded number of lines a second.
struct LogRate {
  let linesPerSecondMax: Int
  private var second = 0
  private var lines = 0
  private var dropped = 0

  init(linesPerSecondMax: Int) {
    self.linesPerSecondMax = linesPerSecondMax
  }

  /// nil when the line must be dropped, else how many were dropped since the last one.
  mutating func admit(second now: Int) -> Int? {
    if now != second { (second, lines) = (now, 0) }
    guard lines < linesPerSecondMax else {
      dropped += 1
      return nil
    }
    lines += 1
    defer { dropped = 0 }
    return dropped
  }
}

extension tally_setting_value {
  fileprivate init(_ value: SettingValue, text stable: (String) -> tally_str) {
    self.init()
    struct_size = UInt32(MemoryLayout<tally_setting_value>.size)
    switch value {
    case .bool(let flag):
      kind = TALLY_SETTING_BOOL
      integer = flag ? 1 : 0
    case .int(let number):
      kind = TALLY_SETTING_INT
      integer = number
      self.number = Double(number)
    case .double(let number):
      kind = TALLY_SETTING_DOUBLE
      self.number = number
    case .string(let string):
      kind = TALLY_SETTING_STRING
      text = stable(string)
    }
  }
}
