import CIsolation
import Foundation
import Logging
import PluginABI
import Store

/// The plugin of a runner: its code, its instance, what it registered.
final class RunnerPlugin: @unchecked Sendable {
  private let name: String
  /// As the operator knows the library.
  private let path: String
  /// As this process can open it.
  private let usablePath: String
  private let book = SecretBook()
  let secrets: Secrets
  private var code: LoadedPlugin?
  private var host: HostTable?
  /// From begin on.
  private(set) var services: RemoteServices?
  private(set) var instance: UnsafeMutableRawPointer?
  private(set) var enrollment = Enrollment()

  /// `library` is the open file, for a user who may not open it by its path.
  init(name: String, path: String, file: String, library: Int32) {
    self.name = name
    self.path = path
    secrets = book.of(name)
    let copy = access(file, R_OK) == 0 || library < 0 ? -1 : tally_file_copy(library)
    usablePath = copy >= 0 ? "/proc/self/fd/\(copy)" : file
    if library >= 0 { close(library) }
  }

  /// Opens the library and writes its descriptor.
  func load(_ exchange: RunnerExchange) {
    answer(exchange) { () throws(PluginError) in
      let code = try LoadedPlugin(path: path, name: name, copy: usablePath)
      self.code = code
      exchange.writer.put(0)
      exchange.writer.put(code.table.abi_major, code.table.abi_minor)
      exchange.writer.put(code.table.settings_apply == nil ? 0 : 1)
      guard let descriptor = code.table.descriptor else { return }
      ManifestWire.write(descriptor, to: &exchange.writer)
    }
  }

  /// Creates, enrolls and starts, with the settings in the message; writes what was registered.
  /// `lockDown` comes last.
  func begin(
    _ exchange: RunnerExchange, _ message: WireReader, lockDown: () throws(PluginError) -> Void
  ) {
    let message = WireReader(Arena.forever(message.bytes))
    answer(exchange) { () throws(PluginError) in
      guard let code else {
        throw PluginError(.runner, "\(name): told to begin before it was loaded")
      }
      var rest = message
      let host = try hostTable(code, &rest, exchange)
      self.host = host
      try ErrorText.check(name, "create", secrets) {
        code.table.create(host.pointer, &instance, $0)
      }
      let registered = try enroll(code)
      if let check = code.table.settings_check {
        try host.withSettings { (given) throws(PluginError) in
          try ErrorText.check(name, "settings_check", secrets) { check(instance, given, $0) }
        }
      }
      let refusal = try takeState(&rest, code)
      if let start = code.table.start {
        try ErrorText.check(name, "start", secrets) { start(instance, $0) }
      }
      try lockDown()
      exchange.writer.put(0)
      registered.withUnsafeBytes { exchange.writer.put($0) }
      exchange.writer.put(code.table.state_export == nil ? 0 : 1, refusal == nil ? 0 : 1)
      exchange.writer.put(refusal ?? "")
      Wire.writeChanges(of: services, to: &exchange.writer)
    }
  }

  /// Hands over what another generation left; why it was refused, or nil.
  private func takeState(
    _ message: inout WireReader, _ code: LoadedPlugin
  ) throws(PluginError) -> String? {
    do throws(WireDamage) {
      let hasState = try message.word() == 1
      let state = Array(try message.data())
      return hasState ? StateTransfer.import(state, into: instance, code.table, secrets) : nil
    } catch { throw PluginError(.runner, "\(name): a state that cannot be read") }
  }

  /// Has it judge settings that are not in force.
  func check(_ settings: Settings) -> (tally_status, String) {
    guard let host, let check = code?.table.settings_check else { return (TALLY_OK, "") }
    return host.withSettings(SettingValues(settings)) { given in
      ErrorText.collect(secrets) { check(instance, given, $0) }
    }
  }

