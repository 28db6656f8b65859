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
    /// The public id of an app; nil when there is none of that number.
    let appID: (UInt32) -> String?
    /// Which libraries are loaded.
    let trust: TrustPolicy
    /// What plugins cost.
    package let accounts: PluginAccounts
    /// Behind `service`; without it a plugin finds no services.
    let host: (any ServiceHost)?
    /// Where batches lie that isolated plugins read in place.
    let batches: BatchMemory?

    package init(
      log: Logger, productVersion: String, host: (any ServiceHost)? = nil,
      intern: @escaping ([UInt8]) -> UInt32, appID: @escaping (UInt32) -> String? = { _ in nil },
      trust: TrustPolicy = TrustPolicy(), accounts: PluginAccounts = PluginAccounts(),
      batches: BatchMemory? = nil
    ) {
      self.batches = batches
      self.trust = trust
      self.accounts = accounts
      self.log = log
      self.productVersion = productVersion
      self.host = host
      self.intern = intern
      self.appID = appID
    }
  }

  /// Lines a plugin may log in one second; more are counted and dropped.
  static let logLinesPerSecondMax = 100
  static let logLineBytesMax = 2_000

  let pointer: UnsafeMutablePointer<tally_host>
  private let settings: [String: tally_setting_value]
  private let overrides: [String: [String: tally_setting_value]]
  private let redact: (String) -> String
  private let services: Services
  private let log: Logger
  let service: ServiceContext?
  /// In a runner: the services of the host's process.
  private let remote: RemoteServices?
  private var texts: [UnsafeMutablePointer<CChar>] = []
  private let rate = Mutex(LogRate(linesPerSecondMax: logLinesPerSecondMax))

  init(
    manifest: Manifest, settings: Settings, services: Services, remote: RemoteServices? = nil
  ) {
    self.remote = remote
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: tally_host())
    self.services = services
    var log = services.log
    log[metadataKey: "plugin"] = "\(manifest.name)"
    self.log = log
    service = services.host.map { ServiceContext(plugin: manifest.name, host: $0, log: log) }
    var texts: [UnsafeMutablePointer<CChar>] = []
    func stable(_ text: String) -> tally_str {
      guard let copy = strdup(text) else { return tally_str() }
      texts.append(copy)
      return tally_str(ptr: copy, len: UInt64(text.utf8.count))
    }
    self.settings = settings.values.mapValues { tally_setting_value($0, text: stable) }
    overrides = settings.overrides.mapValues { values in
      values.mapValues { tally_setting_value($0, text: stable) }
    }
    redact = settings.redact
    pointer.pointee.struct_size = UInt32(MemoryLayout<tally_host>.size)
    pointer.pointee.abi_major = TALLY_ABI_MAJOR
    pointer.pointee.abi_minor = TALLY_ABI_MINOR
    pointer.pointee.product_version = stable(services.productVersion)
    pointer.pointee.plugin_name = stable(manifest.name)
    self.texts = texts
    pointer.pointee.ctx = Unmanaged.passUnretained(self).toOpaque()
    pointer.pointee.log = { HostTable.from($0)?.write(level: $1, $2) }
    pointer.pointee.setting = { HostTable.from($0)?.setting($1, $2) ?? TALLY_INVALID }
    pointer.pointee.app_setting = {
      HostTable.from($0)?.setting(app: $1, $2, $3) ?? TALLY_INVALID
    }
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
    id.string.flatMap {
      remote?.table($0, minRevision: revision) ?? service?.table($0, minRevision: revision)
    }
  }

  private func setting(
    _ name: tally_str, _ out: UnsafeMutablePointer<tally_setting_value>?
  ) -> tally_status {
    guard let out, let name = name.string else { return TALLY_INVALID }
    guard let value = settings[name] else { return TALLY_NOT_FOUND }
    out.pointee = value
    return TALLY_OK
  }

  private func setting(
    app: UInt32, _ name: tally_str, _ out: UnsafeMutablePointer<tally_setting_value>?
  ) -> tally_status {
    guard let out, let text = name.string else { return TALLY_INVALID }
    guard !overrides.isEmpty, let id = services.appID(app), let value = overrides[id]?[text] else {
      return setting(name, out)
    }
    out.pointee = value
    return TALLY_OK
  }

  /// Calls `body` with all settings in force.
  func withSettings<T, E: Error>(
    _ body: (UnsafePointer<tally_settings>) throws(E) -> T
  ) throws(E) -> T {
    var given = tally_settings()
    given.struct_size = UInt32(MemoryLayout<tally_settings>.size)
    given.ctx = Unmanaged.passUnretained(self).toOpaque()
    given.get = { HostTable.from($0)?.setting(app: $1, $2, $3) ?? TALLY_INVALID }
    return try withUnsafePointer(to: given) { (pointer) throws(E) -> T in try body(pointer) }
  }

  private func write(level: UInt32, _ message: tally_str) {
    let dropped = rate.withLock { $0.admit(second: Int(time(nil))) }
    guard let dropped else { return }
    let text = redact(String(decoding: message.bytes.prefix(Self.logLineBytesMax), as: UTF8.self))
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
