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
    /// What no text that leaves a plugin contains.
    package let secrets: SecretBook
    /// Behind `service`; without it a plugin finds no services.
    let host: (any ServiceHost)?
    /// Names who ended the process; nil where nobody looks.
    let breadcrumb: Breadcrumb?
    /// Where batches lie that isolated plugins read in place.
    let batches: BatchMemory?

    package init(
      log: Logger, productVersion: String, host: (any ServiceHost)? = nil,
      intern: @escaping ([UInt8]) -> UInt32, appID: @escaping (UInt32) -> String? = { _ in nil },
      trust: TrustPolicy = TrustPolicy(), accounts: PluginAccounts = PluginAccounts(),
      secrets: SecretBook = SecretBook(), batches: BatchMemory? = nil,
      breadcrumb: Breadcrumb? = nil
    ) {
      self.breadcrumb = breadcrumb
      self.secrets = secrets
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
  static let logLineCharactersMax = 2_000
  /// Settings that one instance is handed, one after the other: they are kept until it is destroyed.
  static let settingsMax = 256

  let pointer: UnsafeMutablePointer<tally_host>
  /// In force.
  private let values: Mutex<SettingValues>
  /// All that ever were: what a plugin was handed of them is borrowed until destroy.
  private let handedOut: Mutex<[SettingValues]>
  private let services: Services
  private let log: Logger
  private let account: PluginAccount
  private let secrets: Secrets
  let service: ServiceContext?
  /// In a runner: the services of the host's process.
  private let remote: RemoteServices?
  private var texts: [UnsafeMutablePointer<CChar>] = []
  private let rate = Mutex(LogRate(linesPerSecondMax: logLinesPerSecondMax))

  /// `code` tells which code is served.
  init(
    manifest: Manifest, settings: Settings, services: Services, remote: RemoteServices? = nil,
    code: UInt64 = 0
  ) {
    self.remote = remote
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: tally_host())
    self.services = services
    var log = services.log
    log[metadataKey: "plugin"] = "\(manifest.name)"
    self.log = log
    let account = services.accounts.account(manifest.name)
    self.account = account
    let secrets = services.secrets.of(manifest.name)
    secrets.add(settings.secrets)
    self.secrets = secrets
    service = services.host.map {
      ServiceContext(
        plugin: manifest.name, host: $0, costs: account, secrets: secrets,
        crumb: CallCrumb(services.breadcrumb, manifest.name, .job, code: code), log: log)
    }
    var texts: [UnsafeMutablePointer<CChar>] = []
    func stable(_ text: String) -> tally_str {
      guard let copy = strdup(text) else { return tally_str() }
      texts.append(copy)
      return tally_str(ptr: copy, len: UInt64(text.utf8.count))
    }
    let values = SettingValues(settings)
    self.values = Mutex(values)
    handedOut = Mutex([values])
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
    values.withLock { $0 }.get(name, out)
  }

  private func setting(
    app: UInt32, _ name: tally_str, _ out: UnsafeMutablePointer<tally_setting_value>?
  ) -> tally_status {
    let values = values.withLock { $0 }
    return values.get(name, of: values.hasOverrides ? services.appID(app) : nil, out)
  }

  /// Whether it may be handed others.
  var hasRoom: Bool { handedOut.withLock { $0.count < Self.settingsMax } }

  /// The settings in force.
  var settings: Settings { values.withLock { $0 }.settings }

  /// Puts other settings in force; answers those that were.
  @discardableResult
  func use(_ next: SettingValues) -> SettingValues {
    handOut(next)
    return values.withLock { values in
      defer { values = next }
      return values
    }
  }

  private func handOut(_ values: SettingValues) {
    secrets.add(values.settings.secrets)
    handedOut.withLock { $0.append(values) }
  }

  /// Calls `body` with all settings, those in force when none are given.
  func withSettings<T, E: Error>(
    _ other: SettingValues? = nil, _ body: (UnsafePointer<tally_settings>) throws(E) -> T
  ) throws(E) -> T {
    let shown = ShownSettings(values: other ?? values.withLock { $0 }, appID: services.appID)
    if let other { handOut(other) }
    var given = tally_settings()
    given.struct_size = UInt32(MemoryLayout<tally_settings>.size)
    given.ctx = Unmanaged.passUnretained(shown).toOpaque()
    given.get = { ctx, app, name, out in
      guard let ctx else { return TALLY_INVALID }
      return Unmanaged<ShownSettings>.fromOpaque(ctx).takeUnretainedValue().get(app, name, out)
    }
    defer { withExtendedLifetime(shown) {} }
    return try withUnsafePointer(to: given) { (pointer) throws(E) -> T in try body(pointer) }
  }

  /// What a plugin reads settings through while it judges them.
  private final class ShownSettings {
    let values: SettingValues
    let appID: (UInt32) -> String?

    init(values: SettingValues, appID: @escaping (UInt32) -> String?) {
      self.values = values
      self.appID = appID
    }

    func get(
      _ app: UInt32, _ name: tally_str, _ out: UnsafeMutablePointer<tally_setting_value>?
    ) -> tally_status {
      values.get(name, of: values.hasOverrides ? appID(app) : nil, out)
    }
  }

  private func write(level: UInt32, _ message: tally_str) {
    let dropped = rate.withLock { $0.admit(second: Int(time(nil))) }
    guard let dropped else { return account.drop(.log) }
    let text = secrets.clean(message.bytes, charactersMax: Self.logLineCharactersMax)
    let levels: [Logger.Level] = [.debug, .info, .warning, .error]
    log.log(
      level: levels[min(Int(level), levels.count - 1)], "plugin says",
      metadata: dropped > 0
        ? ["text": "\(text)", "dropped_lines": "\(dropped)"] : ["text": "\(text)"])
  }
}
