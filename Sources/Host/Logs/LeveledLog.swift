import Logging

/// A log whose lines go on from the level of their module, as it is at that moment. Its module is
/// the plugin it speaks for, else the server.
struct LeveledLog: LogHandler {
  private static let pluginKey = "plugin"

  private var inner: any LogHandler
  private let levels: LogLevels
  private var module = LogLevels.server

  init(_ inner: any LogHandler, _ levels: LogLevels) {
    (self.inner, self.levels) = (inner, levels)
    self.inner.logLevel = .trace
  }

  /// Whoever sets one asks for less than the module's.
  var ownLevel = Logger.Level.trace
  var logLevel: Logger.Level {
    get { max(ownLevel, levels.level(of: module)) }
    set { ownLevel = newValue }
  }

  var metadata: Logger.Metadata {
    get { inner.metadata }
    set {
      inner.metadata = newValue
      if let plugin = newValue[Self.pluginKey] { module = "\(plugin)" }
    }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { inner[metadataKey: key] }
    set {
      inner[metadataKey: key] = newValue
      if key == Self.pluginKey { module = newValue.map { "\($0)" } ?? LogLevels.server }
    }
  }

  func log(event: LogEvent) { inner.log(event: event) }
}