  /// Puts settings in force that it has judged.
  func apply(_ settings: Settings) -> (tally_status, String) {
    guard let host, let apply = code?.table.settings_apply else {
      return (TALLY_UNSUPPORTED, "\(name) takes no settings over")
    }
    let before = host.use(SettingValues(settings))
    let (status, reason) = host.withSettings { given in
      ErrorText.collect(secrets) { apply(instance, given, $0) }
    }
    if status != TALLY_OK { host.use(before) }
    return (status, reason)
  }

  /// What it leaves to the next generation of its code; nil when it has nothing.
  func exportState() -> [UInt8]? {
    (code?.table).flatMap { StateTransfer.export(instance, $0) }
  }

  /// Makes one cell out of two; nil when the plugin leaves that to the host.
  var merge:
    (
      @convention(c) (
        UnsafeMutableRawPointer?, UnsafePointer<tally_merge>?, UnsafePointer<tally_error>?
      ) -> tally_status
    )?
  { code?.table.merge }

  /// Drain, stop, destroy.
  func end() {
    guard let table = code?.table, host != nil else { return }
    table.drain?(instance)
    table.stop?(instance)
    table.destroy(instance)
  }

  // MARK: Steps

  private func answer(_ exchange: RunnerExchange, _ body: () throws(PluginError) -> Void) {
    do throws(PluginError) {
      try body()
    } catch {
      exchange.writer.reset()
      exchange.writer.put(1)
      exchange.writer.put(error.code.rawValue)
      exchange.writer.put(error.message.replacingOccurrences(of: usablePath, with: path))
    }
    exchange.send(.done)
  }

  private func hostTable(
    _ code: LoadedPlugin, _ message: inout WireReader, _ exchange: RunnerExchange
  ) throws(PluginError) -> HostTable {
    let version: String
    let hasServices: Bool
    let settings: Settings
    do throws(WireDamage) {
      version = try message.text()
      hasServices = try message.word() == 1
      settings = try SettingsWire.read(&message)
    } catch { throw PluginError(.runner, "\(name): settings that cannot be read") }
    let remote = RemoteServices(isOffered: hasServices)
    remote.speak(BeginConversation(exchange))
    services = remote
    let services = HostTable.Services(
      log: Logger(label: name) { _ in PacketLog() }, productVersion: version,
      intern: { remote.intern($0) }, appID: { remote.appID($0) }, secrets: book)
    let host = HostTable(
      manifest: code.manifest, settings: settings, services: services, remote: remote)
    host.pointer.pointee.flags |= TALLY_HOST_ISOLATED
    return host
  }

  private func enroll(_ code: LoadedPlugin) throws(PluginError) -> [UInt8] {
    let registrar = Registrar(manifest: code.manifest)
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: Self.registrationBytesMax, alignment: 8)
    defer { memory.deallocate() }
    var failure: PluginError?
    let written = registrar.withTable { inner in
      let recorder = RecordingRegistrar(
        inner, writer: WireWriter(base: memory, capacity: Self.registrationBytesMax))
      recorder.withTable { registrations in
        do throws(PluginError) {
          try ErrorText.check(name, "enroll", secrets) {
            code.table.enroll(instance, registrations, $0)
          }
        } catch { failure = error }
      }
      return recorder.writer
    }
    if let refusal = registrar.refusal {
      throw PluginError(.invalidTable, "\(name): enroll registered something invalid: \(refusal)")
    }
    if let failure { throw failure }
    guard !written.isFull else {
      throw PluginError(
        .invalidTable,
        "\(name): its registrations take over \(Self.registrationBytesMax) bytes; register less")
    }
    enrollment = registrar.enrollment
    return Array(UnsafeRawBufferPointer(start: memory, count: written.used))
  }

  /// What all registrations of a plugin may take.
  private static let registrationBytesMax = 4 << 20
}

extension Arena {
  /// A copy that stays to the end of the process.
  fileprivate static func forever(_ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    let copy = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(bytes.count, 1), alignment: 16)
    copy.copyMemory(from: bytes)
    return UnsafeRawBufferPointer(rebasing: copy[..<bytes.count])
  }
}
