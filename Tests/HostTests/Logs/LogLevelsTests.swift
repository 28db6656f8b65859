import Logging
import Store
import Synchronization
import Testing

@testable import Host

@Suite struct LogLevelsTests {
  /// Keeps what it is told.
  private final class Lines: Sendable {
    let texts = Mutex<[String]>([])
  }

  private struct Recorder: LogHandler {
    let lines: Lines
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.critical

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.texts.withLock { $0.append("\(event.message)") } }
  }

  private func said(_ levels: LogLevels, by plugin: String? = nil) -> [String] {
    let lines = Lines()
    var log = Logger(label: "test") { _ in LeveledLog(Recorder(lines: lines), levels) }
    if let plugin { log[metadataKey: "plugin"] = "\(plugin)" }
    log.debug("debug")
    log.info("info")
    log.warning("warn")
    log.error("error")
    return lines.texts.withLock { $0 }
  }

  private func spaces(_ values: [String: String]) throws -> ConfigurationSpaces {
    let folder = try TemporaryFolder()
    let store = try Store.open(directory: folder.path)
    defer { try? store.close() }
    let lines = values.map { (space: "logs", name: $0.key, value: Optional("\"\($0.value)\"")) }
    try store.keepConfiguration(
      lines,
      audit: AuditLine(atMs: 0, plugin: "", member: "", app: 0, action: "a", detail: ""))
    return try ConfigurationSpaces(store, Configuration(host: HostSettings(cores: 1)))
  }

  @Test("Each module logs from its own level on, and all others from that of all")
  func levels() throws {
    let levels = LogLevels()
    #expect(said(levels) == ["info", "warn", "error"])
    levels.follow(
      try spaces([
        "default": "error", "debug": "views, server", "warn": "crashes,views", "info": "push",
      ]))
    #expect(said(levels) == ["debug", "info", "warn", "error"])
    #expect(said(levels, by: "views").count == 4, "the first list counts")
    #expect(said(levels, by: "push") == ["info", "warn", "error"])
    #expect(said(levels, by: "crashes") == ["warn", "error"])
    #expect(said(levels, by: "others") == ["error"])
  }

  @Test("A change holds for loggers that are there already, and what somebody asks less of stays")
  func live() throws {
    let levels = LogLevels()
    let lines = Lines()
    var log = Logger(label: "test") { _ in LeveledLog(Recorder(lines: lines), levels) }
    let quiet = { (log: Logger) in
      var log = log
      log.logLevel = .error
      return log
    }(log)
    log[metadataKey: "plugin"] = "views"
    levels.follow(try spaces(["debug": "views,server"]))
    log.debug("heard")
    quiet.warning("not heard")
    #expect(lines.texts.withLock { $0 } == ["heard"])
  }

  @Test("A list is names, separated by commas", arguments: ["a b", "A", "a/b", ",", "é"])
  func refused(list: String) {
    #expect((LogLevels.modules(list) ?? []).isEmpty)
    #expect(LogLevels.modules("a, b-2") == ["a", "b-2"] && LogLevels.modules("") == [])
  }
}
