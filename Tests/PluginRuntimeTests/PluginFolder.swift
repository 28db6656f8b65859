import Foundation
import Harness
import Logging
import Store
import Synchronization
import Testing

@testable import PluginRuntime

/// A folder of compiled fixtures and a runtime over it, removed with the value.
final class PluginFolder {
  let path = NSTemporaryDirectory() + "plugins-\(UUID().uuidString)"
  let log = LogLines()

  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func library(_ name: String) -> String { "\(path)/lib\(name).so" }

  /// Compiles a fixture into the folder.
  func compile(_ fixture: String, _ flags: [String] = []) throws {
    try Fixture.compile(fixture, flags, to: library(fixture))
  }

  /// A runtime over a store in the folder; whoever asked for it stops it.
  func runtime(trust: TrustPolicy = TrustPolicy(), apps: [UInt32: String] = [:]) throws
    -> PluginRuntime
  {
    let store = try Store.open(directory: path + "/data")
    let log = log
    let services = HostTable.Services(
      log: Logger(label: "test") { _ in log.handler }, productVersion: "1.0.0",
      intern: { _ in 1 }, appID: { apps[$0] }, trust: trust)
    return PluginRuntime(
      store: try store.workingSet(), services: services,
      nearest: { name, known in known.first { $0.first == name.first } })
  }

  /// Starts a fixture; `body` sees the runtime before everything ends.
  func start<T>(
    _ name: String, settings: [GivenSetting] = [], pins: PluginPins = PluginPins(),
    trust: TrustPolicy = TrustPolicy(), apps: [UInt32: String] = [:],
    _ body: (PluginRuntime) throws -> T
  ) throws -> T {
    let runtime = try runtime(trust: trust, apps: apps)
    defer { runtime.stop() }
    runtime.start(
      .init(.library(name: name, path: library(name)), settings: settings, pins: pins))
    return try body(runtime)
  }

  /// Why a fixture is refused; nil when it runs.
  func refusal(
    _ name: String, settings: [GivenSetting] = [], pins: PluginPins = PluginPins(),
    trust: TrustPolicy = TrustPolicy()
  ) throws -> String? {
    try start(name, settings: settings, pins: pins, trust: trust) { runtime in
      #expect(runtime.instances.isEmpty == !runtime.refusals.isEmpty)
      return refusal(in: runtime)
    }
  }

  /// The first refusal, without the folder's path.
  func refusal(in runtime: PluginRuntime) -> String? {
    runtime.refusals.first?.error.description.replacing(path, with: "FOLDER")
  }
}

/// Keeps what is logged, metadata included.
final class LogLines: Sendable {
  private let lines = Mutex<[String]>([])

  var all: [String] { lines.withLock { $0 } }

  var handler: any LogHandler { Handler(lines: self) }

  private func add(_ line: String) { lines.withLock { $0.append(line) } }

  private struct Handler: LogHandler {
    let lines: LogLines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let all = metadata.merging(event.metadata ?? [:]) { _, new in new }
      let pairs = all.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      lines.add("\(event.level) \(event.message) " + pairs.joined(separator: " "))
    }
  }
}
